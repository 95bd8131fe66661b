"""Faults thrown while a load runs, on associations of their own: the measured requests are not touched."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from modality.errors import ModalityError, UsageError
from modality.identity import fresh_uid
from modality.load.faults.conversation import in_words
from modality.load.faults.strike import Answer, Fresh, Options
from modality.load.faults.table import FAULTS, parse
from modality.network.address import Address, DicomAddress
from modality.network.local import Local
from modality.transfer.instance import PreparedInstance

_AT_ONCE = 8
"""Strikes at a time; what is due while so many are under way is counted as left out (our choice)."""
_MOST_PATIENT_S = 10.0
"""How long an answer to a strike is waited for at most: some are never answered (our choice)."""


@dataclass(slots=True)
class Struck:
    """What came of a fault.

    Args:
        name: of `FAULTS`.
        options: what it was told.
        done: how often it struck.
        left_out: how often it should have, and too many were under way.
        answers: how often the archive answered what, several answers of one strike joined by commas.
        by_defect: likewise for each defect.
        instances: Study and SOP Instance UID, and the defect, of what was sent.
        held: how many of these the archive lists afterwards, by defect; None when nobody looked.
        asked: about how many of these the archive gave a proper answer, by defect.
    """

    name: str
    options: Options
    done: int = 0
    left_out: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    by_defect: dict[str, Counter[str]] = field(default_factory=dict)
    instances: list[tuple[str, str, str]] = field(default_factory=list)
    held: Counter[str] | None = None
    asked: Counter[str] = field(default_factory=Counter)

    def note(self, answer: Answer) -> None:
        """Count an answer."""
        self.done += 1
        said = ", ".join(_counted(answer.said))
        self.answers[said] += 1
        if answer.detail:
            self.by_defect.setdefault(answer.detail, Counter())[said] += 1
        self.instances += [(study, uid, answer.detail) for study, uid in answer.instances]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return {
            "name": self.name,
            "what": FAULTS[self.name].what,
            "every": self.options.every,
            "done": self.done,
            "left_out": self.left_out,
            "answers": dict(self.answers.most_common()),
            "by_defect": {name: dict(found) for name, found in self.by_defect.items()},
            "sent": len(self.instances),
            "asked": sum(self.asked.values()),
            "held": sum(self.held.values()) if self.held is not None and (self.asked or not self.instances) else None,
            "held_by_defect": dict(self.held or {}) if self.by_defect else {},
            "asked_by_defect": dict(self.asked) if self.by_defect else {},
        }


def _counted(said: Sequence[str]) -> Iterable[str]:
    """Answers in order, the same ones on end as a number of times."""
    runs: list[tuple[str, int]] = []
    for one in said:
        if runs and runs[-1][0] == one:
            runs[-1] = (one, runs[-1][1] + 1)
        else:
            runs.append((one, 1))
    return (one if times == 1 else f"{times} x {one}" for one, times in runs)


class Injector:
    """Throws faults as a load goes on; a context manager that waits for those under way.

    Args:
        faults: each as text (see `table.parse`).
        peer: whom they hit.
        local: who calls, and how long an answer is waited for.
        fresh: gives instances of studies of their own.

    Raises:
        UsageError: a fault is none, or the address is not of an archive that speaks DIMSE.
    """

    def __init__(self, faults: Iterable[str], peer: Address, local: Local, fresh: Fresh) -> None:
        self.struck = [Struck(*parse(text)) for text in faults]
        if self.struck and not isinstance(peer, DicomAddress):
            raise UsageError(f"{peer}: faults of ours are thrown over DIMSE: give dicom://AET@host:port")
        timeouts = local.timeouts
        patience = replace(timeouts, response_s=min(timeouts.response_s, _MOST_PATIENT_S))
        self._peer, self._local, self._fresh = peer, replace(local, timeouts=patience), fresh
        self._lock = threading.Lock()
        self._due = [0] * len(self.struck)
        self._under_way = 0
        self._pool = ThreadPoolExecutor(_AT_ONCE, "fault")

    def __enter__(self) -> Injector:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)

    def finish(self) -> None:
        """Wait for the strikes that are under way; there are no more afterwards."""
        self._pool.shutdown(wait=True)

    def tick(self, requests: int) -> None:
        """The load has come to so many requests: throw what is due. Returns at once; callable from any thread."""
        for at, struck in enumerate(self.struck):
            with self._lock:
                due = requests // struck.options.every
                first, self._due[at] = self._due[at], max(due, self._due[at])
                start = max(0, min(due - first, _AT_ONCE - self._under_way))
                struck.left_out += max(0, due - first - start)
                self._under_way += start
            for number in range(start):
                self._pool.submit(self._strike, struck, first + number)

    def _strike(self, struck: Struck, number: int) -> None:
        assert isinstance(self._peer, DicomAddress)
        try:
            answer = FAULTS[struck.name].act(self._peer, self._local, self._fresh, struck.options, number)
        except ModalityError as error:
            answer = Answer((in_words(error),))
        finally:
            with self._lock:
                self._under_way -= 1
        with self._lock:
            struck.note(answer)


def stamped(instance: PreparedInstance) -> PreparedInstance:
    """The instance as the only one of a new study; its Patient ID says what it is for."""
    uids = {uid: fresh_uid() for uid in (instance.study_uid, instance.series_uid, instance.sop_instance_uid)}
    return instance.stamp({"PatientID": "FAULT"}, uids)
