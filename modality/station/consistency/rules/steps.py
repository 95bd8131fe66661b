"""The performed step by itself: what its messages have to hold, and the states it goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from pydicom.dataset import Dataset

from modality.protocol.matching import UNREADABLE
from modality.protocol.performed_step import DISCONTINUATION_REASONS
from modality.protocol.step_states import (
    CREATE_ATTRIBUTES,
    FINAL_ATTRIBUTES,
    IN_PROGRESS,
    TRANSITIONS,
    Decision,
    changed,
    judge_create,
    judge_set,
)
from modality.station.consistency.case import Case, Step
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, against, moment, sequence, text

_STATUS = "PerformedProcedureStepStatus"
_REASON = "PerformedProcedureStepDiscontinuationReasonCodeSequence"
_ENDS = ("PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime")
# Of the message, not of its attributes.
_ENVELOPE = (
    "SOPClassUID", "SOPInstanceUID", "AffectedSOPClassUID", "AffectedSOPInstanceUID", "RequestedSOPClassUID",
    "RequestedSOPInstanceUID",
)  # fmt: skip


def _attributes(dataset: Dataset) -> Dataset:
    """The attributes alone, without what names the instance."""
    found = Dataset()
    found.update(dataset)
    for keyword in _ENVELOPE:
        if keyword in found:
            del found[keyword]
    return found


def _in_progress(attributes: Dataset) -> Dataset:
    """With that status: the state is another rule's. The element is another, since data sets here share theirs."""
    if _STATUS in attributes:
        del attributes[_STATUS]
    attributes.PerformedProcedureStepStatus = IN_PROGRESS
    return attributes


def _created(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        part = step.created or step.part
        yield _judged("N-CREATE", part, partial(judge_create, _in_progress(_attributes(part.dataset))))


def _set(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for before, change in _changes(step):
            attributes = _attributes(change.dataset)
            if text(attributes, _STATUS) in TRANSITIONS[IN_PROGRESS]:
                yield _judged("N-SET", change, partial(judge_set, _in_progress(before), attributes))


def _changes(step: Step) -> Iterator[tuple[Dataset, Part]]:
    """Each N-SET, and the step as it was before it."""
    if step.created is None:
        return
    before = _attributes(step.created.dataset)
    for change in step.changes:
        yield _attributes(before), change
        before = changed(before, _attributes(change.dataset))


def _judged(what: str, part: Part, judge: Callable[[], Decision]) -> Finding:
    try:
        decision = judge()
        said, held = decision.comment, decision.accepted
    except UNREADABLE as error:
        said, held = str(error), False
    return against(what, part, said or "complete", "PS3.4 Table F.7.2-1", held)


def _states(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        known = {state for states in TRANSITIONS.values() for state in states}
        yield against(_STATUS, step.part, step.state, " or ".join(sorted(known)), step.state in known)
        if step.created is None:
            continue
        first = text(step.created.dataset, _STATUS)
        yield against(_STATUS, step.created, f"created as {first}", IN_PROGRESS, first in TRANSITIONS[None])
        for before, change in _changes(step):
            state, became = text(before, _STATUS), text(change.dataset, _STATUS) or IN_PROGRESS
            allowed = TRANSITIONS.get(state, frozenset())
            yield against(_STATUS, change, f"{state} to {became}", " or ".join(sorted(allowed)) or "nothing more",
                          became in allowed)  # fmt: skip


def _ended(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for keyword in _ENDS:
            value = text(step.part.dataset, keyword)
            if step.final:
                yield against(keyword, step.part, value, f"a value in a step that is {step.state}", bool(value))
            elif step.state == IN_PROGRESS and value:
                yield against(keyword, step.part, value, "no value in a step that is in progress", False)
            if step.created is not None and step.changes:
                first = text(step.created.dataset, keyword)
                yield against(keyword, step.created, first, "no value when the step is created", not first)


def _series_told(case: Case) -> Iterator[Finding]:
    wanted = FINAL_ATTRIBUTES["PerformedSeriesSequence"]
    assert not isinstance(wanted, str)
    for step in case.steps:
        if not step.final:
            continue
        yield against("PerformedSeriesSequence", step.part, f"{len(step.series)} series", "at least one",
                      bool(step.series))  # fmt: skip
        for item in step.series:
            for keyword, needed in wanted[1].items():
                kind = needed if isinstance(needed, str) else needed[0]
                held = keyword in item and (kind != "1" or bool(text(item, keyword)))
                yield against(keyword, step.part, text(item, keyword) if keyword in item else "absent",
                              f"type {kind} in a series", held)  # fmt: skip


def _not_before_start(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        start = moment(step.part.dataset, "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime")
        end = moment(step.part.dataset, *_ENDS)
        if start and end:
            yield Finding("PerformedProcedureStepEndDate", step.part.source, f"{end[0]:%Y-%m-%d %H:%M:%S}", "start",
                          f"{start[0]:%Y-%m-%d %H:%M:%S}", end[1] >= start[0])  # fmt: skip


def _reason(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        reasons = len(sequence(step.part.dataset, _REASON))
        if step.state == "DISCONTINUED":
            yield against(_REASON, step.part, f"{reasons} codes", "a reason for DISCONTINUED", reasons > 0)
        elif step.state:
            yield against(_REASON, step.part, f"{reasons} codes", f"none for {step.state}", reasons == 0)


def _reason_known(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for one in sequence(step.part.dataset, _REASON):
            code, scheme = text(one, "CodeValue"), text(one, "CodingSchemeDesignator")
            held = scheme == "DCM" and code in DISCONTINUATION_REASONS
            yield against(_REASON, step.part, f"{code} {scheme}", "a code of CID 9300 (DCM)", held)


def _has_instances(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        if step.state == "COMPLETED":
            count = sum(1 for _ in step.listed())
            yield against("PerformedSeriesSequence", step.part, f"{count} instances", "at least one", count > 0)


def _instance(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        found = sequence(step.part.dataset, "ScheduledStepAttributesSequence")
        for one in found:
            value = text(one, "StudyInstanceUID")
            yield against("StudyInstanceUID", step.part, value, f"type {_study_uid_type()}", bool(value))
        yield against("ScheduledStepAttributesSequence", step.part, f"{len(found)} items", "one for each request",
                      bool(found))  # fmt: skip


def _study_uid_type() -> str:
    item = CREATE_ATTRIBUTES["ScheduledStepAttributesSequence"]
    assert not isinstance(item, str)
    return str(item[1]["StudyInstanceUID"])


RULES = (
    Rule("R45", "The step holds what N-CREATE has to", "PS3.4 Table F.7.2-1 (types 1 and 2)", "performed step",
         _created),
    Rule("R46", "N-SET holds what it may and has to", "PS3.4 Table F.7.2-1", "N-SET, N-CREATE", _set),
    Rule("R47", "The step is created in progress, and nothing follows a final state", "PS3.4 F.7.2.1.2, F.7.2.2.2",
         "statuses of the performed step", _states),
    Rule("R48", "A final step has an end, one in progress has none", "PS3.4 Table F.7.2-1", "performed step", _ended),
    Rule("R49", "A final step tells all of each series", "PS3.4 Table F.7.2-1, note 2", "performed step", _series_told),
    Rule("R50", "The step ends after it starts", "PS3.3 C.4.14, C.4.15", "performed step", _not_before_start),
    Rule("R51", "DISCONTINUED has a reason, and nothing else has", "PS3.3 C.4.14; IHE RAD TF-2 4.7", "performed step",
         _reason),
    Rule("R52", "The reason is of CID 9300", "PS3.16 CID 9300", "performed step", _reason_known),
    Rule("R53", "A completed step has instances", "IHE RAD TF-2 4.7", "performed step", _has_instances),
    Rule("R54", "The step names the study of each request", "PS3.4 Table F.7.2-1", "performed step", _instance),
)  # fmt: skip
