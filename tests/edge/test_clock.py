"""What was captured before the clock was right gets its time when that is known, and says so until then."""

from __future__ import annotations

from datetime import datetime, timedelta

from modality.delivery.outbox.item import Moment
from modality.edge.clock import BoxClock, boot, since_boot_s, synchronized

EPOCH = datetime(1970, 1, 1, 0, 0, 10)


def test_a_moment_is_anchored_when_the_time_arrives() -> None:
    wall, monotonic, right = [EPOCH], [100.0], [False]
    clock = BoxClock(wall=lambda: wall[0], monotonic=lambda: monotonic[0], synchronized=lambda: right[0])
    captured = clock.moment()
    assert (captured.trusted, captured.wall) == (False, EPOCH)
    monotonic[0] += 30
    wall[0] += timedelta(seconds=30)
    assert clock.anchored(captured) == captured, "nobody knows better yet"
    wall[0], right[0] = datetime(2026, 11, 25, 12, 0), True
    monotonic[0] += 15
    anchored = clock.anchored(captured)
    assert anchored.trusted
    assert anchored.wall == datetime(2026, 11, 25, 12, 0) - timedelta(seconds=45)


def test_of_another_start_of_the_machine_nothing_is_known() -> None:
    clock = BoxClock("always")
    moment = Moment(EPOCH, 5.0, "another boot", trusted=False)
    assert clock.anchored(moment) == moment


def test_the_configuration_may_say_whether_the_clock_is_right() -> None:
    assert BoxClock("always", synchronized=lambda: False).trusted
    assert not BoxClock("never", synchronized=lambda: True).trusted
    assert BoxClock("auto", synchronized=lambda: True).trusted


def test_the_system_is_asked() -> None:
    assert isinstance(synchronized(), bool)
    assert len(boot()) == 36
    first = since_boot_s()
    assert 0 < first <= since_boot_s()
