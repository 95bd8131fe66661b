"""Tests that measure time, on a machine that does other things too.

What a test says of durations holds on a machine that gives it its turn. One that is held up for a moment is run again:
a fault of ours shows in every run, a neighbour's burst of work does not. What a test says of anything but durations
has to hold in each run.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec

P = ParamSpec("P")
RUNS = 8


class HeldUpError(Exception):
    """What was measured is not as it should be: the machine's fault, or ours."""


@contextmanager
def durations(*errors: type[Exception]) -> Iterator[None]:
    """Holds the assertions of a test on how long something took, and what raises such errors when it took too long."""
    try:
        yield
    except (AssertionError, *errors) as error:
        raise HeldUpError(str(error)) from error


def measured(test: Callable[P, None]) -> Callable[P, None]:
    """Runs a test again, as long as nothing but its durations is amiss; the last of eight runs counts as it is.

    Each run has a `tmp_path` of its own; other fixtures are the same in all of them.
    """

    @functools.wraps(test)
    def runs(*arguments: P.args, **options: P.kwargs) -> None:
        folder = options.get("tmp_path")
        for number in range(1, RUNS + 1):
            if isinstance(folder, Path):
                options["tmp_path"] = folder / f"run-{number}"
                (folder / f"run-{number}").mkdir()
            try:
                return test(*arguments, **options)
            except HeldUpError:
                if number == RUNS:
                    raise
        return None

    return runs
