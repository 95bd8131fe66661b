"""The waits double up to the longest, and up to half of each is left to chance."""

from __future__ import annotations

import pytest

from modality.delivery.outbox.backoff import wait_s


def test_waits_double_up_to_the_longest() -> None:
    assert [wait_s(failures, 0.5, 6.0, 1.0) for failures in range(1, 7)] == [0.5, 1.0, 2.0, 4.0, 6.0, 6.0]


@pytest.mark.parametrize("failures", [1, 3, 1000])
def test_chance_takes_at_most_half(failures: int) -> None:
    whole = wait_s(failures, 0.5, 6.0, 1.0)
    assert wait_s(failures, 0.5, 6.0, 0.0) == whole / 2
    assert wait_s(failures, 0.5, 6.0, 0.5) == whole * 0.75
