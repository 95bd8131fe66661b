"""What kind of thing each is: modality and SOP Class, UIDs of their own, pixels and transfer syntax, frames."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from modality.iods.setting.enumerated import modalities_of
from modality.station.consistency.case import Case
from modality.station.consistency.rule import Rule
from modality.station.consistency.rules.geometry import Plane, depth, stacks
from modality.station.consistency.values import Finding, Part, against, compare, moment, number, sequence, text
from modality.transfer.syntaxes import BY_UID

# Not the frame of reference: many name it after the study (our choice to let them).
_OWN = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
_OF_THE_DAY = ("PatientAge", "PatientSize", "PatientWeight")
# What the order says besides: of the patient, the visit and who asks (PS3.4 Table K.6-1).
_OF_THE_ORDER = (
    "OtherPatientIDs", "EthnicGroup", "PatientComments", "MedicalAlerts", "Allergies", "PregnancyStatus", "AdmissionID",
    "ReferencedPatientSequence", "RequestingPhysician", "RequestingService", "PatientState", "SpecialNeeds",
)  # fmt: skip
_ON_AXIS = 0.999  # our choice: of oblique slices vendors give Slice Location along another axis than the normal


def _modality(case: Case) -> Iterator[Finding]:
    for image in case.images:
        wanted = modalities_of(image.sop_class)
        told = text(image.part.dataset, "Modality")
        if wanted and told:
            yield against("Modality", image.part, told, f"{' or '.join(wanted)} in {image.sop_class}", told in wanted)


def _own_uids(case: Case) -> Iterator[Finding]:
    """A UID names one thing: no series, study or instance bears that of another."""
    named: dict[str, tuple[str, Part]] = {}
    for image in case.images:
        for keyword in _OWN:
            uid = text(image.part.dataset, keyword)
            if uid:
                other, part = named.setdefault(uid, (keyword, image.part))
                yield Finding(keyword, image.part.source, f"{keyword} {uid}", part.source, f"{other} {uid}",
                              other == keyword)  # fmt: skip


def _encapsulated(case: Case) -> Iterator[Finding]:
    for image in case.images:
        syntax = BY_UID.get(text(image.meta, "TransferSyntaxUID"))
        if syntax is None or not (image.encapsulated or image.pixel_bytes is not None):
            continue
        ours, wanted = (("in fragments" if one else "native") for one in (image.encapsulated, syntax.encapsulated))
        yield against("PixelData", image.part, ours, f"{wanted} in {syntax.keyword}", ours == wanted)


def _groups(case: Case) -> Iterator[Finding]:
    for image in case.images:
        told = number(image.part.dataset, "NumberOfFrames")
        groups = sequence(image.part.dataset, "PerFrameFunctionalGroupsSequence")
        if groups and told is not None:
            yield Finding("NumberOfFrames", image.part.source, f"{told:g} frames", "its functional groups",
                          f"{len(groups)} frames", told == len(groups))  # fmt: skip


def _of_the_day(case: Case) -> Iterator[Finding]:
    for keyword in _OF_THE_DAY:
        for one, other in case.in_groups("StudyInstanceUID"):
            yield from compare(keyword, other.part, one.part, where="both")
        for image, _, item in case.images_and_items():
            yield from compare(keyword, image.part, item, where="both")


def _of_the_order(case: Case) -> Iterator[Finding]:
    for keyword in _OF_THE_ORDER:
        for one, other in case.in_groups("StudyInstanceUID"):
            yield from compare(keyword, other.part, one.part, where="both")
        for image, _, item in case.images_and_items():
            yield from compare(keyword, image.part, item, where="both")
        for image, step in case.images_and_steps():
            yield from compare(keyword, image.part, step.part, where="both")


def _one_moment(case: Case) -> Iterator[Finding]:
    """Acquisition DateTime against the date and the time of the same."""
    for image in case.images:
        whole = moment(image.part.dataset, "", "", "AcquisitionDateTime")
        apart = moment(image.part.dataset, "AcquisitionDate", "AcquisitionTime")
        if whole and apart:
            held = whole[0] <= apart[1] and apart[0] <= whole[1]
            yield Finding("AcquisitionDateTime", image.part.source, f"{whole[0]:%Y-%m-%d %H:%M:%S}",
                          "date and time", f"{apart[0]:%Y-%m-%d %H:%M:%S}", held)  # fmt: skip


def _requests_once(case: Case) -> Iterator[Finding]:
    stated = [(image.part, "RequestAttributesSequence", image.requests) for image in case.images]
    stated += [(step.part, "ScheduledStepAttributesSequence", step.requests) for step in case.steps]
    for part, keyword, requests in stated:
        ids = [_named(one) for one in requests]
        for named in dict.fromkeys(one for one in ids if one):
            times = ids.count(named)
            yield against(keyword, part, f"{named}: {times} times", "once", times == 1)


def _named(request: Dataset) -> str:
    keywords = ("AccessionNumber", "RequestedProcedureID", "ScheduledProcedureStepID", "StudyInstanceUID")
    return " ".join(text(request, keyword) for keyword in keywords) if text(request, keywords[2]) else ""


def _ended(case: Case) -> Iterator[Finding]:
    for image, step in case.images_and_steps():
        for keyword in ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime"):
            yield from compare(keyword, image.part, step.part, where="both")


def _locations(case: Case) -> Iterator[Finding]:
    for stack in stacks(case):
        places = [number(plane.part.dataset, "SliceLocation") for plane in stack]
        if max(map(abs, stack[0].normal)) < _ON_AXIS or None in places:
            continue
        for at, plane in enumerate(stack[1:-1], 1):
            yield _between(stack, places, at, plane)


def _between(stack: list[Plane], places: list[float | None], at: int, plane: Plane) -> Finding:
    """A slice lies between the first and the last where its location says it does, whichever way it is counted."""
    first, last, own = (float(places[number] or 0.0) for number in (0, -1, at))
    start, end, here = (depth(stack[number]) for number in (0, -1, at))
    wanted = first + (last - first) * (here - start) / (end - start)
    held = abs(own - wanted) <= 0.02 * abs(end - start) / (len(stack) - 1) + 0.05
    return Finding("SliceLocation", plane.part.source, f"{own:g}", "positions of the stack", f"{wanted:g}", held)


RULES = (
    Rule("R98", "The modality is that of the SOP Class", "PS3.3 annex A, C.7.3.1.1.1", "images", _modality),
    Rule("R99", "Study, series and instance each have a UID of their own", "PS3.5 9", "images", _own_uids),
    Rule("R100", "Pixel data is as its transfer syntax has it", "PS3.5 A.4, 8.2", "images, transfer syntax",
         _encapsulated),
    Rule("R101", "There are functional groups for each frame", "PS3.3 C.7.6.16.1.1", "images", _groups),
    Rule("R102", "Age, size and weight are those of one day", "our choice; PS3.3 C.7.2.2",
         "images of a study, worklist item", _of_the_day),
    Rule("R103", "No request is named twice", "IHE RAD TF-2x A.1 (an item for each request)",
         "Request Attributes, Scheduled Step Attributes", _requests_once),
    Rule("R104", "One end of the performed step", "PS3.3 10.13", "images, performed step", _ended),
    Rule("R105", "Slice locations are where the slices lie", "our choice; PS3.3 C.7.6.2.1.2", "images of a stack",
         _locations),
    Rule("R106", "What else the order says of patient, visit and requester is said as it is", "PS3.4 Table K.6-1",
         "images, worklist item, performed step", _of_the_order),
    Rule("R107", "Acquisition date, time and date-time are one moment", "PS3.3 C.7.6.1, C.7.10.1", "images",
         _one_moment),
)  # fmt: skip
