"""One stream of instances over several associations at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

from modality.errors import ModalityError
from modality.transfer.destination import Destination, Progress, Receipt
from modality.transfer.instance import PreparedInstance

_LAST_WORDS_S = 1.0  # for associations to be aborted when we are interrupted; a peer may keep one waiting


def store_in_parallel(
    destinations: Sequence[Destination],
    instances: Iterable[PreparedInstance],
    *,
    progress: Progress | None = None,
    receipt: Receipt | None = None,
    on_unusable: Callable[[ModalityError], None] | None = None,
) -> Receipt:
    """Store each instance at whichever destination is free; the receipt is of all of them together.

    What a destination had taken that cannot be used goes to the others. An interruption ends them all: each aborts
    after the instance that it is at.

    Args:
        destinations: the same archive several times over, each with an association of its own.
        instances: taken one at a time, as a destination becomes free.
        progress: called with the number of instances dealt with.
        receipt: takes what was done even when an interruption ends the run.
        on_unusable: takes the error of each destination that could not be used, while others could.

    Raises:
        ModalityError: no destination could be used; it is the first one's error.
    """
    stream = _Shared(instances, progress)
    runs = [_Run(destination, stream) for destination in destinations]
    total = Receipt() if receipt is None else receipt
    try:
        for run in runs:
            run.start()
        for run in runs:
            run.join()
        while stream.returned and (usable := [run for run in runs if not (run.error or run.fault)]):
            usable[0].run()  # what came back when the others had ended
        for run in runs:
            if run.fault:
                raise run.fault
    except BaseException:
        stream.stop()
        until = time.monotonic() + _LAST_WORDS_S
        for run in runs:
            if run.ident is not None:
                run.join(max(until - time.monotonic(), 0))
            total.add(run.receipt)
        raise
    errors = [run.error for run in runs if run.error]
    if len(errors) == len(runs):
        raise errors[0]
    for run in runs:
        total.add(run.receipt)
    for error in errors:
        if on_unusable:
            on_unusable(error)
    return total


class _Stopped(BaseException):
    """Ends a store from within its stream, as an interruption of its own thread would."""


class _Run(threading.Thread):
    """One destination's part of the stream.

    Its thread does not keep the process alive: of an interruption, it hears when its peer has answered.
    """

    def __init__(self, destination: Destination, stream: _Shared) -> None:
        super().__init__(name="association", daemon=True)
        self.receipt = Receipt()
        self.error: ModalityError | None = None
        self.fault: BaseException | None = None
        self._destination, self._stream = destination, stream
        self._report = stream.count()
        self._taken: deque[PreparedInstance] = deque()
        self._told = 0

    def _mine(self) -> Iterator[PreparedInstance]:
        for instance in self._stream:
            self._let_go()
            self._taken.append(instance)
            yield instance

    def _let_go(self) -> None:
        """Hold no instance that has met its fate."""
        dealt_with = self.receipt.dealt_with
        for _ in range(min(dealt_with - self._told, len(self._taken))):
            self._taken.popleft()
        self._told = dealt_with

    def run(self) -> None:
        """Store what comes."""
        try:
            self._destination.store(self._mine(), progress=self._report, receipt=self.receipt)
        except ModalityError as error:
            self.error = error
            self._let_go()
            self._stream.give_back(self._taken)
        except _Stopped:
            pass  # what was done stands in the receipt
        except BaseException as error:  # noqa: BLE001 - a mistake of ours, or the stream's: the caller's thread raises it
            self.fault = error
            self._stream.stop()


class _Shared:
    """An iterator that several threads draw from, and the sum of what they have done."""

    def __init__(self, instances: Iterable[PreparedInstance], progress: Progress | None) -> None:
        self._instances = iter(instances)
        self._progress = progress
        self._lock = threading.Lock()
        self._counts: list[int] = []
        self._stopped = False
        self.returned: deque[PreparedInstance] = deque()

    def give_back(self, taken: Iterable[PreparedInstance]) -> None:
        """Instances that somebody had taken, and that met no fate there."""
        with self._lock:
            self.returned.extend(taken)

    def stop(self) -> None:
        """Whoever asks for one more is stopped instead."""
        self._stopped = True

    def __iter__(self) -> Iterator[PreparedInstance]:
        return self

    def __next__(self) -> PreparedInstance:
        with self._lock:
            if self._stopped:
                raise _Stopped
            return self.returned.popleft() if self.returned else next(self._instances)

    def count(self) -> Progress:
        """What one thread reports its own number to."""
        with self._lock:
            mine = len(self._counts)
            self._counts.append(0)

        def report(done: int) -> None:
            with self._lock:
                if self._stopped:
                    raise _Stopped  # the stream may be at its end, and what was taken ahead not
                self._counts[mine] = done
                if self._progress:
                    self._progress(sum(self._counts))

        return report
