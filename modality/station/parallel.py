"""One stream of instances over several associations at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from modality.errors import ModalityError
from modality.transfer.destination import Destination, Progress, Receipt
from modality.transfer.instance import PreparedInstance


def store_in_parallel(
    destinations: Sequence[Destination],
    instances: Iterable[PreparedInstance],
    *,
    progress: Progress | None = None,
) -> Receipt:
    """Store each instance at whichever destination is free; the receipt is of all of them together.

    A destination that cannot be used costs the instance that it had taken, and the others go on.

    Args:
        destinations: the same archive several times over, each with an association of its own.
        instances: taken one at a time, as a destination becomes free.
        progress: called with the number of instances dealt with.

    Raises:
        ModalityError: no destination could be used; it is the first one's error.
    """
    stream = _Shared(instances, progress)
    with ThreadPoolExecutor(len(destinations), thread_name_prefix="association") as pool:
        runs = [pool.submit(_run, destination, stream) for destination in destinations]
        done = [run.result() for run in runs]
    errors = [error for _, error in done if error]
    if len(errors) == len(destinations):
        raise errors[0]
    total = Receipt()
    for receipt, _ in done:
        total.add(receipt)
    return total


def _run(destination: Destination, stream: _Shared) -> tuple[Receipt, ModalityError | None]:
    taken: list[PreparedInstance] = []

    def mine() -> Iterator[PreparedInstance]:
        for instance in stream:
            taken[:] = [instance]
            yield instance

    try:
        return destination.store(mine(), progress=stream.count()), None
    except ModalityError as error:
        receipt = Receipt()
        for one in taken:
            receipt.fail(one.sop_instance_uid, error)
        return receipt, error


class _Shared:
    """An iterator that several threads draw from, and the sum of what they have done."""

    def __init__(self, instances: Iterable[PreparedInstance], progress: Progress | None) -> None:
        self._instances = iter(instances)
        self._progress = progress
        self._lock = threading.Lock()
        self._counts: list[int] = []

    def __iter__(self) -> Iterator[PreparedInstance]:
        return self

    def __next__(self) -> PreparedInstance:
        with self._lock:
            return next(self._instances)

    def count(self) -> Progress:
        """What one thread reports its own number to."""
        with self._lock:
            mine = len(self._counts)
            self._counts.append(0)

        def report(done: int) -> None:
            with self._lock:
                self._counts[mine] = done
                if self._progress:
                    self._progress(sum(self._counts))

        return report
