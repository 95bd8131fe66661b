"""What the page shows of a department, as plain data: the worklist, performed steps, studies, faults, happenings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from modality.protocol.matching import UNREADABLE
from modality.protocol.worklist import text
from modality.simulated.events import Happening
from modality.simulated.ris.steps import PerformedStep, WorklistStep

if TYPE_CHECKING:
    from modality.web.department.department import Department

# Our choice: what a person still looks through.
_STUDIES, _SERIES, _HAPPENINGS = 60, 600, 40


def state(department: Department) -> dict[str, Any]:
    """All that changes while the page is open."""
    ris, archive = department.ris, department.archive
    scheduled = list(ris.steps)
    performed = list(ris.performed_steps.values())
    of_the_list = {id(one) for step in scheduled for one in step.performed}
    return {
        "steps": [_step(one) for one in scheduled],
        "unscheduled": [_performed(one) for one in performed if id(one) not in of_the_list],
        "studies": _studies(archive.index.entities("SERIES", {})),
        "fhir": dict(sorted(Counter(one["resourceType"] for one in department.fhir.resources()).items())),
        "faults": [
            {"number": one.number, "peer": one.peer, "text": one.text, "struck": department.struck(one)}
            for one in department.faults
        ],
        "happenings": [
            *(_happening("archive", one) for one in _last(archive.events)),
            *(_happening("RIS", one) for one in _last(ris.events)),
        ],
    }


def name(value: str) -> str:
    """A person's name as people write it, its groups beside each other (PS3.5 6.2.1)."""
    groups = [" ".join(part for part in group.split("^") if part) for group in value.split("=")]
    return " / ".join(group for group in groups if group)


def _safe(dataset: Dataset, keyword: str) -> str:
    """The value as text; empty where what was sent cannot be read."""
    try:
        return text(dataset, keyword)
    except UNREADABLE:
        return ""


def _when(day: str, time: str) -> str:
    """Date and time of DICOM for people."""
    digits = time.partition(".")[0].ljust(4, "0")
    shown = f"{digits[:2]}:{digits[2:4]}" if time else ""
    return f"{day[:4]}-{day[4:6]}-{day[6:8]} {shown}".strip() if len(day) == 8 else f"{day} {shown}".strip()


def _step(one: WorklistStep) -> dict[str, Any]:
    item, step = one.item, one.step
    return {
        "start": _when(_safe(step, "ScheduledProcedureStepStartDate"), _safe(step, "ScheduledProcedureStepStartTime")),
        "station": _safe(step, "ScheduledStationAETitle"),
        "modality": _safe(step, "Modality"),
        "step_id": _safe(step, "ScheduledProcedureStepID"),
        "description": _safe(step, "ScheduledProcedureStepDescription"),
        "patient": name(_safe(item, "PatientName")),
        "patient_id": _safe(item, "PatientID"),
        "accession": _safe(item, "AccessionNumber"),
        "state": one.state,
        "performed": [_performed(done) for done in list(one.performed)],
    }


def _performed(one: PerformedStep) -> dict[str, Any]:
    dataset = one.dataset
    reasons = dataset.get("PerformedProcedureStepDiscontinuationReasonCodeSequence") or []
    return {
        "uid": one.uid,
        "state": one.state,
        "station": _safe(dataset, "PerformedStationAETitle"),
        "modality": _safe(dataset, "Modality"),
        "patient": name(_safe(dataset, "PatientName")),
        "description": _safe(dataset, "PerformedProcedureStepDescription"),
        "began": _when(
            _safe(dataset, "PerformedProcedureStepStartDate"), _safe(dataset, "PerformedProcedureStepStartTime")
        ),
        "images": len(one.instances),
        "reason": ", ".join(_safe(reason, "CodeMeaning") for reason in reasons),
    }


def _studies(entities: Iterable[Dataset]) -> list[dict[str, Any]]:
    """The studies with their series, what came last first."""
    studies: dict[str, dict[str, Any]] = {}
    latest = list(entities)[-_SERIES:]
    for one in latest:
        uid = _safe(one, "StudyInstanceUID")
        study = studies.setdefault(
            uid,
            {
                "uid": uid,
                "patient": name(_safe(one, "PatientName")),
                "patient_id": _safe(one, "PatientID"),
                "description": _safe(one, "StudyDescription"),
                "accession": _safe(one, "AccessionNumber"),
                "when": _when(_safe(one, "StudyDate"), _safe(one, "StudyTime")),
                "series": [],
            },
        )
        study["series"].append(
            {
                "uid": _safe(one, "SeriesInstanceUID"),
                "modality": _safe(one, "Modality"),
                "description": _safe(one, "SeriesDescription"),
                "instances": int(_safe(one, "NumberOfSeriesRelatedInstances") or 0),
            }
        )
    return list(islice(reversed(studies.values()), _STUDIES))


def _last(events: Iterable[Happening]) -> Iterator[tuple[int, Happening]]:
    """The latest happenings, those that are alike and follow each other as one with their number."""
    runs: list[tuple[int, Happening]] = []
    for one in list(events)[-2000:]:
        last = runs[-1][1] if runs else None
        if last and (last.what, last.calling_aet, last.status, last.detail) == (
            one.what, one.calling_aet, one.status, one.detail,
        ):  # fmt: skip
            runs[-1] = (runs[-1][0] + 1, one)
        else:
            runs.append((1, one))
    return iter(runs[-_HAPPENINGS:])


def _happening(peer: str, run: tuple[int, Happening]) -> dict[str, Any]:
    times, one = run
    status = "" if one.status is None else f"{one.status:04X}H"
    if one.status is not None and one.what.endswith("-RS"):
        status = str(one.status)
    return {
        "peer": peer, "what": one.what, "from": one.calling_aet, "status": status, "times": times, "detail": one.detail,
    }  # fmt: skip
