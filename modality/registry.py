"""The tables of what can be asked for by name: phantoms, kinds of study, devices, scenarios.

An entry is a name and a string ``module:attribute``, so a table imports nothing; other projects add theirs through an
entry point of the table's group. Entry points are read only when a name is not one of ours, or a table is listed.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from modality.errors import UnknownNameError

_MOST_NAMED = 20  # in a message of one line


class Table(NamedTuple):
    """Names and where what they stand for is found.

    Args:
        what: what an entry is, for messages ("phantom").
        group: entry-point group of other projects' entries.
        entries: name to ``module:attribute``.
    """

    what: str
    group: str
    entries: Mapping[str, str]

    def names(self) -> list[str]:
        """Every name, ours first, each sorted."""
        return [*sorted(self.entries), *sorted(set(self._others()) - set(self.entries))]

    def load(self, name: str) -> Any:
        """What `name` stands for.

        Raises:
            UnknownNameError: no entry has that name; the message holds the nearest one that does.
        """
        target = self.entries.get(name) or self._others().get(name)
        if target is None:
            raise UnknownNameError(unknown(self.what, name, self.names()))
        module, _, attribute = target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def _others(self) -> dict[str, str]:
        from importlib.metadata import entry_points

        return {point.name: point.value for point in entry_points(group=self.group)}


def unknown(what: str, name: str, valid: list[str]) -> str:
    """One line that says that `name` is unknown, and what was perhaps meant."""
    import difflib

    nearest = difflib.get_close_matches(name, valid, n=1, cutoff=0.6)
    some = ", ".join(valid[:_MOST_NAMED]) + (", ..." if len(valid) > _MOST_NAMED else "")
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there is {some}"
    return f"unknown {what} {name!r}: {hint}"


PHANTOMS = Table(
    "phantom",
    "modality.phantoms",
    {
        "water": "phantoms:water",
        "shepp-logan": "phantoms:shepp_logan",
        "acr-ct": "phantoms:acr_ct",
        "catphan504": "phantoms:catphan504",
        "acr-mr": "phantoms:acr_mr",
        "relaxometry": "phantoms:relaxometry",
        "spheres": "phantoms:spheres",
        "nema-pet": "phantoms:nema_pet",
        "hip-prosthesis": "phantoms:hip_prosthesis",
        "head": "phantoms:head",
        "head-stroke": "phantoms:head_stroke",
        "thorax": "phantoms:thorax",
        "abdomen": "phantoms:abdomen",
        "knee": "phantoms:knee",
        "spine": "phantoms:spine",
        "breast": "phantoms:breast",
        "vessels": "phantoms:vessels",
    },
)

SECTIONS = Table("section", "modality.sections", {"tissue-section": "phantoms.tissue.section:tissue_section"})


def scanned_of(name: str) -> Table:
    """The table that holds what is scanned by that name: a section on a slide, or else a phantom."""
    return SECTIONS if name in SECTIONS.entries else PHANTOMS


KINDS = Table(
    "kind",
    "modality.iods",
    {
        "ct": "modality.iods.images.ct:CT",
        "enhanced-ct": "modality.iods.images.enhanced_ct:ENHANCED_CT",
        "mr": "modality.iods.images.mr:MR",
        "enhanced-mr": "modality.iods.images.enhanced_mr:ENHANCED_MR",
        "sm": "modality.iods.images.slide:SM",
        "nm": "modality.iods.emission.nm:NM",
        "pt": "modality.iods.emission.pt:PT",
        "cr": "modality.iods.projections.cr:CR",
        "dx": "modality.iods.projections.dx:DX",
        "mg": "modality.iods.projections.mg:MG",
        "xa": "modality.iods.projections.cine:XA",
        "rf": "modality.iods.projections.cine:RF",
        "us": "modality.iods.sonograms.us:US",
        "ecg": "modality.iods.waveforms.ecg:ECG",
        "kos": "modality.iods.reports.key_images:KOS",
        "op": "modality.iods.photographs.fundus:OP",
        "pdf": "modality.iods.reports.pdf_report:PDF",
        "rdsr": "modality.iods.reports.dose:RDSR",
        "rtdose": "modality.iods.radiotherapy.dose:RTDOSE",
        "rtplan": "modality.iods.radiotherapy.plan:RTPLAN",
        "rtstruct": "modality.iods.radiotherapy.structure_set:RTSTRUCT",
        "sc": "modality.iods.reports.screen:SC",
        "sr": "modality.iods.reports.measurements:SR",
    },
)

DEVICES = Table(
    "device",
    "modality.devices",
    {
        "nonin-2": "firmware_bridge.drivers.nonin:NONIN_2",
        "nonin-7": "firmware_bridge.drivers.nonin:NONIN_7",
        "nonin-ascii": "firmware_bridge.drivers.nonin:NONIN_ASCII",
        "cms50d": "firmware_bridge.drivers.contec:CMS50D",
        "cms50d-recorded": "firmware_bridge.drivers.contec:CMS50D_RECORDED",
        "cyton": "firmware_bridge.drivers.openbci:CYTON",
        "medibus": "firmware_bridge.drivers.draeger:MEDIBUS",
        "astm": "firmware_bridge.drivers.laboratory.astm:ASTM",
        "nidek-lm": "firmware_bridge.drivers.ophthalmic.nidek:NIDEK_LM",
        "nidek-ar": "firmware_bridge.drivers.ophthalmic.nidek:NIDEK_AR",
        "nidek-km": "firmware_bridge.drivers.ophthalmic.nidek:NIDEK_KM",
        "nidek-nt": "firmware_bridge.drivers.ophthalmic.nidek:NIDEK_NT",
        "joia-xml": "firmware_bridge.drivers.ophthalmic.joia:JOIA_XML",
        "sensor-board": "firmware_bridge.drivers.sensor_board:SENSOR_BOARD",
    },
)

SIMULATORS = Table(
    "simulated device",
    "modality.simulators",
    {
        "nonin-2": "firmware_bridge.simulators.nonin:NONIN_2",
        "nonin-7": "firmware_bridge.simulators.nonin:NONIN_7",
        "nonin-ascii": "firmware_bridge.simulators.nonin:NONIN_ASCII",
        "cms50d": "firmware_bridge.simulators.contec:CMS50D",
        "cms50d-recorded": "firmware_bridge.simulators.contec:CMS50D_RECORDED",
        "cyton": "firmware_bridge.simulators.openbci:CYTON",
        "medibus": "firmware_bridge.simulators.draeger:MEDIBUS",
        "astm": "firmware_bridge.simulators.analyzer:ASTM",
        "nidek-lm": "firmware_bridge.simulators.ophthalmic:NIDEK_LM",
        "nidek-ar": "firmware_bridge.simulators.ophthalmic:NIDEK_AR",
        "nidek-km": "firmware_bridge.simulators.ophthalmic:NIDEK_KM",
        "nidek-nt": "firmware_bridge.simulators.ophthalmic:NIDEK_NT",
        "sensor-board": "firmware_bridge.simulators.sensor_board:SENSOR_BOARD",
    },
)

SCENARIOS = Table(
    "scenario",
    "modality.scenarios",
    {
        "steady": "modality.load.shipped:steady",
        "burst": "modality.load.shipped:burst",
        "morning-peak": "modality.load.shipped:morning_peak",
        "soak": "modality.load.shipped:soak",
        "ramp": "modality.load.shipped:ramp",
        "large-ct": "modality.load.shipped:large_ct",
        "small-mr": "modality.load.shipped:small_mr",
        "slides": "modality.load.shipped:slides",
        "telestroke": "modality.load.shipped:telestroke",
        "failover": "modality.load.shipped:failover",
        "department": "modality.load.shipped:department",
    },
)

ARRIVALS = Table(
    "arrival law",
    "modality.arrivals",
    {
        "constant": "modality.load.arrivals.constant:moments",
        "poisson": "modality.load.arrivals.poisson:moments",
        "trace": "modality.load.arrivals.trace:moments",
        "burst": "modality.load.arrivals.burst:moments",
        "day": "modality.load.arrivals.day:moments",
        "ramp": "modality.load.arrivals.ramp:moments",
    },
)

# What draws lies above what is measured: the name stands here, so that nothing below imports it.
REPORTS = Table("report", "modality.reports", {"load": "modality.web.load.report:write_one"})
