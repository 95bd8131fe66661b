"""A load in several processes on one machine: each takes its part of the plan, and their accounts are merged."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TYPE_CHECKING, Any

from modality.delivery.signals import uninterrupted
from modality.errors import ModalityError, PeerError, UnreachableError
from modality.load.account import Account
from modality.load.engine.loop import Watch
from modality.load.plain import from_plain, to_plain
from modality.station.processes.life import end_with_the_parent

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from modality.load.engine.run import Load

_LEAD_S = 0.2
_TOLD_S = 0.5


def run_in_processes(load: Load, watch: Watch | None = None) -> Account:
    """Run a load in as many processes as it says.

    The instances are prepared once, and shared by the fork; the processes open their associations, and begin together.

    Raises:
        UnreachableError: nobody answers at the address.
        PeerError: the archive lets no association be, or a process died.
    """
    assert load.material  # prepared here: a child inherits it
    assert load.plan.studies
    context = multiprocessing.get_context("fork")
    pipes: list[Connection] = []
    children: list[BaseProcess] = []
    try:
        for part in range(load.processes):
            ours, theirs = context.Pipe()
            child: BaseProcess = context.Process(target=_part, args=(load, part, theirs), daemon=True)
            child.start()
            theirs.close()
            pipes.append(ours)
            children.append(child)
        for pipe in pipes:
            _expect(pipe, "ready")
        start_at = time.time() + _LEAD_S
        for pipe in pipes:
            pipe.send(start_at)
        return _gathered(pipes, children, watch)
    finally:
        for child in children:
            if child.is_alive():
                child.terminate()
        for child in children:
            child.join(5)
        for pipe in pipes:
            pipe.close()


def _expect(pipe: Connection, what: str) -> Any:
    """The next message of a child, of this sort."""
    try:
        found, value = pipe.recv()
    except EOFError:
        raise PeerError("a process of the load ended without a word") from None
    if found == "error":
        unreachable, said = value
        raise UnreachableError(said) if unreachable else PeerError(said)
    assert found == what, found
    return value


def _gathered(pipes: list[Connection], children: list[BaseProcess], watch: Watch | None) -> Account:
    total, waiting = Account(), dict.fromkeys(range(len(pipes)), 0)
    open_pipes = {id(pipe): number for number, pipe in enumerate(pipes)}
    left, interrupted = list(pipes), False
    shown: dict[int, Account] = {}
    while left:
        try:
            for pipe in wait(left):
                assert isinstance(pipe, Connection)
                number = open_pipes[id(pipe)]
                with uninterrupted():  # else what has come half would be lost, and an account be entered half
                    kind, value = _message(pipe)
                    if kind == "account":
                        total.merge(from_plain(value))
                        left.remove(pipe)
                    elif kind == "so far" and watch:
                        plain, moment, waiting[number] = value
                        shown[number] = from_plain(plain)
                        watch(_merged(shown), moment, sum(waiting.values()))
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            for child in children:
                child.terminate()  # a child takes it as an interruption: it skips what waits, and gives its account
    return total


def _message(pipe: Connection) -> tuple[str, Any]:
    try:
        kind, value = pipe.recv()
    except EOFError:
        raise PeerError("a process of the load ended without its account") from None
    if kind == "error":
        unreachable, said = value
        raise UnreachableError(said) if unreachable else PeerError(said)
    return kind, value


def _merged(parts: dict[int, Account]) -> Account:
    whole = Account()
    for one in parts.values():
        whole.merge(one)
    return whole


def _part(load: Load, part: int, pipe: Connection) -> None:
    """One process: its part of the plan."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent tells of a Ctrl-C, which the terminal sends to all
    signal.signal(signal.SIGTERM, _interrupt)
    end_with_the_parent()  # a load whose parent was killed would go on to the end of its plan
    told = [0.0]

    def watch(account: Account, moment: float, waiting: int) -> None:
        if moment - told[0] >= _TOLD_S:
            told[0] = moment
            brief = Account(account.scenario, account.run_id, account.seed, account.duration_s)
            brief.counts, brief.bytes, brief.finished_s = dict(account.counts), account.bytes, account.finished_s
            brief.statuses = dict(account.statuses)
            brief.latency, brief.send_lag = account.latency, account.send_lag
            pipe.send(("so far", (to_plain(brief), moment, waiting)))

    def start_at() -> float:
        pipe.send(("ready", None))
        return float(pipe.recv())

    try:
        loop = load.loop(part, watch)
        loop.start_at = start_at
        account = loop.run()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it has ended: an interruption would cut the account in two
        with suppress(OSError):  # whom it is for has given up
            pipe.send(("account", to_plain(account)))
    except (ModalityError, KeyboardInterrupt) as error:
        with suppress(OSError):
            pipe.send(("error", (isinstance(error, UnreachableError), str(error) or "interrupted")))
    finally:
        pipe.close()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
