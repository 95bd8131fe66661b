"""What became of one request, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from modality.errors import (
    AssociationRejected,
    ContextRefused,
    ModalityError,
    ResponseTimeout,
    StatusError,
    UnreachableError,
    WebRefused,
)
from modality.identity import uid


class Fate(Enum):
    """How a request ended; the value is the letter that stands for it in an account's list of fates."""

    SENT = "S"
    """Answered with success, or with a warning status (Bxxx)."""
    REFUSED = "R"
    """Answered with a failure status, of DIMSE or of HTTP."""
    ABORTED = "A"
    """The association or connection ended, or an answer came that no standard allows, before a proper answer."""
    TIMED_OUT = "T"
    """No answer within the time that we wait."""
    NOT_ACCEPTED = "N"
    """The association was rejected, or no presentation context accepted."""
    UNREACHABLE = "U"
    """Nobody answered at the address."""
    SKIPPED = "K"
    """Never sent: the backlog was full."""

    @property
    def failed(self) -> bool:
        """It was tried, and did not end well."""
        return self not in (Fate.SENT, Fate.SKIPPED)

    @property
    def key(self) -> str:
        """Its name in JSON."""
        return self.name.lower()


UNKNOWN = "."
"""The letter of an instance that no outcome was recorded of."""


def instance_uid(study_uid: str, index: int) -> str:
    """The SOP Instance UID of an instance of a load: it depends on the study and on the place in it alone."""
    return uid(study_uid, "instance", index)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request to store an instance.

    Moments are seconds since the start of the run, on the engine's monotonic clock.

    Args:
        exam: name of the exam's type in the scenario.
        study_uid: Study Instance UID.
        index: which instance of the study, from 0.
        of: instances that the study has.
        planned_s: when it was to go out.
        decided_s: when the engine took it up: that is its send lag.
        started_s: when an association was free for it: what lies between is its queueing; None when it was skipped.
        finished_s: when it was answered, or had failed; the decision's moment when it was skipped.
        fate: how it ended.
        status: four hexadecimal digits of DIMSE's status, `HTTP 503` of HTTP; empty without an answer.
        error: class of the error and its message, where one ended it.
        size: bytes of its data set.
        first: it was the first request on its association.
    """

    exam: str
    study_uid: str
    index: int
    of: int
    planned_s: float
    decided_s: float
    started_s: float | None
    finished_s: float
    fate: Fate
    status: str = ""
    error: tuple[str, str] = ("", "")
    size: int = 0
    first: bool = False

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID."""
        return instance_uid(self.study_uid, self.index)


def fate_of(error: ModalityError) -> tuple[Fate, str]:
    """How a request ended that an error ended, and the status that came, if one did."""
    if isinstance(error, WebRefused):
        return Fate.REFUSED, f"HTTP {error.status}"
    if isinstance(error, StatusError):
        return Fate.REFUSED, f"{error.status:04X}"
    if isinstance(error, ResponseTimeout):
        return Fate.TIMED_OUT, ""
    if isinstance(error, (AssociationRejected, ContextRefused)):
        return Fate.NOT_ACCEPTED, ""
    if isinstance(error, UnreachableError):
        return Fate.UNREACHABLE, ""
    return Fate.ABORTED, ""
