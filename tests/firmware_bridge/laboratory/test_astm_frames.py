from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.driver import Event
from firmware_bridge.drivers.laboratory.astm import ASTM, Astm
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Reply
from tests.firmware_bridge.conversation import driver_of, ends, numbers, replies, talk, values, whole

ENQ, EOT, ACK, NAK = b"\x05", b"\x04", b"\x06", b"\x15"
SAFE = Reply(ACK, True, NAK)
AGAIN = Reply(NAK, False, b"")

# One frame each of a Roche cobas c111 (every frame ends with ETB) and a Horiba Yumizen H500, with the sums they sent.
COBAS = b"\x024R|1|^^^413|40.13|g/L||N||F||$SYS$||20230803131700\r\x17CE\r\n"
YUMIZEN = b"\x021R|5|^^^MPV^32623-1|9.2|um3|7.3 - 11.3^REFERENCE_RANGE|N||F||MATYL^^USER|20230329110631||\r\x03E3\r\n"


def frame(number: int, text: str, end: bytes = b"\x03") -> bytes:
    body = b"%d" % number + text.encode("latin-1") + end
    return b"\x02" + body + b"%02X\r\n" % (sum(body) % 256)


HEADER = frame(1, "H|\\^&|||SIM\r")
RESULT = frame(2, "R|1|^^^GLU|5.5|mmol/L\r")
LAST = frame(3, "L|1|N\r")


def test_frames_that_devices_sent_are_taken_with_their_own_sums() -> None:
    astm = driver_of("astm")
    events = astm.feed(ENQ + HEADER + COBAS + YUMIZEN)
    assert numbers(events + astm.finish()) == [("413", 40.13), ("MPV", 9.2)]
    assert (astm.rejected_frames, astm.frames) == (0, 3)


def test_each_frame_waits_for_its_bytes_to_be_safe_and_is_refused_when_they_cannot_be() -> None:
    assert replies(driver_of("astm").feed(ENQ + HEADER + RESULT + LAST)) == [SAFE] * 4


def test_a_frame_with_a_wrong_sum_is_refused_and_taken_when_it_comes_again() -> None:
    broken = RESULT.replace(b"5.5", b"9.5")
    astm = driver_of("astm")
    events = astm.feed(ENQ + HEADER + broken)
    assert replies(events) == [SAFE, SAFE, AGAIN]
    events = astm.feed(RESULT + LAST + EOT)
    assert numbers(events) == [("GLU", 5.5)]
    assert astm.rejected_frames == 1


def test_a_frame_that_comes_again_is_acknowledged_and_not_doubled() -> None:
    astm = driver_of("astm")
    events = astm.feed(ENQ + HEADER + RESULT + RESULT + LAST + LAST + EOT)
    assert numbers(events) == [("GLU", 5.5)]
    assert replies(events) == [SAFE] * 6
    assert ends(events) == ["session"]


def test_a_record_goes_on_behind_etb_within_a_field() -> None:
    parts = frame(2, "R|1|^^^GLU|5.", b"\x17") + frame(3, "5|mmol/L\r", b"\x17") + frame(4, "L|1|N\r")
    events = whole(driver_of("astm"), ENQ + HEADER + parts + EOT)
    assert [(one.name, one.value, one.unit) for one in values(events)] == [("GLU", 5.5, "mmol/L")]


def test_a_wrong_sum_of_a_frame_with_etb_costs_no_value() -> None:
    first = frame(2, "R|1|^^^GLU|5.", b"\x17")
    astm = driver_of("astm")
    events = astm.feed(ENQ + HEADER + first.replace(b"5.", b"7.") + first + frame(3, "5|mmol/L\r") + EOT)
    assert numbers(events) == [("GLU", 5.5)]


def test_numbers_go_on_after_seven_with_nought() -> None:
    results = b"".join(frame(number % 8, f"R|{number}|^^^T{number}|{number}|\r") for number in range(2, 20))
    astm = driver_of("astm", strict_numbers=True)
    events = astm.feed(ENQ + HEADER + results)
    assert len(numbers(events + astm.finish())) == 18
    assert astm.rejected_frames == 0


def test_a_record_is_never_glued_over_a_frame_that_is_missing() -> None:
    """5.| and |9 are no 5.9: without the frame between them both halves go, and the next record is whole."""
    begin = frame(2, "P|1||P1\rR|1|^^^GLU|5.", b"\x17")
    behind = frame(4, "9|mmol/L\rR|2|^^^K|4.1|mmol/L\r")
    astm = driver_of("astm")
    events = astm.feed(ENQ + HEADER + begin + behind + EOT)
    assert numbers(events) == [("K", 4.1)]
    assert astm.rejected_frames == 1
    assert any("a frame is missing" in one for one in astm.warnings)
    astm = driver_of("astm")
    events = astm.feed(ENQ + HEADER + begin + frame(4, "9|mmol/L", b"\x17") + frame(5, "|N\rR|2|^^^K|4.1|mmol/L\r"))
    events += astm.finish()
    assert numbers(events) == [("K", 4.1)], "the rest of the torn record may itself be several frames"


@pytest.mark.parametrize("how", ["sum", "end", "alone"])
def test_results_behind_a_frame_that_is_missing_are_nobodys_yet(how: str) -> None:
    """The frame that named the second patient is broken, and the device goes on: they are not the first one's."""
    named = {
        "sum": frame(4, "P|1||P2\r").replace(b"P2", b"P3"),
        "end": frame(4, "P|1||P2\r").replace(b"\x03", b""),
        "alone": b"",
    }[how]
    begun = frame(3, "O|1|S1\rR|1|^^^GLU|5.5|mmol/L\r") if named else frame(3, "O|1|S1\rR|1|^^^GLU|5.", b"\x17")
    first = frame(2, "P|1||P1\r") + begun
    rest = frame(5, "O|1|S2\r") + frame(6, "R|1|^^^K|4.1|mmol/L\r") + frame(7, "L|1\r")
    astm = driver_of("astm")
    events = values(astm.feed(ENQ + HEADER + first + named + rest + EOT))
    whose = {one.name: one.details["patient_id"] for one in events}
    assert whose["K"] == ""
    assert whose.get("GLU", "P1") == "P1"
    assert any("a frame is missing" in one for one in astm.warnings)


def test_of_a_device_that_miscounts_a_frame_that_comes_again_is_the_one_that_lacked() -> None:
    """A Yumizen begins anew with 1 behind its comments: one of those that is refused and repeated tears nothing."""
    comment = frame(4, "C|1|I|text|I\r")
    again = frame(1, "R|1|^^^GLU|5.5|mmol/L\r")
    begun = ENQ + HEADER + frame(2, "P|1||P1\r") + frame(3, "O|1|S1\r") + comment
    astm = driver_of("astm")
    (found,) = values(astm.feed(begun + again.replace(b"5.5", b"7.5") + again + frame(2, "L|1\r") + EOT))
    assert (found.value, found.details["patient_id"]) == (5.5, "P1")


def test_a_device_that_does_not_count_is_read_all_the_same() -> None:
    astm = driver_of("astm")
    said = [frame(1, "P|1||P1\r"), frame(1, "R|1|^^^GLU|5.", b"\x17"), frame(1, "5|mmol/L\r"), frame(1, "L|1\r")]
    assert numbers(astm.feed(ENQ + HEADER + b"".join(said) + EOT)) == [("GLU", 5.5)]
    assert astm.rejected_frames == 0


def test_a_number_that_does_not_follow_is_said_and_with_strict_numbers_refused() -> None:
    loose, strict = driver_of("astm"), driver_of("astm", strict_numbers=True)
    data = ENQ + HEADER + frame(5, "R|1|^^^GLU|5.5|\r")
    assert replies(loose.feed(data))[-1] == SAFE
    assert any("number" in line for line in loose.warnings)
    assert replies(strict.feed(data))[-1] == AGAIN
    assert numbers(strict.finish()) == []


@pytest.mark.parametrize("tail", [b"\r\n", b"\r", b"\n", b""])
def test_the_end_of_a_frames_line_may_be_missing(tail: bytes) -> None:
    session = b"".join(one[:-2] + tail for one in (HEADER, RESULT, LAST))
    assert numbers(whole(driver_of("astm"), ENQ + session + EOT)) == [("GLU", 5.5)]


def test_without_an_end_of_line_silence_brings_the_answer() -> None:
    astm = driver_of("astm")
    astm.feed(ENQ)
    assert astm.feed(HEADER[:-2]) == []
    assert astm.waited(1.0) == []
    assert astm.waited(1.0) == [SAFE]


def test_an_enquiry_with_nothing_behind_it_is_answered_and_completes_nothing() -> None:
    assert driver_of("astm").feed(ENQ + EOT + ENQ + EOT) == [SAFE, SAFE]


def test_the_receivers_timer_ends_a_session_that_broke_off() -> None:
    astm = driver_of("astm")
    astm.feed(ENQ + HEADER + RESULT)
    assert astm.waited(29.0) == []
    events = astm.waited(1.0)
    assert (numbers(events), ends(events)) == ([("GLU", 5.5)], ["interrupted session"])
    assert replies(astm.feed(frame(3, "R|2|^^^NA|140|\r"))) == [AGAIN]  # nobody says any more whose it is


def test_a_frame_whose_end_was_lost_is_asked_for_again_before_the_device_gives_up() -> None:
    """Else it waits 15 s, ends the session, and sends all of it once more: results would double."""
    astm = driver_of("astm")
    astm.feed(ENQ + HEADER + RESULT.replace(b"\x03", b""))
    assert astm.waited(1.0) == []
    assert astm.waited(1.5) == [AGAIN]
    assert astm.rejected_frames == 1
    assert astm.waited(3.0) == [], "once"
    assert numbers(astm.feed(RESULT + LAST + EOT)) == [("GLU", 5.5)]


def test_a_device_that_gives_up_within_a_frame_is_heard_when_it_asks_again() -> None:
    astm = driver_of("astm")
    astm.feed(ENQ + HEADER + RESULT[:9])
    assert astm.feed(EOT + ENQ) == []  # they may be bytes of the frame
    assert replies(astm.waited(2.0)) == [SAFE]
    assert numbers(astm.feed(HEADER + RESULT + LAST + EOT)) == [("GLU", 5.5)]


def test_a_header_in_frame_one_begins_anew_when_the_end_of_the_session_before_was_lost() -> None:
    events = driver_of("astm").feed(ENQ + HEADER + RESULT + LAST + HEADER + RESULT + LAST + EOT)
    assert ends(events) == ["session", "session"]
    assert numbers(events) == [("GLU", 5.5)] * 2


def test_recordings_of_one_side_and_of_both_say_the_same() -> None:
    one = HEADER + RESULT + LAST
    both = ENQ + ACK + HEADER + ACK + RESULT + NAK + RESULT + ACK + LAST + ACK + EOT
    assert numbers(whole(driver_of("astm"), one)) == numbers(whole(driver_of("astm"), both)) == [("GLU", 5.5)]
    assert ends(whole(driver_of("astm"), one)) == ["session"]


def test_text_that_turned_into_an_end_is_no_frame_even_when_the_sum_happens_to_hold() -> None:
    text = b"2R|1|^^^GLU|5.5|\x03"
    forged = b"\x02" + text + b"%02X" % (sum(text) % 256) + b"mmol/L\r\x0300\r\n"
    astm = driver_of("astm")
    assert numbers(astm.feed(ENQ + HEADER + forged) + astm.finish()) == []
    assert astm.rejected_frames == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"encodin": "utf-8"}, "did you mean 'encoding'"),
        ({"encoding": "klingon"}, "klingon"),
        ({"encoding": "utf-16"}, "utf-16"),
        ({"encoding": "hex"}, "hex"),
        ({"sample_component": -1}, "sample_component"),
        ({"strict_numbers": 1}, "strict_numbers"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Astm(settings)


@given(
    st.lists(st.sampled_from([ENQ, EOT, ACK, HEADER, RESULT, LAST, COBAS, RESULT[:7], LAST[3:], b"\x02"]) | st.binary())
)
def test_any_bytes_in_any_chunks_give_the_same(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    one, other = driver_of("astm"), driver_of("astm")
    bytewise: list[Event] = []
    for at in range(len(data)):
        bytewise += other.feed(data[at : at + 1])
    bytewise += other.finish()
    assert whole(one, data) == bytewise
    for name in ("skipped_bytes", "rejected_frames", "frames", "warnings"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("fault", ["bad-checksum", "lost-ack", "repeated"])
@pytest.mark.parametrize("simulated", [{}, {"records": "all", "frame": 60}])
def test_a_simulated_analyzers_results_arrive_once(fault: str, simulated: dict[str, Any]) -> None:
    done = talk("astm", 190, simulated=simulated, faults=[fault])
    assert len(done.said) >= 5
    assert done.heard[: len(done.said)] == done.said  # with lost-ack, a session may be under way
    assert (done.driver.rejected_frames > 0) == (fault == "bad-checksum")


@pytest.mark.parametrize("line", ["lose=2000", "flip=2000"])
def test_nothing_is_wrong_or_lost_on_a_bad_line(line: str) -> None:
    """Two changed bytes of one frame may cancel in the sum; one in 300 changed bytes would show it now and then."""
    done = talk("astm", 600, simulated={"records": "all"}, line=[line])
    assert len(done.said) > 400
    assert done.driver.rejected_frames > 10
    truth = [(one.details["sample_id"], one.name, one.value) for one in values(done.simulator.said)]
    heard = [(one.details["sample_id"], one.name, one.value) for one in values(done.events)]
    assert heard[: len(truth)] == truth
    assert len({sample for sample, _, _ in heard[len(truth) :]}) <= 1  # the session that was under way


def test_it_is_recognised_by_a_frame_and_suspected_by_an_enquiry() -> None:
    assert ASTM.recognise(b"\xff" + HEADER) > 0.9
    assert 0.2 < ASTM.recognise(ENQ * 2) < 0.6
    assert ASTM.recognise(b"\x01DLM\x02IDNIDEK/LM-7P\x17\x04") == 0.0
