"""Processes of our own that share a work, ourselves among them, and its parts in order."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import count, islice
from typing import Any, Generic, TypeVar

from modality.station.processes.life import end_with_the_parent, leave_interruptions

Task = TypeVar("Task")
Sent = TypeVar("Sent")
Part = TypeVar("Part")

_MOST_OWN = 8  # parts of our own that wait in memory until those before them are done
_CLAIMS = 4096  # more than tasks that are given out at a time
_CLAIM_S = 10.0  # who claims holds the lock for microseconds, unless it was ended meanwhile


def forks() -> bool:
    """Whether a process here can begin as a copy of this one."""
    return "fork" in multiprocessing.get_all_start_methods()


class Others:
    """Processes beside this one; an interruption is left to us.

    Forked where that can be: what was made before is then shared, and a script that embeds us need not guard its main
    module.

    Args:
        number: how many.
        begin: called in each, at its start.
        *told: what it is called with.
    """

    def __init__(self, number: int, begin: Callable[..., None], *told: Any) -> None:
        context = multiprocessing.get_context("fork" if forks() else "spawn")
        self.number = number
        # A task that is taken back is claimed, and not cancelled: of a pool that breaks, cancelled ones hang the rest.
        self.claims = context.Array("q", _CLAIMS)
        self.pool = ProcessPoolExecutor(number, context, _begin, (self.claims, begin, told))

    def end(self) -> None:
        """Wait for what they are at, and end them."""
        self.pool.shutdown(cancel_futures=True)


_claims: Any = None


def _begin(claims: Any, begin: Callable[..., None], told: tuple[Any, ...]) -> None:
    global _claims  # noqa: PLW0603 - what this process shares with us, told once
    _claims = claims
    leave_interruptions()
    end_with_the_parent()
    begin(*told)


def _claimed(claims: Any, number: int) -> bool:
    """Whether a task is ours from now on, and nobody else's."""
    lock = claims.get_lock()
    if not lock.acquire(timeout=_CLAIM_S):
        raise BrokenProcessPool("a process was ended while it took a task")
    try:
        free: bool = claims[number % _CLAIMS] != number
        claims[number % _CLAIMS] = number
    finally:
        lock.release()
    return free


def _done(theirs: Callable[[Task], Sent], number: int, task: Task) -> Sent | None:
    return theirs(task) if _claimed(_claims, number) else None


@dataclass(frozen=True)
class Shared(Generic[Task, Sent, Part]):
    """A work that processes share.

    Args:
        others: who does it with us.
        theirs: does a task in one of them; what it returns comes by a pipe, and is small.
        taken: what it returned, as the part.
        ours: does a task here.
        ahead: tasks for each of the others to have before it, so that none waits for us.
    """

    others: Others
    theirs: Callable[[Task], Sent]
    taken: Callable[[Sent], Part]
    ours: Callable[[Task], Part]
    ahead: int

    def in_order(self, tasks: Iterator[Task]) -> Iterator[Part]:
        """The parts in order; the others begin at once, and while the next part is not done, we take a task back.

        Who only gathered would take a part of a processor, and leave the rest of it idle.

        Raises:
            BrokenProcessPool: a process was ended from outside.
        """
        given = _Given(self, tasks)
        given.hand_out()
        return given.parts()


class _Given(Generic[Task, Sent, Part]):
    """The tasks that are given out, in order."""

    def __init__(self, work: Shared[Task, Sent, Part], tasks: Iterator[Task]) -> None:
        self._work = work
        self._tasks = zip(count(1), tasks)
        self._waiting: deque[tuple[int, Task, Future[Sent | None] | _Own[Part]]] = deque()
        self._ahead = min(work.ahead * work.others.number, _CLAIMS // 2)

    def parts(self) -> Iterator[Part]:
        while self._waiting:
            self.hand_out()
            _, _, first = self._waiting[0]
            if isinstance(first, Future) and not first.done() and self._take_back():
                continue
            self._waiting.popleft()
            if isinstance(first, _Own):
                yield first.part
                continue
            sent = first.result()
            assert sent is not None  # only what we took is left to us
            yield self._work.taken(sent)

    def hand_out(self) -> None:
        theirs = sum(isinstance(made, Future) and not made.done() for _, _, made in self._waiting)
        submit = self._work.others.pool.submit
        for number, task in islice(self._tasks, self._ahead - theirs):
            self._waiting.append((number, task, submit(_done, self._work.theirs, number, task)))

    def _take_back(self) -> bool:
        """Do a task that none of the others has begun, if there is one, and room for what we make of it."""
        if sum(isinstance(made, _Own) for _, _, made in self._waiting) < _MOST_OWN:
            for index, (number, task, made) in enumerate(self._waiting):
                if isinstance(made, Future) and not made.done() and _claimed(self._work.others.claims, number):
                    self._waiting[index] = number, task, _Own(self._work.ours(task))
                    return True
        return False


@dataclass(frozen=True, slots=True)
class _Own(Generic[Part]):
    part: Part
