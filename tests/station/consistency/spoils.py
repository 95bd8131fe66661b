"""Ways to spoil the evidence of an examination."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pydicom.dataset import Dataset

from modality.protocol.performed_step import code
from tests.station.consistency.conftest import Evidence

Spoil = Callable[[Evidence], None]
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
NEW = "2.25.111111111111111111111111111111111111111"


def image(keyword: str, value: Any, number: int = 0) -> Spoil:
    """One image says something else."""
    return lambda evidence: setattr(evidence.images[number], keyword, value)


def written(keyword: str, sound: str, value: str) -> Spoil:
    """One image's file holds bytes that pydicom would not write."""

    def spoil(evidence: Evidence) -> None:
        setattr(evidence.images[0], keyword, sound)
        evidence.marks = {sound.encode(): value.encode()}

    return spoil


def created(keyword: str, value: Any) -> Spoil:
    """The N-CREATE says something else."""
    return lambda evidence: setattr(evidence.created, keyword, value)


def ended(keyword: str, value: Any) -> Spoil:
    """The final N-SET says something else."""
    return lambda evidence: setattr(evidence.end, keyword, value)


def item(keyword: str, value: Any) -> Spoil:
    """The worklist item says something else."""
    return lambda evidence: setattr(evidence.items[0], keyword, value)


def planned(keyword: str, value: Any) -> Spoil:
    """The scheduled step of the worklist item says something else."""
    return lambda evidence: setattr(evidence.step, keyword, value)


def request(keyword: str, value: Any) -> Spoil:
    """One image's Request Attributes say something else."""
    return lambda evidence: setattr(evidence.images[0].RequestAttributesSequence[0], keyword, value)


def told(keyword: str, value: Any) -> Spoil:
    """The scheduled step in the N-CREATE says something else."""
    return lambda evidence: setattr(evidence.request, keyword, value)


def series(keyword: str, value: Any) -> Spoil:
    """The first series of the final N-SET says something else."""
    return lambda evidence: setattr(evidence.end.PerformedSeriesSequence[0], keyword, value)


def listed(evidence: Evidence) -> Any:
    return evidence.end.PerformedSeriesSequence[0].ReferencedImageSequence


def series_of_another_study(evidence: Evidence) -> None:
    evidence.images[0].StudyInstanceUID = NEW


def not_on_the_worklist(evidence: Evidence) -> None:
    other = deepcopy(evidence.items[0])
    for one, number in ((evidence.items[0], "1"), (other, "2")):
        one.StudyInstanceUID, one.AccessionNumber = f"1.2.{number}", f"OTHER{number}"
        one.RequestedProcedureID, one.PatientID = f"RP-OTHER{number}", f"OTHER{number}"
        one.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = f"OTHER{number}"
    evidence.items.append(other)


def not_scheduled(evidence: Evidence) -> None:
    evidence.items = []
    evidence.request.ScheduledProcedureStepID = ""


def listed_elsewhere(evidence: Evidence) -> None:
    first, second = evidence.end.PerformedSeriesSequence
    second.ReferencedImageSequence.append(first.ReferencedImageSequence.pop())


def listed_as_no_image(evidence: Evidence) -> None:
    first = evidence.end.PerformedSeriesSequence[0]
    first.ReferencedNonImageCompositeSOPInstanceSequence = [first.ReferencedImageSequence.pop()]


def empty(evidence: Evidence) -> None:
    for one in evidence.end.PerformedSeriesSequence:
        one.ReferencedImageSequence = []


def goes_on(evidence: Evidence) -> None:
    change = Dataset()
    change.PerformedProcedureStepStatus = "IN PROGRESS"
    evidence.changes.append(change)


def two_of_one_number(evidence: Evidence) -> None:
    for one in evidence.images[4:]:
        one.SeriesNumber = evidence.images[0].SeriesNumber


def undeclared(evidence: Evidence) -> None:
    evidence.images[0].OperatorsName = ""
    del evidence.images[0].SpecificCharacterSet
    evidence.images[0].StudyComments = "MARK"
    evidence.marks = {b"MARK": b"M\xc3\xa4K"}


def unknown_set(evidence: Evidence) -> None:
    evidence.marks = {b"ISO_IR 192": b"ISO_IR 199"}


def zero_leads(evidence: Evidence) -> None:
    evidence.images[0].FrameOfReferenceUID = "1.2.113"
    evidence.marks = {b"1.2.113": b"1.2.013"}


def undecodable(evidence: Evidence) -> None:
    evidence.images[0].StudyComments = "MARK"
    evidence.marks = {b"MARK": b"M\xe4RK"}


def shorter(evidence: Evidence) -> None:
    evidence.images[0].PixelData = evidence.images[0].PixelData[:-2]


def moved(axis: int, by: float) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        position = list(evidence.images[1].ImagePositionPatient)
        position[axis] = float(position[axis]) + by
        evidence.images[1].ImagePositionPatient = position

    return spoil


def spaced(evidence: Evidence) -> None:
    evidence.images[0].SpacingBetweenSlices = "1.5"


def younger(evidence: Evidence) -> None:
    evidence.images[0].PatientAge = "017Y"


def failed(reason: int) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        failed = evidence.report.ReferencedSOPSequence.pop()
        failed.FailureReason = reason
        evidence.report.FailedSOPSequence = [failed]

    return spoil


def same_uid(evidence: Evidence) -> None:
    evidence.images.append(deepcopy(evidence.images[0]))


def discontinued(value: str) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        evidence.end.PerformedProcedureStepStatus = "DISCONTINUED"
        if value:
            reason = [code(value, "DCM", "A reason")]
            evidence.end.PerformedProcedureStepDiscontinuationReasonCodeSequence = reason

    return spoil


def group(evidence: Evidence) -> None:
    other = deepcopy(evidence.request)
    other.ScheduledProcedureStepID = "SPS0009"
    item = deepcopy(evidence.items[0])
    item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = "SPS0009"
    evidence.items.append(item)
    evidence.created.ScheduledStepAttributesSequence.append(other)


def other_modality(evidence: Evidence) -> None:
    for one in evidence.images:
        one.Modality = "MR"


def too_few_groups(evidence: Evidence) -> None:
    evidence.images[0].NumberOfFrames = "2"
    evidence.images[0].PerFrameFunctionalGroupsSequence = [Dataset()]
    evidence.images[0].PixelData *= 2


def two_weights(evidence: Evidence) -> None:
    evidence.images[0].PatientWeight, evidence.images[1].PatientWeight = "70", "81"


def latex(evidence: Evidence) -> None:
    evidence.items[0].Allergies = "Latex"
    evidence.images[0].Allergies = "None"


def two_requesters(evidence: Evidence) -> None:
    evidence.images[0].RequestingPhysician, evidence.images[1].RequestingPhysician = "Silva^Ana", "Other^Ann"


def another_room(evidence: Evidence) -> None:
    evidence.created.PerformedLocation, evidence.images[0].PerformedLocation = "Room 1", "Room 9"
