"""The images of a series among themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modality.station.consistency.case import Case, Image
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, compare, text

_SERIES = "images of a series"


def _same(*keywords: str) -> Callable[[Case], Iterator[Finding]]:
    """The same in all images of a series."""

    def judge(case: Case) -> Iterator[Finding]:
        for one, other in case.in_groups("SeriesInstanceUID"):
            if one.series:
                for keyword in keywords:
                    yield from compare(keyword, other.part, one.part)

    return judge


def _unique_instances(case: Case) -> Iterator[Finding]:
    first: dict[str, Image] = {}
    for image in case.images:
        if image.uid:
            known = first.setdefault(image.uid, image)
            own = image.uid if known is image else f"{image.uid}, again"
            yield Finding("SOPInstanceUID", image.part.source, own, known.part.source, known.uid, known is image)


def _unique_numbers(case: Case) -> Iterator[Finding]:
    first: dict[tuple[str, str], Image] = {}
    for image in case.images:
        number = text(image.part.dataset, "InstanceNumber")
        # Two files of one instance are another rule's.
        known = first.setdefault((image.series, number), image)
        if number:
            own, other = (f"{number} of {one.uid}" for one in (image, known))
            yield Finding("InstanceNumber", image.part.source, own, known.part.source, other, own == other)


def _own_numbers(case: Case) -> Iterator[Finding]:
    """No two series of a study and station bear one Series Number."""
    first: dict[tuple[str, str, str, str], Image] = {}
    for image in case.images:
        number, station = (text(image.part.dataset, keyword) for keyword in ("SeriesNumber", "StationName"))
        step = text(image.part.dataset, "PerformedProcedureStepID")
        if number:
            known = first.setdefault((image.study, step, station, number), image)
            yield Finding("SeriesNumber", image.part.source, f"{number} of {image.series}", known.part.source,
                          f"{number} of {known.series}", known.series == image.series)  # fmt: skip


RULES = (
    Rule("R55", "No two files are one instance", "PS3.3 C.12.1", "images", _unique_instances),
    Rule("R56", "Instance numbers are unique in a series", "our choice; PS3.3 C.7.6.1 has it identify the image",
         _SERIES, _unique_numbers),
    Rule("R57", "A series has one modality", "PS3.3 C.7.3.1", _SERIES, _same("Modality")),
    Rule("R58", "A series has one frame of reference", "PS3.3 C.7.4.1.1.1", _SERIES,
         _same("FrameOfReferenceUID", "PositionReferenceIndicator")),
    Rule("R59", "A series has one body part", "PS3.3 C.7.3.1", _SERIES,
         _same("BodyPartExamined", "AnatomicRegionSequence")),
    Rule("R60", "A series has one laterality", "PS3.3 C.7.3.1", _SERIES, _same("Laterality")),
    Rule("R61", "A series has one number, description, date, time and protocol", "PS3.3 C.7.3.1", _SERIES,
         _same("SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime", "ProtocolName", "PatientPosition")),
    Rule("R62", "A series comes from one machine", "PS3.3 C.7.5.1", _SERIES,
         _same("Manufacturer", "ManufacturerModelName", "DeviceSerialNumber", "StationName", "InstitutionName",
               "SoftwareVersions")),
    Rule("R63", "Series numbers are unique in what a station did in a step", "our choice", "images of a study",
         _own_numbers),
)  # fmt: skip
