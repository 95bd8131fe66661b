"""The log of happenings, and waiting for one."""

from __future__ import annotations

import threading

import pytest

from modality.simulated.events import EventLog, Happening


def test_who_waits_is_woken_by_what_is_written():
    log = EventLog()
    writer = threading.Timer(0.02, log.write, [Happening("C-ECHO", "CT01", 0x0000)])
    writer.start()
    log.write(Happening("C-STORE", "CT01", 0x0000, "1.2"))
    assert [one.calling_aet for one in log.wait_for("C-ECHO")] == ["CT01"]
    assert [one.uid for one in log.of("C-STORE")] == ["1.2"]
    writer.join()


def test_waiting_in_vain_is_a_timeout():
    with pytest.raises(TimeoutError, match="0 of 2 C-FIND"):
        EventLog().wait_for("C-FIND", 2, timeout_s=0.01)


def test_the_log_is_bounded():
    log = EventLog()
    for number in range(10_500):
        log.write(Happening("C-STORE", "CT01", 0x0000, str(number)))
    assert len(log) == 10_000
    assert next(iter(log)).uid == "500"
