"""A scan names the patient of what comes after it, for a while; it survives a restart of the box only."""

from __future__ import annotations

import struct
import threading
from pathlib import Path

import pytest

from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig
from modality.edge.events import Events
from modality.edge.sources import barcode
from modality.edge.sources.barcode import BarcodeSource, Scans
from modality.edge.sources.keyboard import Keys
from modality.errors import StorageFailed
from tests.edge.sources.line import Line

DEVICES = (
    DeviceConfig("lens", "nidek-lm", port="x", matching="barcode", barcode_s=60.0),
    DeviceConfig("fixed", "nidek-lm", port="x", patient_id="P"),
)


@pytest.fixture
def outbox(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Outbox(tmp_path / "state") as made:
        yield made


def _source(scans: Scans, events: Events) -> BarcodeSource:
    return BarcodeSource(DeviceConfig("scanner", "barcode", port="x"), scans, events)


def test_a_scan_holds_for_its_devices_and_its_time(outbox: Outbox) -> None:
    now = [100.0]
    scans = Scans(outbox, BoxClock("always", monotonic=lambda: now[0]), DEVICES)
    assert scans.holding("lens") == ""
    scans.take("P77")
    assert (scans.holding("lens"), scans.holding("fixed"), scans.holding("none")) == ("P77", "", "")
    now[0] += 60
    again = Scans(outbox, BoxClock("always", monotonic=lambda: now[0]), DEVICES)
    assert again.holding("lens") == "P77", "after a restart, too"
    now[0] += 1
    assert again.holding("lens") == ""


def test_of_another_start_of_the_machine_no_scan_holds(outbox: Outbox) -> None:
    Scans(outbox, BoxClock("always"), DEVICES).take("P77")
    clock = BoxClock("always")
    clock._boot = "another"
    assert Scans(outbox, clock, DEVICES).holding("lens") == ""


def test_lines_are_codes_however_they_come_and_rubbish_is_refused(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, codes, events = threading.Event(), list[str](), Events()
    scans = Scans(outbox, BoxClock("always"), DEVICES)
    scans.follow.append(lambda: codes.append(scans.holding("lens")))
    line = Line([b"P", b"77\r", b"\nACC 1\r\n", b"\\bad\n", b"9" * 300 + b"\r", b"\x02P9\x03\r"], stop)
    monkeypatch.setattr(barcode, "open_port", line.open)
    source = _source(scans, events)
    source.run(stop)
    assert codes == ["P77", "ACC 1", "P9"]
    snapshot = source.snapshot()
    assert (snapshot["captures"], snapshot["rejected_frames"]) == (3, 2)
    assert not any("P77" in event.text for event in events.recent()), "a log holds no patient's data"


def test_a_scan_that_is_not_safe_does_not_hold(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise StorageFailed("full")

    stop, events = threading.Event(), Events()
    scans = Scans(outbox, BoxClock("always"), DEVICES)
    monkeypatch.setattr(outbox, "remember", full)
    monkeypatch.setattr(barcode, "open_port", Line([b"P77\r"], stop).open)
    _source(scans, events).run(stop)
    assert scans.holding("lens") == ""
    assert events.recent()[-1].text == "the scan does not hold: full"


def _typed(*keys: tuple[int, int]) -> bytes:
    return b"".join(struct.pack("llHHi", 0, 0, 1, code, value) for code, value in keys)


def test_keys_are_typed_text_with_shift_and_enter() -> None:
    keys = Keys()
    p = [(42, 1), (25, 1), (25, 0), (42, 0)]
    assert keys.text(_typed(*p, (8, 1), (8, 0), (12, 1), (71, 1), (28, 1), (28, 0))) == b"P7-7\r"
    assert keys.text(struct.pack("llHHi", 0, 0, 4, 4, 30) + _typed((30, 1))) == b"a", "scan codes are no keys"


def test_half_an_event_waits_for_its_rest() -> None:
    keys, data = Keys(), _typed((16, 1), (17, 1))
    assert [keys.text(data[at : at + 7]) for at in range(0, len(data), 7)] == [b"", b"", b"", b"q", b"", b"", b"w"]
