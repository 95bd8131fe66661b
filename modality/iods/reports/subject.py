"""What reports say of a scan, by the kind of it: what its structures measure, how it was made, how it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from modality.acquisition.radiography.radiograph import PRESENTATION
from modality.acquisition.reported import Reported
from modality.iods.coded import Code
from modality.iods.emission.pt import PT
from modality.iods.images.ct import CT
from modality.iods.images.ct import windows_of as ct_windows
from modality.iods.images.mr import MR
from modality.iods.images.mr import windows_of as mr_windows
from modality.iods.kind import Kind
from modality.iods.modules.emission.pet import window_of as pet_window
from modality.iods.modules.image.voi_lut import Window
from modality.iods.modules.radiography.cr import WHOLE
from modality.iods.projections.cr import CR
from modality.iods.projections.dx import DX
from modality.iods.projections.mg import MG
from modality.iods.sonograms.us import US
from phantoms.phantom import StructureTruth

_HU, _MS = Code("[hnsf'U]", "UCUM", "Hounsfield unit"), Code("ms", "UCUM", "millisecond")
_SUV = Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight")
_ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
_T1, _T2, _SUVBW = Code("113063", "DCM", "T1"), Code("113065", "DCM", "T2"), Code("126401", "DCM", "SUVbw")


@dataclass(frozen=True, slots=True)
class Quantity:
    """Something that a structure's material measures.

    Args:
        name: what, of PS3.16 CID 7180 or beside it.
        unit: of it.
        key: of the truth's properties.
        told_as: its key in a report's truth.
        text: as a page says it; braces stand for the number.
        of_region: it is the mean over a region of an image; else it is the structure's.
        needs: key of what there has to be for it to be measured, such as protons.
    """

    name: Code
    unit: Code
    key: str
    told_as: str
    text: str
    of_region: bool
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A kind of scan that reports are about.

    Args:
        kind: of the scan.
        title: what a page calls it.
        procedure: the procedure reported; from CID 100 where it has one.
        quantities: what its structures measure, beside their size.
        technique: how it was made, in words.
        caption: the same as it stands on a screen.
        window: how a slice is looked at: the window, and slope and intercept that bring stored values to its units.
    """

    kind: Kind
    title: str
    procedure: Code
    quantities: tuple[Quantity, ...]
    technique: Callable[[Any], str]
    caption: Callable[[Any], str]
    window: Callable[[Any, int], tuple[Window, float, float]]

    def measured(self, structure: StructureTruth) -> list[tuple[Quantity, float]]:
        """What can be measured of a structure, and how much it is."""
        properties: Mapping[str, Any] = structure["properties"]
        return [(one, properties[one.key]) for one in self.quantities if not one.needs or properties[one.needs]]

    def said(self, structure: StructureTruth) -> str:
        """What a structure measures, as a page says it; nothing where the scan measures sizes alone."""
        if not self.quantities:
            return ""
        return ", ".join(one.text.format(value) for one, value in self.measured(structure)) or "no signal"

    def told(self, structure: StructureTruth) -> dict[str, float | None]:
        """What a structure measures, for a report's truth; None of what cannot be measured."""
        known = {one.told_as: value for one, value in self.measured(structure)}
        return {one.told_as: known.get(one.told_as) for one in self.quantities}


def _ct_technique(scan: Any) -> str:
    protocol = scan.protocol
    return (
        f"{protocol.kvp:.0f} kV, {len(scan)} images of {protocol.slice_thickness_mm:g} mm, "
        f"kernel {protocol.kernel.lower()}; DLP {scan.dlp_mgy_cm:.1f} mGy.cm"
    )


def _mr_technique(scan: Any) -> str:
    protocol = scan.protocol
    return (
        f"{protocol.sequence} at {protocol.field_strength_t:g} T, TR {protocol.repetition_time_ms:g} ms, "
        f"TE {scan.weightings[0].echo_time_ms:g} ms, {len(scan)} images of {protocol.slice_thickness_mm:g} mm"
    )


def _pt_technique(scan: Any) -> str:
    protocol = scan.protocol
    return (
        f"{protocol.dose_mbq_per_kg:g} MBq/kg of {scan.tracer.name}, {protocol.uptake_s / 60.0:g} min uptake, "
        f"{len(scan)} images of {protocol.slice_thickness_mm:g} mm"
    )


def _us_technique(scan: Any) -> str:
    probe = scan.probe
    return (
        f"{probe.shape} probe of {probe.frequency_mhz:g} MHz, {scan.screen.depth_mm:g} mm deep, "
        f"{'colour Doppler' if scan.protocol.with_flow else 'B-mode'}, {len(scan)} frames"
    )


def _exposed(scan: Any) -> str:
    tube = scan.protocol.tube
    return f"{scan.protocol.view} view, {tube.kvp:g} kV, {scan.mas:g} mAs"


def _breast(scan: Any) -> str:
    return f"{scan.phantom.laterality} {_exposed(scan)}, compressed to {scan.thickness_mm:g} mm"


def _ct_window(scan: Any, _: int) -> tuple[Window, float, float]:
    return ct_windows(scan)[-1], scan.protocol.rescale_slope, scan.protocol.rescale_intercept


def _mr_window(scan: Any, _: int) -> tuple[Window, float, float]:
    return mr_windows(scan)[-1], 1.0, 0.0


def _pt_window(scan: Any, index: int) -> tuple[Window, float, float]:
    return pet_window(scan), scan.slope(index), 0.0


def _whole_window(scan: Any, _: int) -> tuple[Window, float, float]:
    levels = float(1 << scan.protocol.bits_stored)
    return Window(levels / 2.0, levels, ""), 1.0, 0.0


def _exposed_window(scan: Any, _: int) -> tuple[Window, float, float]:
    if PRESENTATION in scan.intents:
        return WHOLE, 1.0, 0.0
    levels = float(1 << scan.bits_of(0))
    return Window(levels / 2.0, levels, ""), 1.0, 0.0


_XR = Code("43468-8", "LN", "XR unspecified body region")


SUBJECTS: Mapping[str, Subject] = {
    one.kind.name: one
    for one in (
        Subject(
            CT,
            "CT",
            Code("77477000", "SCT", "Computed Tomography"),
            (Quantity(_ATTENUATION, _HU, "HU", "mean_hu", "{:.0f} HU", of_region=True),),
            _ct_technique,
            lambda scan: f"{scan.protocol.kvp:.0f} KV",
            _ct_window,
        ),
        Subject(
            MR,
            "MR",
            Code("25056-3", "LN", "MRI unspecified body region"),
            (
                Quantity(_T1, _MS, "T1_ms", "t1_ms", "T1 {:.0f} ms", of_region=False, needs="PD"),
                Quantity(_T2, _MS, "T2_ms", "t2_ms", "T2 {:.0f} ms", of_region=False, needs="PD"),
            ),
            _mr_technique,
            lambda scan: f"TR {scan.protocol.repetition_time_ms:.0f} TE {scan.weightings[0].echo_time_ms:.0f}",
            _mr_window,
        ),
        Subject(
            PT,
            "PET",
            Code("44136-0", "LN", "PET unspecified body region"),
            (Quantity(_SUVBW, _SUV, "SUVbw", "mean_suvbw", "SUV {:.1f}", of_region=True),),
            _pt_technique,
            lambda scan: scan.protocol.tracer.upper(),
            _pt_window,
        ),
        Subject(
            US,
            "Ultrasound",
            Code("16310003", "SCT", "Diagnostic ultrasonography"),
            (),
            _us_technique,
            lambda scan: f"{scan.transducer} {scan.screen.depth_mm:.0f} MM",
            _whole_window,
        ),
        *(
            Subject(kind, "X-ray", _XR, (), _exposed, lambda scan: f"{scan.protocol.tube.kvp:.0f} KV", _exposed_window)
            for kind in (DX, CR)
        ),
        Subject(
            MG,
            "Mammography",
            Code("71651007", "SCT", "Mammography"),
            (),
            _breast,
            lambda scan: f"{scan.phantom.laterality} {scan.protocol.view}",
            _exposed_window,
        ),
    )
}
"""By the kind's name."""
OTHERS = tuple(name for name in SUBJECTS if name != CT.name)
"""Kinds that a report can be about when it is asked to, or when its study has a scan of them."""


def subject_of(acquisition: Reported) -> Subject:
    """What a report is about."""
    return SUBJECTS[acquisition.about]


def usual_phantom(options: Mapping[str, Any]) -> str | None:
    """What is scanned for a report with these options: what the kind that it is about scans."""
    about = SUBJECTS.get(str(options.get("about", CT.name)))
    return about.kind.default_phantom if about else CT.default_phantom
