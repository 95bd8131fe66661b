"""Results of analyzers: for each patient of a message, Observations, and a structured report on request."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from firmware_bridge.drivers.laboratory.astm import CUT_SHORT, ENDLESS, MISSING
from firmware_bridge.drivers.laboratory.results import NAMELESS
from firmware_bridge.measurement import Measurement
from modality.edge.describing.content import Captured, Content, Observed, Part
from modality.edge.describing.decoding import decode
from modality.edge.describing.observations import site_code
from modality.edge.describing.units import contradicts
from modality.edge.matching.matching import Hints
from modality.iods.coded import Code, unit
from modality.iods.documents import comprehensive_sr
from modality.iods.documents.content import Report, Result, Section

_OWN = "99MODALITY"
_MOST_NAMED = 10
_TITLE = Code("11502-2", "LN", "Laboratory report")
_RESULTS = Code("RESULTS", _OWN, "Results")
_LOSSES = (MISSING, CUT_SHORT, ENDLESS, NAMELESS)
"""What the driver warns of where a result may be missing."""


def read(captured: Captured) -> list[Content]:
    """A session; controls of quality are no patient's, and are left out."""
    found = decode(captured)
    groups: dict[tuple[str, str], list[Measurement]] = {}
    controls = 0
    for one in found.measurements:
        if one.details.get("quality_control"):
            controls += 1
            continue
        patient, sample = str(one.details.get("patient_id", "")), str(one.details.get("sample_id", ""))
        # Without a patient, the sample tells the results of one from those of another.
        groups.setdefault((patient, "" if patient else sample), []).append(one)
    notes = [f"{controls} results of controls were left out"] if controls else []
    notes += ["the session broke off"] if captured.item.details.get("interrupted") else []
    notes += [one for one in found.warnings if one in _LOSSES]
    return [content_of(captured, results, tuple(notes)) for results in groups.values()]


def content_of(captured: Captured, results: list[Measurement], notes: tuple[str, ...]) -> Content:
    """The results of one patient.

    Args:
        captured: what they are of.
        results: at least one; their details name the patient and what qualifies them.
        notes: what else is worth knowing.
    """
    first = results[0].details
    samples = {str(one.details.get("sample_id", "")) for one in results}
    hints = Hints(
        str(first.get("patient_id", "")),
        str(first.get("patient_name", "")),
        samples.pop() if len(samples) == 1 else "",
    )
    others = [one for one in results if _other_unit(captured, one)]
    for name, printed in sorted({(one.name, one.unit) for one in others})[:_MOST_NAMED]:
        given = site_code(captured.device.loinc[name])[1]
        notes = (
            *notes,
            f"{name} came in {_plain(printed)[:16]}, and the configuration has it in {given}: no Observation",
        )
    uncoded = sorted({one.name for one in results if one not in others and not _site_code(captured, one)})
    if uncoded:
        notes = (*notes, f"no code of LOINC in the configuration for {', '.join(uncoded[:_MOST_NAMED])}")
    observed = tuple(
        Observed(one.name, one.value, one.unit, _at(captured, one), one.details) for one in results if one not in others
    )
    section = Section(_RESULTS, tuple(_result(captured, one) for one in results))
    part = Part(
        comprehensive_sr.MODALITY, comprehensive_sr.describe, Report(_TITLE, captured.started, (section,)), report=True
    )
    return Content(hints, (part,), observed, laboratory=True, notes=notes)


def _result(captured: Captured, one: Measurement) -> Result:
    code, ucum = site_code(_site_code(captured, one))
    meaning = _plain(one.details.get("text") or one.name)[:64] or "unnamed"
    name = Code(code, "LN", meaning) if code else Code(_plain(one.name)[:16].strip() or "?", _OWN, meaning)
    value: Any = (_plain(one.value) or "no value") if isinstance(one.value, str) else one.value
    return Result(
        name,
        value,
        None if isinstance(value, str) or not (ucum or one.unit) else _unit(ucum, one.unit),
        _at(captured, one),
        reference=str(one.details.get("reference_range", "")),
        flag=str(one.details.get("abnormal_flag", "")),
        comment="; ".join(map(str, one.details.get("comments", []))),
    )


def _plain(text: object) -> str:
    """A text in one line, as a code may have it: DICOM has no more (PS3.5 6.2)."""
    return " ".join("".join(one if one.isprintable() and one != "\\" else " " for one in str(text)).split())


def _site_code(captured: Captured, one: Measurement) -> str:
    """Code of LOINC and unit: the site's own, else the code that the result itself has."""
    if _other_unit(captured, one):
        return ""
    return str(captured.device.loinc.get(one.name) or one.details.get("loinc", ""))


def _other_unit(captured: Captured, one: Measurement) -> bool:
    """The device says another unit than the site's table: under that code and unit the number would be wrong."""
    return contradicts(one.unit, site_code(captured.device.loinc.get(one.name, ""))[1])


def _unit(ucum: str, printed: str) -> Code:
    """The site's unit of UCUM, or else the device's own words for it."""
    printed = _plain(printed)[:64] or "?"
    return unit(ucum) if ucum else Code(printed[:16].strip(), _OWN, printed)


def _at(captured: Captured, one: Measurement) -> datetime:
    """When the result was completed, as the device says (E1394 11: YYYYMMDDHHMMSS); else when it came."""
    text = str(one.details.get("completed") or one.details.get("started") or "")
    for length, form in ((14, "%Y%m%d%H%M%S"), (12, "%Y%m%d%H%M"), (8, "%Y%m%d")):
        if len(text) >= length and text[:length].isdigit():
            try:
                return datetime.strptime(text[:length], form)  # noqa: DTZ007 - the device's local time, as DICOM's
            except ValueError:
                break
    return captured.started
