"""What was ordered: requested procedure and scheduled step in images, worklist item and performed step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydicom.dataset import Dataset

from modality.station.consistency.case import Case, Image, Step, scheduled
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, against, compare, shown, text

_TF = "IHE RAD TF-2x A.1"
_ALL = "Request Attributes of the images, worklist item, Scheduled Step Attributes of the performed step"
_IDS = ("ScheduledProcedureStepID", "RequestedProcedureID", "AccessionNumber")


def _pairs(case: Case) -> Iterator[tuple[Part, Part, bool]]:
    """Requests that are about the same order: left, right, and whether the right one is a worklist item."""
    for image, request, item in case.images_and_items():
        yield Part(f"Request Attributes of {image.part.source}", request), item, True
    for step, request, item in case.steps_and_items():
        yield Part(f"Scheduled Step Attributes of {step.part.source}", request), item, True
    for image, step in case.images_and_steps():
        for request, told in _matched(image, step):
            left = Part(f"Request Attributes of {image.part.source}", request)
            yield left, Part(f"Scheduled Step Attributes of {step.part.source}", told), False


def _matched(image: Image, step: Step) -> Iterator[tuple[Dataset, Dataset]]:
    """The requests of an image with what its step says of the same; by step ID where there are several."""
    ours, theirs = image.requests, step.requests
    if len(ours) == len(theirs) == 1:
        yield ours[0], theirs[0]
        return
    by_id = {text(one, "ScheduledProcedureStepID"): one for one in theirs}
    for one in ours:
        if text(one, "ScheduledProcedureStepID") in by_id:
            yield one, by_id[text(one, "ScheduledProcedureStepID")]


def _ordered(keyword: str, *, of_the_step: bool = False) -> Callable[[Case], Iterator[Finding]]:
    """The same in each request and in its worklist item.

    Args:
        keyword: of the attribute.
        of_the_step: in a worklist item it stands within Scheduled Procedure Step Sequence.
    """

    def judge(case: Case) -> Iterator[Finding]:
        for left, right, of_the_worklist in _pairs(case):
            if of_the_worklist:
                other = Part(right.source, scheduled(right.dataset)) if of_the_step else right
                yield from compare(keyword, left, other, where="right")
            else:
                yield from compare(keyword, left, right)

    return judge


def _on_the_worklist(case: Case) -> Iterator[Finding]:
    if not case.items:
        return
    asked = [(image.part, one) for image in case.images for one in image.requests]
    asked += [(step.part, one) for step in case.steps for one in step.requests]
    for part, request in asked:
        ids = " ".join(text(request, keyword) for keyword in _IDS).strip()
        if ids:
            yield Finding("ScheduledProcedureStepID", part.source, ids, "worklist", f"{len(case.items)} items",
                          case.item_of(request, part) is not None)  # fmt: skip


def _an_item_each(case: Case) -> Iterator[Finding]:
    for image, step in case.images_and_steps():
        studies = {text(one, "StudyInstanceUID") for one in step.requests}
        told = [
            one
            for one in step.requests
            # Where each request has images of its own, they are of its own study.
            if text(one, "ScheduledProcedureStepID")
            and (len(studies) == 1 or text(one, "StudyInstanceUID") == image.study)
        ]
        if told:
            held = len(image.requests) == len(told)
            yield Finding("RequestAttributesSequence", image.part.source, f"{len(image.requests)} items",
                          step.part.source, f"{len(told)} items", held)  # fmt: skip


def _unscheduled(case: Case) -> Iterator[Finding]:
    empty = (
        "RequestedProcedureID", "RequestedProcedureDescription", "ScheduledProcedureStepDescription",
        "ScheduledProtocolCodeSequence",
    )  # fmt: skip
    unscheduled = []
    for step in case.steps:
        ids = [text(one, "ScheduledProcedureStepID") for one in step.requests]
        if ids and not any(ids) and not any(case.item_of(one, step.part) for one in step.requests):
            unscheduled.append(step)
            for request in step.requests:
                for keyword in empty:
                    value = shown(request, keyword)
                    yield against(keyword, step.part, value, "no value: the step was not scheduled", not value)
    for image, step in case.images_and_steps():
        if step in unscheduled:
            named = ", ".join(text(one, "ScheduledProcedureStepID") for one in image.requests)
            yield Finding("ScheduledProcedureStepID", image.part.source, named, step.part.source, "", not named)


def _procedure_performed(case: Case) -> Iterator[Finding]:
    for image, step in case.images_and_steps():
        yield from compare("ProcedureCodeSequence", image.part, step.part)


def _protocol_as_scheduled(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        planned = {one for request in step.requests for one in _codes(request, "ScheduledProtocolCodeSequence")}
        done = _codes(step.part.dataset, "PerformedProtocolCodeSequence")
        if planned and step.final:
            yield Finding("PerformedProtocolCodeSequence", step.part.source, ", ".join(sorted(done)), "scheduled",
                          ", ".join(sorted(planned)), bool(done) and done <= planned)  # fmt: skip


def _codes(dataset: Dataset, keyword: str) -> set[str]:
    return set(shown(dataset, keyword).split(", ")) - {""}


RULES = (
    Rule("R14", "What images and performed step answer is on the worklist", "IHE RAD TF-2 4.5",
         "requests of images and performed step, worklist", _on_the_worklist),
    Rule("R15", "One Requested Procedure ID", _TF, _ALL, _ordered("RequestedProcedureID")),
    Rule("R16", "One Scheduled Procedure Step ID", _TF, _ALL, _ordered("ScheduledProcedureStepID", of_the_step=True)),
    Rule("R17", "One Requested Procedure Description", _TF, _ALL, _ordered("RequestedProcedureDescription")),
    Rule("R18", "One Scheduled Procedure Step Description", _TF, _ALL,
         _ordered("ScheduledProcedureStepDescription", of_the_step=True)),
    Rule("R19", "The protocol scheduled is reported as scheduled", _TF, _ALL,
         _ordered("ScheduledProtocolCodeSequence", of_the_step=True)),
    Rule("R20", "One Requested Procedure Code", _TF, _ALL, _ordered("RequestedProcedureCodeSequence")),
    Rule("R21", "The images have a request for each step answered (group case)", "IHE RAD TF-2x A.1; PS3.3 C.7.3.1",
         "images, performed step", _an_item_each),
    Rule("R22", "A step that was not scheduled names no request",
         "IHE RAD TF-2 4.6 (unscheduled case); PS3.4 F.7.2.1.2",
         "Scheduled Step Attributes, Request Attributes", _unscheduled),
    Rule("R23", "The procedure performed is one and the same", _TF, "images, performed step", _procedure_performed),
    Rule("R24", "The protocol performed is among those scheduled", "IHE RAD TF-2 4.6 (assisted protocol setting); a "
         "deviation is allowed, and reported here: our choice", "performed step", _protocol_as_scheduled),
)  # fmt: skip
