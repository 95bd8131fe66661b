"""How far a device's clock is from the box's."""

from __future__ import annotations

from datetime import datetime

import pytest

from modality.edge.sources.device_time import clock_offset_s

NOW = datetime(2026, 11, 25, 0, 1, 0)


@pytest.mark.parametrize(
    ("details", "offset"),
    [
        ({"time": "2026-11-25T00:03"}, 120.0),
        ({"completed": "20261124235900"}, -120.0),
        ({"time": "00:00:30"}, -30.0),
        ({"time": "23:59:00"}, -120.0),
        ({"time": "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_offset_of_what_a_device_says(details: dict[str, str], offset: float | None) -> None:
    assert clock_offset_s(details, NOW) == offset
