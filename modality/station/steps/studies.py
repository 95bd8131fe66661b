"""The studies that a performed step fills: one for all of its scheduled steps, or one for each (PS3.17 J.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from modality.errors import UsageError
from modality.protocol.worklist import ScheduledStep

Grouping = Literal["one", "each"]
"""Images of a group once, in one study, or once for each request, in a study each."""


@dataclass(frozen=True, slots=True)
class FilledStudy:
    """A study, and the scheduled steps that its images answer.

    Args:
        uid: Study Instance UID.
        steps: the scheduled steps; the first one's order describes the study.
        scheduled: the UID is the worklist's.
    """

    uid: str
    steps: tuple[ScheduledStep, ...]
    scheduled: bool

    @property
    def requests(self) -> tuple[ScheduledStep, ...]:
        """The scheduled steps that somebody ordered."""
        return tuple(one for one in self.steps if scheduled_key(one) or one.protocol_codes)


def filled_studies(steps: Sequence[ScheduledStep], grouping: Grouping, made: Callable[[int], str]) -> list[FilledStudy]:
    """The studies that the images of these scheduled steps go to.

    Of a group in one study, the Study Instance UID and the Accession Number are those of the first scheduled step that
    has one; the standard lets a modality choose, or make new ones.

    Args:
        steps: what is performed together, at least one.
        grouping: one study for all, or one for each.
        made: gives the Study Instance UID of the nth scheduled step, where the worklist has none.
    """
    if grouping == "one":
        leading = sorted(steps, key=lambda step: not step.study_uid)  # stable: the first with a UID leads
        return [FilledStudy(leading[0].study_uid or made(0), tuple(leading), bool(leading[0].study_uid))]
    by_uid: dict[str, list[ScheduledStep]] = {}
    for number, step in enumerate(steps):
        by_uid.setdefault(step.study_uid or made(number), []).append(step)
    return [FilledStudy(uid, tuple(of_it), bool(of_it[0].study_uid)) for uid, of_it in by_uid.items()]


def groups(steps: Sequence[ScheduledStep]) -> list[tuple[ScheduledStep, ...]]:
    """The scheduled steps that one acquisition can answer: of the same patient and modality, in their order."""
    found: dict[tuple[str, str, str], list[ScheduledStep]] = {}
    for number, step in enumerate(steps):
        patient = step.patient
        # Nobody knows whether two patients without an ID are the same one.
        who = patient.patient_id or f"\0{number}"
        found.setdefault((who, patient.issuer, step.modality), []).append(step)
    return [tuple(group) for group in found.values()]


def check_group(steps: Sequence[ScheduledStep]) -> None:
    """Check that scheduled steps can be performed as one.

    Raises:
        UsageError: there is none, or they are of several patients or modalities.
    """
    if not steps:
        raise UsageError("a performed step needs a scheduled step, or one that stands for none")
    if len(groups(steps)) > 1:
        raise UsageError("a group is of one patient, with an ID, and of one modality; these scheduled steps are not")


def scheduled_key(step: ScheduledStep) -> str:
    """What tells a scheduled step from others, over runs; empty for an unscheduled one."""
    order = (step.study_uid, step.accession_number, step.requested_procedure_id, step.step_id)
    return "\\".join(order) if any(order) else ""
