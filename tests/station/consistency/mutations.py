"""For each rule what breaks it, and which others that breaks as well."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from pydicom.dataset import Dataset

from modality.protocol.performed_step import code, reference
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


def _series_of_another_study(evidence: Evidence) -> None:
    evidence.images[0].StudyInstanceUID = NEW


def _not_on_the_worklist(evidence: Evidence) -> None:
    other = deepcopy(evidence.items[0])
    for one, number in ((evidence.items[0], "1"), (other, "2")):
        one.StudyInstanceUID, one.AccessionNumber = f"1.2.{number}", f"OTHER{number}"
        one.RequestedProcedureID, one.PatientID = f"RP-OTHER{number}", f"OTHER{number}"
        one.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = f"OTHER{number}"
    evidence.items.append(other)


def _not_scheduled(evidence: Evidence) -> None:
    evidence.items = []
    evidence.request.ScheduledProcedureStepID = ""


def _listed_elsewhere(evidence: Evidence) -> None:
    first, second = evidence.end.PerformedSeriesSequence
    second.ReferencedImageSequence.append(first.ReferencedImageSequence.pop())


def _listed_as_no_image(evidence: Evidence) -> None:
    first = evidence.end.PerformedSeriesSequence[0]
    first.ReferencedNonImageCompositeSOPInstanceSequence = [first.ReferencedImageSequence.pop()]


def _empty(evidence: Evidence) -> None:
    for one in evidence.end.PerformedSeriesSequence:
        one.ReferencedImageSequence = []


def _goes_on(evidence: Evidence) -> None:
    change = Dataset()
    change.PerformedProcedureStepStatus = "IN PROGRESS"
    evidence.changes.append(change)


def _two_of_one_number(evidence: Evidence) -> None:
    for one in evidence.images[4:]:
        one.SeriesNumber = evidence.images[0].SeriesNumber


def _undeclared(evidence: Evidence) -> None:
    evidence.images[0].OperatorsName = ""
    del evidence.images[0].SpecificCharacterSet
    evidence.images[0].StudyComments = "MARK"
    evidence.marks = {b"MARK": b"M\xc3\xa4K"}


def _unknown_set(evidence: Evidence) -> None:
    evidence.marks = {b"ISO_IR 192": b"ISO_IR 199"}


def _zero_leads(evidence: Evidence) -> None:
    evidence.images[0].FrameOfReferenceUID = "1.2.113"
    evidence.marks = {b"1.2.113": b"1.2.013"}


def _undecodable(evidence: Evidence) -> None:
    evidence.images[0].StudyComments = "MARK"
    evidence.marks = {b"MARK": b"M\xe4RK"}


def _shorter(evidence: Evidence) -> None:
    evidence.images[0].PixelData = evidence.images[0].PixelData[:-2]


def _moved(axis: int, by: float) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        position = list(evidence.images[1].ImagePositionPatient)
        position[axis] = float(position[axis]) + by
        evidence.images[1].ImagePositionPatient = position

    return spoil


def _spaced(evidence: Evidence) -> None:
    evidence.images[0].SpacingBetweenSlices = "1.5"


def _younger(evidence: Evidence) -> None:
    evidence.images[0].PatientAge = "017Y"


def _failed(reason: int) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        failed = evidence.report.ReferencedSOPSequence.pop()
        failed.FailureReason = reason
        evidence.report.FailedSOPSequence = [failed]

    return spoil


def _same_uid(evidence: Evidence) -> None:
    evidence.images.append(deepcopy(evidence.images[0]))


def _discontinued(value: str) -> Spoil:
    def spoil(evidence: Evidence) -> None:
        evidence.end.PerformedProcedureStepStatus = "DISCONTINUED"
        if value:
            reason = [code(value, "DCM", "A reason")]
            evidence.end.PerformedProcedureStepDiscontinuationReasonCodeSequence = reason

    return spoil


def _group(evidence: Evidence) -> None:
    other = deepcopy(evidence.request)
    other.ScheduledProcedureStepID = "SPS0009"
    item = deepcopy(evidence.items[0])
    item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepID = "SPS0009"
    evidence.items.append(item)
    evidence.created.ScheduledStepAttributesSequence.append(other)


MUTATIONS: dict[str, list[tuple[Spoil, set[str]]]] = {
    "R01": [
        (image("PatientID", "OTHER"), {"R13"}),
        (item("PatientID", "OTHER"), set()),
        (created("PatientID", "X"), set()),
    ],
    "R02": [(image("PatientName", "Other^Name"), set()), (created("PatientName", ""), set())],
    "R03": [(image("PatientBirthDate", "19570313"), set()), (item("PatientBirthDate", "19600101"), set())],
    "R04": [(image("PatientSex", "M"), set()), (created("PatientSex", "O"), set())],
    "R05": [(image("IssuerOfPatientID", "OTHER"), {"R13"}), (item("IssuerOfPatientID", "OTHER"), set())],
    "R06": [
        (request("StudyInstanceUID", NEW), set()),
        (told("StudyInstanceUID", NEW), set()),
        (item("StudyInstanceUID", NEW), set()),
    ],
    "R07": [
        (request("AccessionNumber", "OTHER"), set()),
        (image("AccessionNumber", "OTHER"), set()),
        (told("AccessionNumber", "OTHER"), set()),
    ],
    "R08": [(image("ReferringPhysicianName", "Nobody"), set()), (item("ReferringPhysicianName", "Nobody"), set())],
    "R09": [(image("StudyID", "OTHER"), set()), (created("StudyID", "OTHER"), set())],
    "R10": [(image("StudyDescription", "Other"), set()), (image("StudyTime", "000000"), set())],
    "R11": [
        (image("ReferencedStudySequence", [reference("1.2.840.10008.3.1.2.3.1", "1.2.3")]), set()),
        (item("ReferencedStudySequence", [reference("1.2.840.10008.3.1.2.3.1", "1.2.3")]), set()),
    ],
    "R12": [(_series_of_another_study, {"R06"})],
    "R13": [(image("PatientID", "OTHER"), {"R01"})],
    "R14": [(_not_on_the_worklist, set())],
    "R15": [(request("RequestedProcedureID", "OTHER"), set()), (told("RequestedProcedureID", "OTHER"), set())],
    "R16": [(request("ScheduledProcedureStepID", "OTHER"), set()), (planned("ScheduledProcedureStepID", "X"), set())],
    "R17": [
        (request("RequestedProcedureDescription", "Other"), set()),
        (told("RequestedProcedureDescription", ""), set()),
    ],
    "R18": [(request("ScheduledProcedureStepDescription", "Other"), set())],
    "R19": [(request("ScheduledProtocolCodeSequence", [code("X", "99X", "Other")]), set())],
    "R20": [(told("RequestedProcedureCodeSequence", [code("X", "99X", "Other")]), set())],
    "R21": [(_group, set())],
    "R22": [(_not_scheduled, {"R16"})],
    "R23": [(created("ProcedureCodeSequence", [code("X", "99X", "Other")]), set())],
    "R24": [(created("PerformedProtocolCodeSequence", [code("X", "99X", "Other")]), {"R28"})],
    "R25": [(image("PerformedProcedureStepID", "OTHER"), {"R41"}), (created("PerformedProcedureStepID", "X"), set())],
    "R26": [(image("PerformedProcedureStepStartTime", "000000"), set())],
    "R27": [(image("PerformedProcedureStepDescription", "Other"), set())],
    "R28": [(image("PerformedProtocolCodeSequence", [code("X", "99X", "Other")]), set())],
    "R29": [(image("ReferencedPerformedProcedureStepSequence", []), {"R41"})],
    "R30": [(lambda evidence: evidence.images.pop(), set())],
    "R31": [(lambda evidence: listed(evidence).pop(), set())],
    "R32": [(_listed_elsewhere, set())],
    "R33": [(lambda evidence: setattr(listed(evidence)[0], "ReferencedSOPClassUID", MR), set())],
    "R34": [(_listed_as_no_image, set())],
    "R35": [(lambda evidence: listed(evidence).append(listed(evidence)[0]), set())],
    "R36": [
        (lambda evidence: evidence.end.PerformedSeriesSequence.append(evidence.end.PerformedSeriesSequence[0]), {"R35"})
    ],
    "R37": [(series("ProtocolName", "Other"), set()), (image("ProtocolName", "Other"), {"R61"})],
    "R38": [(series("SeriesDescription", "Other"), set())],
    "R39": [(series("OperatorsName", "Other"), set()), (image("PerformingPhysicianName", "Other"), set())],
    "R40": [(image("RetrieveAETitle", "ELSEWHERE"), set())],
    "R41": [(image("ReferencedPerformedProcedureStepSequence", [reference("1.2.840.10008.3.1.2.3.3", NEW)]), {"R29"})],
    "R42": [(created("Modality", "MR"), set()), (planned("Modality", "MR"), set())],
    "R43": [(created("PerformedStationAETitle", "OTHER"), set())],
    "R44": [(created("PerformedStationName", "OTHER"), set())],
    "R45": [(lambda evidence: evidence.created.pop("PerformedLocation"), set())],
    "R46": [(ended("PatientComments", "never created"), set())],
    "R47": [(_goes_on, {"R48"}), (created("PerformedProcedureStepStatus", "COMPLETED"), set())],
    "R48": [
        (created("PerformedProcedureStepEndDate", "20991231"), set()),
        (ended("PerformedProcedureStepEndTime", ""), {"R46"}),
    ],
    "R49": [(series("ProtocolName", ""), {"R37", "R46"})],
    "R50": [(ended("PerformedProcedureStepEndDate", "20200101"), {"R82"})],
    "R51": [(_discontinued(""), set())],
    "R52": [(_discontinued("110599"), set())],
    "R53": [(_empty, {"R31"})],
    "R54": [(told("StudyInstanceUID", ""), {"R06", "R45"})],
    "R55": [(_same_uid, set())],
    "R56": [(image("InstanceNumber", "2"), set())],
    "R57": [(image("Modality", "MR"), set())],
    "R58": [(image("FrameOfReferenceUID", NEW), set())],
    "R59": [
        (image("BodyPartExamined", "FOOT"), set()),
        (image("AnatomicRegionSequence", [code("1", "SCT", "X")]), set()),
    ],
    "R60": [(image("Laterality", "L"), set())],
    "R61": [(image("SeriesTime", "235959"), set())],
    "R62": [(image("DeviceSerialNumber", "9"), set()), (image("ManufacturerModelName", "Other"), set())],
    "R63": [(_two_of_one_number, set())],
    "R64": [(_zero_leads, {"R58"})],
    "R65": [(_undeclared, set())],
    "R66": [(_undecodable, set())],
    "R67": [
        (lambda evidence: evidence.images[0].pop("StudyID"), {"R09"}),
        (lambda evidence: evidence.images[0].pop("SeriesNumber"), {"R61"}),
        (lambda evidence: evidence.images[0].pop("HighBit"), set()),
        (lambda evidence: evidence.images[0].pop("ImagePositionPatient"), set()),
        (lambda evidence: evidence.images[0].pop("FrameOfReferenceUID"), {"R58"}),
    ],
    "R68": [(lambda evidence: setattr(evidence.images[0].file_meta, "MediaStorageSOPInstanceUID", NEW), set())],
    "R69": [(image("HighBit", 15), set()), (image("BitsStored", 17), set())],
    "R70": [(image("PhotometricInterpretation", "RGB"), {"R78"})],
    "R71": [(_shorter, set()), (image("Columns", 9), {"R78"})],
    "R72": [
        (image("RescaleSlope", "0"), {"R97"}),
        (lambda evidence: evidence.images[0].pop("RescaleIntercept"), {"R97"}),
    ],
    "R73": [(image("LossyImageCompression", "01"), set()), (image("LossyImageCompressionRatio", "8"), set())],
    "R74": [(image("ImageOrientationPatient", [1, 0, 0, 0.2, 1, 0]), set())],
    "R75": [(_moved(2, 3.0), set())],
    "R76": [(_moved(0, 3.0), set())],
    "R77": [(_spaced, set())],
    "R78": [(image("PixelSpacing", [0.5, 0.5]), set()), (image("SliceThickness", "9"), set())],
    "R79": [(image("SliceThickness", "0"), {"R78"})],
    "R80": [(image("SeriesDate", "20200101"), {"R61"})],
    "R81": [(image("AcquisitionDate", "20200101"), set())],
    "R82": [
        (image("AcquisitionDate", "20990101"), {"R83"}),
        (ended("PerformedProcedureStepEndTime", "000000"), {"R50"}),
    ],
    "R83": [(image("ContentDate", "20200101"), set())],
    "R84": [(_younger, set()), (image("PatientAge", "068M"), set())],
    "R85": [(lambda evidence: setattr(evidence.report, "TransactionUID", ""), set())],
    "R86": [(lambda evidence: evidence.report.ReferencedSOPSequence.pop(), set()), (_failed(0x0112), set())],
    "R87": [(_failed(0x0999), {"R86"})],
    "R88": [(lambda evidence: evidence.report.ReferencedSOPSequence.append(reference(CT, NEW)), set())],
    "R89": [(lambda evidence: setattr(evidence.report.ReferencedSOPSequence[0], "ReferencedSOPClassUID", MR), set())],
    "R90": [
        (lambda evidence: evidence.report.ReferencedSOPSequence.append(evidence.report.ReferencedSOPSequence[0]), set())
    ],
    "R91": [(lambda evidence: setattr(evidence.report, "RetrieveAETitle", "ELSEWHERE"), set())],
    "R92": [
        (written("StudyTime", "112233", "256789"), {"R10"}),
        (written("PatientBirthDate", "19571231", "19571399"), {"R03"}),
        (written("ContentDate", "20991231", "tomorrow"), set()),
    ],
    "R93": [
        (_unknown_set, set()),
        (image("ImageType", ["X", "PRIMARY"]), set()),
        (image("ImageLaterality", "X"), set()),
        (created("PatientSex", "X"), {"R04"}),
    ],
    "R94": [
        (image("WindowWidth", ["0", "100"]), set()),
        (image("WindowCenter", "40"), set()),
    ],
    "R95": [
        (created("ProcedureCodeSequence", [code("CTHEAD", "99MODALITY", "")]), {"R45"}),
        (lambda evidence: setattr(evidence.images[0].AnatomicRegionSequence[0], "CodeMeaning", ""), set()),
    ],
    "R96": [(lambda evidence: setattr(listed(evidence)[0], "ReferencedSOPClassUID", ""), {"R33", "R46"})],
    "R97": [(image("RescaleIntercept", "-1000"), set()), (image("RescaleType", "US"), set())],
}
