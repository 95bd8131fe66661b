"""What the performed step says of the images, and what they say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from modality.protocol.performed_step import PERFORMED_STEP
from modality.station.consistency.case import REFERENCES, Case, scheduled
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, against, compare, sequence, text

_TF = "IHE RAD TF-2x A.1"
_MPPS = "PS3.4 F.7.2.2.2"
_BOTH = "images, performed step"


def _equal(*keywords: str) -> Callable[[Case], Iterator[Finding]]:
    """The same in images and performed step."""

    def judge(case: Case) -> Iterator[Finding]:
        for image, step in case.images_and_steps():
            for keyword in keywords:
                yield from compare(keyword, image.part, step.part)

    return judge


def _equal_in_series(*keywords: str, where: str = "either") -> Callable[[Case], Iterator[Finding]]:
    """The same in the images and the item of their series in the performed step."""

    def judge(case: Case) -> Iterator[Finding]:
        for image, step in case.images_and_steps():
            for item in step.series:
                if text(item, "SeriesInstanceUID") == image.series:
                    for keyword in keywords:
                        yield from compare(keyword, image.part, Part(step.part.source, item), where=where)

    return judge


def _refers(case: Case) -> Iterator[Finding]:
    told: dict[int, str] = {}  # where the evidence does not name the step, the first image does
    for image, step in case.images_and_steps():
        found = sequence(image.part.dataset, "ReferencedPerformedProcedureStepSequence")
        named = [(text(one, "ReferencedSOPClassUID"), text(one, "ReferencedSOPInstanceUID")) for one in found]
        shown = ", ".join(" ".join(pair) for pair in named)
        uid = step.uid or told.setdefault(id(step), image.step_uids[0] if image.step_uids else "")
        if uid:
            yield Finding("ReferencedPerformedProcedureStepSequence", image.part.source, shown, step.part.source,
                          f"{PERFORMED_STEP} {uid}", (PERFORMED_STEP, uid) in named)  # fmt: skip
        else:
            yield against("ReferencedPerformedProcedureStepSequence", image.part, shown, "a performed step", False)


def _exist(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for _, _, _, uid in step.listed():
            there = uid in case.by_uid
            yield Finding("ReferencedSOPInstanceUID", step.part.source, uid, "study", uid if there else "", there)


def _listed(case: Case) -> Iterator[Finding]:
    if not any(step.final for step in case.steps):
        return
    for image in case.images:
        step = case.listed.get(image.uid)
        said = " ".join(one.part.source for one in case.steps)
        yield Finding("SOPInstanceUID", image.part.source, image.uid, step.part.source if step else said,
                      image.uid if step else "", step is not None)  # fmt: skip


def _own_series(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for series, _, _, uid in step.listed():
            image = case.by_uid.get(uid)
            if image:
                told = text(series, "SeriesInstanceUID")
                yield Finding("SeriesInstanceUID", image.part.source, image.series, step.part.source, told,
                              told == image.series)  # fmt: skip


def _own_class(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for _, _, sop_class, uid in step.listed():
            image = case.by_uid.get(uid)
            if image:
                yield Finding("SOPClassUID", image.part.source, image.sop_class, step.part.source, sop_class,
                              sop_class == image.sop_class)  # fmt: skip


def _right_sequence(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        for _, keyword, _, uid in step.listed():
            image = case.by_uid.get(uid)
            if image:
                wanted = REFERENCES[0] if "Rows" in image.part.dataset else REFERENCES[1]
                yield Finding("ReferencedSOPInstanceUID", image.part.source, wanted, step.part.source, keyword,
                              keyword == wanted)  # fmt: skip


def _once(case: Case) -> Iterator[Finding]:
    listed = [(uid, step.part) for step in case.steps for _, _, _, uid in step.listed()]
    counted = Counter(uid for uid, _ in listed)
    for uid, part in dict(listed).items():
        yield against("ReferencedSOPInstanceUID", part, f"{uid} {counted[uid]} times", "once", counted[uid] == 1)


def _series_once(case: Case) -> Iterator[Finding]:
    counted = Counter(text(item, "SeriesInstanceUID") for step in case.steps for item in step.series)
    for step in case.steps:
        for item in step.series:
            uid = text(item, "SeriesInstanceUID")
            yield against("SeriesInstanceUID", step.part, f"{uid} {counted[uid]} times", "once", counted[uid] == 1)


def _one_step_a_series(case: Case) -> Iterator[Finding]:
    for one, other in case.in_groups("SeriesInstanceUID"):
        for keyword in ("ReferencedPerformedProcedureStepSequence", "PerformedProcedureStepID"):
            yield from compare(keyword, other.part, one.part)


def _modality(case: Case) -> Iterator[Finding]:
    for step in case.steps:
        made = sorted({text(image.part.dataset, "Modality") for image, its in case.images_and_steps() if its is step})
        told = text(step.part.dataset, "Modality")
        if made:
            yield Finding("Modality", "images", ", ".join(made), step.part.source, told, told in made)
    for image, _, item in case.images_and_items():
        if case.step_of(image) is None:
            yield from compare("Modality", image.part, Part(item.source, scheduled(item.dataset)), where="right")
    for step, _, item in case.steps_and_items():
        yield from compare("Modality", step.part, Part(item.source, scheduled(item.dataset)), where="right")


def _station_aet(case: Case) -> Iterator[Finding]:
    for step, _, item in case.steps_and_items():
        planned = text(scheduled(item.dataset), "ScheduledStationAETitle")
        done = text(step.part.dataset, "PerformedStationAETitle")
        if planned:
            yield Finding("PerformedStationAETitle", step.part.source, done, item.source, planned,
                          done in planned.split("\\"))  # fmt: skip


def _station_name(case: Case) -> Iterator[Finding]:
    for image, step in case.images_and_steps():
        ours = text(image.part.dataset, "StationName")
        told = text(step.part.dataset, "PerformedStationName")
        if ours and told:
            yield Finding("StationName", image.part.source, ours, step.part.source, told, ours == told)
        for keyword in ("PerformedStationAETitle", "PerformedStationName", "PerformedLocation"):
            yield from compare(keyword, image.part, step.part, where="both")


RULES = (
    Rule("R25", "One Performed Procedure Step ID", _TF, _BOTH, _equal("PerformedProcedureStepID")),
    Rule("R26", "One Performed Procedure Step Start Date and Time", _TF, _BOTH,
         _equal("PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime")),
    Rule("R27", "One Performed Procedure Step Description", _TF, _BOTH, _equal("PerformedProcedureStepDescription")),
    Rule("R28", "The protocol performed is one and the same", _TF, _BOTH, _equal("PerformedProtocolCodeSequence")),
    Rule("R29", "The images refer to their performed step", f"{_TF}; PS3.3 C.7.3.1", _BOTH, _refers),
    Rule("R30", "What the performed step lists exists", _MPPS, "performed step, images", _exist),
    Rule("R31", "Each instance is listed by a performed step", f"{_MPPS} (all instances created)",
         "images, performed step", _listed),
    Rule("R32", "Each instance is listed under its own series", "PS3.4 Table F.7.2-1", _BOTH, _own_series),
    Rule("R33", "Each instance is listed with its own SOP Class", "PS3.3 Table 10-11", _BOTH, _own_class),
    Rule("R34", "Images and others are listed in the sequence for them", "PS3.4 Table F.7.2-1", _BOTH,
         _right_sequence),
    Rule("R35", "No instance is listed twice", "PS3.4 Table F.7.2-1", "performed step", _once),
    Rule("R36", "No series is listed twice", "PS3.4 Table F.7.2-1", "performed step", _series_once),
    Rule("R37", "One Protocol Name", _TF, "images, their series in the performed step",
         _equal_in_series("ProtocolName")),
    Rule("R38", "One Series Description", _TF, "images, their series in the performed step",
         _equal_in_series("SeriesDescription")),
    Rule("R39", "One Performing Physician's and Operators' Name", _TF, "images, their series in the performed step",
         _equal_in_series("PerformingPhysicianName", "OperatorsName")),
    Rule("R40", "One Retrieve AE Title", "PS3.4 Table F.7.2-1", "images, their series in the performed step",
         _equal_in_series("RetrieveAETitle", where="both")),
    Rule("R41", "A series is of one performed step", "PS3.3 A.1.2", "images of a series", _one_step_a_series),
    Rule("R42", "One Modality", _TF, "images, worklist item, performed step", _modality),
    Rule("R43", "The station that performed is one that was scheduled", "IHE RAD TF-2x A.1; another station may "
         "step in, which is reported here: our choice", "worklist item, performed step", _station_aet),
    Rule("R44", "One station and location", _TF, _BOTH, _station_name),
)  # fmt: skip
