"""What an MPPS SCP accepts: states, attributes and statuses of N-CREATE and N-SET as data (PS3.4 F.7.2, PS3.7 C).

::

    N-CREATE IN PROGRESS          N-SET COMPLETED
    (none) -------> IN PROGRESS ------------------> COMPLETED
                     |       ^ |
                     +-------+ +------------------> DISCONTINUED
                     N-SET        N-SET DISCONTINUED

Nothing follows a final state: 0110H with Error ID A710H (PS3.4 Table F.7.2-2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Union

from pydicom.dataset import Dataset
from pydicom.tag import Tag

IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"
FINAL_STATES = frozenset({COMPLETED, DISCONTINUED})
# From the state a step is in (None: not created) to those that an operation may give it.
TRANSITIONS: Mapping[str | None, frozenset[str]] = {
    None: frozenset({IN_PROGRESS}),
    IN_PROGRESS: frozenset({IN_PROGRESS, COMPLETED, DISCONTINUED}),
    COMPLETED: frozenset(),
    DISCONTINUED: frozenset(),
}

SUCCESS = 0x0000
NO_SUCH_ATTRIBUTE = 0x0105
INVALID_ATTRIBUTE_VALUE = 0x0106
PROCESSING_FAILURE = 0x0110
DUPLICATE_SOP_INSTANCE = 0x0111
NO_SUCH_SOP_INSTANCE = 0x0112
MISSING_ATTRIBUTE = 0x0120
MISSING_ATTRIBUTE_VALUE = 0x0121
NO_LONGER_UPDATED = 0xA710

# Keyword to type and, of a sequence, the attributes of an item.
Requirements = Mapping[str, Union[str, "tuple[str, Requirements]"]]

_REFERENCE: Requirements = {"ReferencedSOPClassUID": "1", "ReferencedSOPInstanceUID": "1"}
# PS3.4 Tables F.7.2-1a and F.7.2-1c: Code Value or one of its longer forms, checked apart, and its meaning.
_CODE: Requirements = {"CodeMeaning": "1"}
# PS3.4 Table F.7.2-1e, "optional meaning".
_MEANING_OPTIONAL: Requirements = {"CodeMeaning": "3"}
_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")

# PS3.4 Table F.7.2-1: an item of Performed Series Sequence, in N-CREATE and N-SET alike.
SERIES_ATTRIBUTES: Requirements = {
    "PerformingPhysicianName": "2",
    "ProtocolName": "1",
    "OperatorsName": "2",
    "SeriesInstanceUID": "1",
    "SeriesDescription": "2",
    "RetrieveAETitle": "2",
    "ReferencedImageSequence": ("2", _REFERENCE),
    "ReferencedNonImageCompositeSOPInstanceSequence": ("2", _REFERENCE),
}

# PS3.4 Table F.7.2-1, column N-CREATE: types 1 and 2, and what the items of optional sequences must hold.
CREATE_ATTRIBUTES: Requirements = {
    "ScheduledStepAttributesSequence": (
        "1",
        {
            "StudyInstanceUID": "1",
            "ReferencedStudySequence": ("2", _REFERENCE),
            "AccessionNumber": "2",
            "RequestedProcedureID": "2",
            "RequestedProcedureCodeSequence": ("3", _CODE),
            "RequestedProcedureDescription": "2",
            "ScheduledProcedureStepID": "2",
            "ScheduledProcedureStepDescription": "2",
            "ScheduledProtocolCodeSequence": ("2", _CODE),
        },
    ),
    "PatientName": "2",
    "PatientID": "2",
    "PatientBirthDate": "2",
    "PatientSex": "2",
    "ReferencedPatientSequence": ("2", _REFERENCE),
    "PerformedProcedureStepID": "1",
    "PerformedStationAETitle": "1",
    "PerformedStationName": "2",
    "PerformedLocation": "2",
    "PerformedProcedureStepStartDate": "1",
    "PerformedProcedureStepStartTime": "1",
    "PerformedProcedureStepStatus": "1",
    "PerformedProcedureStepDescription": "2",
    "PerformedProcedureTypeDescription": "2",
    "ProcedureCodeSequence": ("2", _MEANING_OPTIONAL),
    "PerformedProcedureStepEndDate": "2",
    "PerformedProcedureStepEndTime": "2",
    "PerformedProcedureStepDiscontinuationReasonCodeSequence": ("3", _CODE),
    "Modality": "1",
    "StudyID": "2",
    "PerformedProtocolCodeSequence": ("2", _MEANING_OPTIONAL),
    "PerformedSeriesSequence": ("2", SERIES_ATTRIBUTES),
}

# The same table, column N-SET: what may be set, of what was created.
SET_ATTRIBUTES: Requirements = {
    "PerformedProcedureStepStatus": "3",
    "PerformedProcedureStepDescription": "3",
    "PerformedProcedureTypeDescription": "3",
    "ProcedureCodeSequence": ("3", _MEANING_OPTIONAL),
    "ReasonForPerformedProcedureCodeSequence": ("3", _CODE),
    "PerformedProcedureStepEndDate": "3",
    "PerformedProcedureStepEndTime": "3",
    "CommentsOnThePerformedProcedureStep": "3",
    "PerformedProcedureStepDiscontinuationReasonCodeSequence": ("3", _CODE),
    "PerformedProtocolCodeSequence": ("3", _MEANING_OPTIONAL),
    "PerformedSeriesSequence": ("3", SERIES_ATTRIBUTES),
}

# The same table, final state, with its note 2: a step has a series even when no image was made.
FINAL_ATTRIBUTES: Requirements = {
    "PerformedProcedureStepEndDate": "1",
    "PerformedProcedureStepEndTime": "1",
    "PerformedSeriesSequence": ("1", SERIES_ATTRIBUTES),
}

# The same table: scheduling and patient attributes, and those of the start, are not allowed in N-SET.
NOT_SET = frozenset(
    {
        "ScheduledStepAttributesSequence",
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "IssuerOfPatientIDQualifiersSequence",
        "OtherPatientIDsSequence",
        "PatientBirthDate",
        "PatientSex",
        "ReferencedPatientSequence",
        "AdmissionID",
        "IssuerOfAdmissionIDSequence",
        "ServiceEpisodeID",
        "IssuerOfServiceEpisodeIDSequence",
        "ServiceEpisodeDescription",
        "PerformedProcedureStepID",
        "PerformedStationAETitle",
        "PerformedStationName",
        "PerformedLocation",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "Modality",
        "StudyID",
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an SCP answers to an N-CREATE or N-SET.

    Args:
        status: DIMSE status.
        comment: Error Comment, empty at success.
        error_id: Error ID, if the standard gives one.
        tags: the attributes at fault.
    """

    status: int = SUCCESS
    comment: str = ""
    error_id: int | None = None
    tags: tuple[int, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the operation is done."""
        return self.status == SUCCESS


@dataclass(frozen=True, slots=True)
class _Fault:
    status: int
    path: str
    keyword: str


def judge_create(attributes: Dataset, *, exists: bool = False) -> Decision:
    """Whether a step may be created (PS3.4 F.7.2.1.3).

    Args:
        attributes: the attribute list of the N-CREATE.
        exists: there is a step of that SOP Instance UID already.
    """
    if exists:
        return Decision(DUPLICATE_SOP_INSTANCE, "there is a performed step of this UID")
    faults = list(_faults(attributes, CREATE_ATTRIBUTES))
    if faults:
        return _decision(faults)
    status = _state(attributes)
    if status not in TRANSITIONS[None]:
        tag = Tag("PerformedProcedureStepStatus")
        return Decision(INVALID_ATTRIBUTE_VALUE, f"created as {status!r}, not IN PROGRESS", tags=(tag,))
    return Decision()


def judge_set(step: Dataset | None, modifications: Dataset) -> Decision:
    """Whether a step may be changed so (PS3.4 F.7.2.2.3).

    Args:
        step: the step as it stands; None when none of that UID was created.
        modifications: the modification list of the N-SET.
    """
    if step is None:
        return Decision(NO_SUCH_SOP_INSTANCE, "no performed step of this UID was created")
    if not TRANSITIONS.get(_state(step), frozenset()):
        return Decision(
            PROCESSING_FAILURE, "Performed Procedure Step Object may no longer be updated", NO_LONGER_UPDATED
        )
    refused = _not_settable(step, modifications)
    if refused:
        return refused
    state = _state(modifications) if "PerformedProcedureStepStatus" in modifications else IN_PROGRESS
    if state not in TRANSITIONS[IN_PROGRESS]:
        tag = Tag("PerformedProcedureStepStatus")
        return Decision(INVALID_ATTRIBUTE_VALUE, f"{state!r} is no status of a performed step", tags=(tag,))
    faults = list(_faults(modifications, SET_ATTRIBUTES))
    if not faults and state in FINAL_STATES:
        faults = list(_faults(changed(step, modifications), FINAL_ATTRIBUTES))
    return _decision(faults) if faults else Decision()


def changed(step: Dataset, modifications: Dataset) -> Dataset:
    """The step with its attributes replaced, whole sequences included (PS3.4 F.7.2.2.2)."""
    result = Dataset()
    result.update(step)
    result.update(modifications)
    return result


def _not_settable(step: Dataset, modifications: Dataset) -> Decision | None:
    present = [element for element in modifications if element.keyword != "SpecificCharacterSet"]
    forbidden = [element for element in present if element.keyword in NOT_SET]
    if forbidden:
        names = ", ".join(element.keyword for element in forbidden)
        return Decision(NO_SUCH_ATTRIBUTE, f"not allowed in N-SET: {names}", tags=tuple(e.tag for e in forbidden))
    never = [element for element in present if element.tag not in step]
    if never:
        names = ", ".join(element.keyword or str(element.tag) for element in never)
        return Decision(NO_SUCH_ATTRIBUTE, f"never created: {names}", tags=tuple(e.tag for e in never))
    return None


def _decision(faults: list[_Fault]) -> Decision:
    """One answer for many faults: the status of the first, and all that share it."""
    status = faults[0].status
    same = [fault for fault in faults if fault.status == status]
    what = "missing" if status == MISSING_ATTRIBUTE else "without a value"
    return Decision(
        status,
        f"{what}: {', '.join(fault.path for fault in same)}",
        tags=tuple(dict.fromkeys(int(Tag(fault.keyword)) for fault in same)),
    )


def _faults(dataset: Dataset, requirements: Requirements, path: str = "") -> Iterator[_Fault]:
    for keyword, requirement in requirements.items():
        kind, inner = (requirement, None) if isinstance(requirement, str) else requirement
        where = f"{path}{keyword}"
        if keyword not in dataset:
            if kind != "3":
                yield _Fault(MISSING_ATTRIBUTE, where, keyword)
            continue
        element = dataset[keyword]
        if kind == "1" and element.is_empty:
            yield _Fault(MISSING_ATTRIBUTE_VALUE, where, keyword)
        if inner is None or element.VR != "SQ":
            continue
        for number, item in enumerate(element.value, 1):
            prefix = f"{where}[{number}]."
            yield from _faults(item, inner, prefix)
            if "CodeMeaning" in inner and not any(item.get(name) for name in _CODE_VALUES):
                yield _Fault(MISSING_ATTRIBUTE_VALUE, f"{prefix}CodeValue", "CodeValue")


def _state(dataset: Dataset) -> str:
    return str(dataset.get("PerformedProcedureStepStatus") or "")
