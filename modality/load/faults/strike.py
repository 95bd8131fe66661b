"""What one fault needs, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.transfer.instance import PreparedInstance

Fresh = Callable[[], PreparedInstance]
"""Gives an instance that was never sent, of a study of its own."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a fault may be told.

    Args:
        every: it strikes once for so many requests of the load.
        seconds: how long it is slow, or silent.
        count: how many associations it opens.
        defect: which defect of a malformed data set; empty takes them in turn.
    """

    every: int = 10
    seconds: float = 5.0
    count: int = 20
    defect: str = ""


class Answer(NamedTuple):
    """What came of one strike.

    Args:
        said: what the archive answered, in order: a status as ``0000H``, or words such as ``A-ABORT``.
        instances: Study and SOP Instance UID of what was sent, whole or not, where it can be looked for by them.
        detail: what of several was done: the defect.
    """

    said: tuple[str, ...]
    instances: tuple[tuple[str, str], ...] = ()
    detail: str = ""


class Act(Protocol):
    """What a fault does, once; raises a ModalityError when it cannot be done."""

    def __call__(self, peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:
        """Strike for the `number`-th time, from 0."""


def names(*instances: PreparedInstance) -> tuple[tuple[str, str], ...]:
    """Study and SOP Instance UID of each."""
    return tuple((one.study_uid, one.sop_instance_uid) for one in instances)
