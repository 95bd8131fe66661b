"""A load while it runs: on a terminal a bar and the figures so far, nothing of it in a pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modality.load.account import Account
    from modality.load.engine.loop import Watch

_EVERY_S = 0.5


@contextmanager
def live(duration_s: float, count: int) -> Iterator[Watch | None]:
    """What shows an account as it grows; None where nobody sees it.

    Args:
        duration_s: of the run.
        count: requests of the plan.
    """
    if not sys.stderr.isatty():
        yield None
        return
    shown = _Live(duration_s, count)
    try:
        yield shown.watch
    finally:
        shown.close()


class _Live:
    """Begins with the first figures, so that processes that are forked before inherit no thread of it."""

    def __init__(self, duration_s: float, count: int) -> None:
        self._duration_s, self._count = duration_s, count
        self._live: Any = None
        self._last = (0.0, 0)
        self._drawn = 0.0

    def watch(self, account: Account, moment_s: float, waiting: int) -> None:
        """Draw the figures, some times a second."""
        if time.monotonic() - self._drawn < _EVERY_S:
            return
        self._drawn = time.monotonic()
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
            self._live.start()
        self._live.update(self._figures(account, moment_s, waiting), refresh=True)

    def _figures(self, account: Account, moment_s: float, waiting: int) -> Any:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.text import Text

        before_s, before = self._last
        rate = (account.sent - before) / max(moment_s - before_s, 1e-3)
        self._last = moment_s, account.sent
        latency = account.latency.to_json()
        lag = account.send_lag.percentile_ms(99)
        bar = ProgressBar(total=self._duration_s, completed=min(max(moment_s, 0), self._duration_s), width=60)
        first = (
            f"{max(moment_s, 0):.0f} of {self._duration_s:g} s   {rate:.1f}/s now   {account.sent} of {self._count} "
            f"sent   {account.failed} failed   {account.skipped} skipped   {waiting} waiting"
        )
        second = (
            f"latency p50 {_ms(latency['p50'])}   p99 {_ms(latency['p99'])}   max {_ms(latency['max'])}   "
            f"engine's lag p99 {_ms(lag)}"
        )
        return Group(bar, Text(first, style="red" if account.failed or account.skipped else ""), Text(second))

    def close(self) -> None:
        """Take it off the screen."""
        if self._live is not None:
            self._live.stop()


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f} ms"
