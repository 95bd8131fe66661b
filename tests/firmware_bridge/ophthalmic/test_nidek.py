from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.driver import Event
from firmware_bridge.drivers.ophthalmic.nidek import NIDEK_AR, NIDEK_KM, NIDEK_LM, NIDEK_NT
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Reply
from tests.firmware_bridge.conversation import driver_of, ends, numbers, replies, talk, values, whole

# What an LM-600P and an LM-7P sent, with their own checksums.
LM_600P = (
    b"\x01DLM\x02IDNIDEK/LM-600P\x17 R-06.50-01.50010\x17PR00.00I\x17PR00.00U\x17"
    b" L-05.75-01.50179\x17PL00.00O\x17PL00.00U\x17\x041372"
)
LM_7P = (
    b"\x01DLM\x02IDNIDEK/LM-7P\x17DA2021.10.20.16:45\x17 R+03.78-00.52118\x17PR00.02O\x17PR00.09U\x17"
    b" L+03.77-00.51118\x17PL00.02I\x17PL00.09U\x17\x0416E7"
)


def block(header: str, *segments: str, cr: str = "") -> bytes:
    return f"\x01{header}\x02".encode() + "".join(f"{one}\x17{cr}" for one in segments).encode()


def frame(header: str, *segments: str, checksum: bool = True, cr: str = "") -> bytes:
    return closed(block(header, *segments, cr=cr), checksum=checksum)


def closed(blocks: bytes, *, checksum: bool = True) -> bytes:
    data = blocks + b"\x04"
    return data + (b"%04X" % (sum(data) & 0xFFFF) if checksum else b"") + b"\r"


def read(data: bytes, name: str = "nidek-lm", **settings: Any) -> dict[tuple[str, str], Any]:
    events = whole(driver_of(name, **settings), data)
    return {(one.name, one.details.get("eye", "")): one.value for one in values(events)}


def test_frames_that_lensmeters_sent_are_read() -> None:
    assert read(LM_600P) == {
        ("sphere", "R"): -6.5,
        ("cylinder", "R"): -1.5,
        ("axis", "R"): 10,
        ("prism", "R"): 0.0,
        ("sphere", "L"): -5.75,
        ("cylinder", "L"): -1.5,
        ("axis", "L"): 179,
        ("prism", "L"): 0.0,
    }
    found = values(whole(driver_of("nidek-lm"), LM_7P))
    assert [(one.name, one.value, one.unit) for one in found[:3]] == [
        ("sphere", 3.78, "[diop]"),
        ("cylinder", -0.52, "[diop]"),
        ("axis", 118, "deg"),
    ]
    prisms = [(one.value, one.details["eye"], one.details["base"]) for one in found if one.name == "prism"]
    assert prisms == [(0.02, "R", "OUT"), (0.09, "R", "UP"), (0.02, "L", "IN"), (0.09, "L", "UP")]
    assert found[0].details == {
        "eye": "R", "checked": True, "manufacturer": "NIDEK", "model": "LM-7P", "time": "2021-10-20T16:45",
    }  # fmt: skip


def test_a_frame_whose_checksum_fails_gives_no_value_and_one_without_is_unchecked() -> None:
    driver = driver_of("nidek-lm")
    assert values(driver.feed(LM_7P.replace(b"+03.78", b"+03.79"))) == []
    assert driver.rejected_frames == 1
    found = values(whole(driver_of("nidek-lm"), LM_7P[:-4] + b"\r"))
    assert [one.value for one in found[:3]] == [3.78, -0.52, 118]
    assert {one.details["checked"] for one in found} == {False}


@pytest.mark.parametrize("digits", [b"16E", b"G6E7", b"16E7"[:2] + b"\r\n", b"    ", b"16F7"])
def test_a_damaged_checksum_is_not_taken_for_none(digits: bytes) -> None:
    driver = driver_of("nidek-lm")
    assert values(whole(driver, LM_7P[:-4] + digits)) == []
    assert driver.rejected_frames == 1


def test_a_device_that_has_sent_checksums_owes_them() -> None:
    driver = driver_of("nidek-lm")
    events = driver.feed(LM_7P + b"\r" + LM_7P[:-4] + b"\r")
    assert ends(events) == ["message"]
    assert driver.rejected_frames == 1
    assert read(LM_7P[:-4] + b"\r", checksum="required") == {}


def test_carriage_returns_behind_segments_may_count_or_not() -> None:
    segments = (" R-01.25-00.75120", "PD64")
    data = block("DLM", *segments, cr="\r") + b"\x04"
    counted = data + b"%04X\r\n" % (sum(data) & 0xFFFF)
    left_out = data + b"%04X\r\n" % (sum(data.replace(b"\r", b"")) & 0xFFFF)
    assert read(counted) == read(left_out)
    assert read(counted)[("sphere", "R")] == -1.25
    assert read(counted)[("pupillary_distance", "")] == 64.0


def test_additions_single_lenses_and_distances_are_read() -> None:
    data = frame("DLM", "  +01.00+00.00000", "AR+02.00", "AL+02.25", "A +00.75", "NR+03.00", "PD64.031.532.5")
    assert read(data) == {
        ("sphere", ""): 1.0,
        ("cylinder", ""): 0.0,
        ("axis", ""): 0,
        ("add", "R"): 2.0,
        ("add", "L"): 2.25,
        ("add", ""): 0.75,
        ("near_sphere", "R"): 3.0,
        ("pupillary_distance", ""): 64.0,
        ("pupillary_distance", "R"): 31.5,
        ("pupillary_distance", "L"): 32.5,
    }


def test_a_combined_instrument_says_all_in_one_frame() -> None:
    blocks = (
        block("DRM", "IDNIDEK/TONOREF2", "VD12.00", "OR-05.00-00.25090", "OL-05.25-00.751099", "PD64")
        + block("DKM", " L07.9507.7117607.83-01.25")
        + block("DNT", " R03     10/1.3*1     12/1.6  AV11.0/1.43", " L01 APL")
    )
    found = values(whole(driver_of("nidek-ar"), closed(blocks)))
    by_name: dict[str, list[Any]] = {}
    for one in found:
        by_name.setdefault(one.name, []).append(one)
    assert [(one.value, one.details["eye"]) for one in by_name["sphere"]] == [(-5.0, "R"), (-5.25, "L")]
    assert by_name["axis"][1].value == 109
    assert by_name["axis"][1].details["reliability"] == "9"
    assert [(one.value, one.details["meridian"], one.details.get("axis")) for one in by_name["corneal_radius"]] == [
        (7.95, "flat", 176), (7.71, "steep", 86), (7.83, "average", None),
    ]  # fmt: skip
    assert by_name["corneal_cylinder"][0].value == -1.25
    (pressure,) = by_name["intraocular_pressure"]
    assert (pressure.value, pressure.unit, pressure.details["readings"]) == (11.0, "mm[Hg]", [10.0, 12.0])
    assert [(one.value, one.details["eye"]) for one in by_name["error"]] == [("APL", "L")]
    assert {one.details["model"] for one in found} == {"TONOREF2"}


def test_thickness_and_single_pressures_are_read() -> None:
    found = values(whole(driver_of("nidek-nt"), frame("DPM", " R03 519 521 520 AV520")))
    assert [(one.name, one.value, one.unit) for one in found] == [("corneal_thickness", 520.0, "um")]
    alone = values(whole(driver_of("nidek-nt"), frame("DNT", " L02     19/2.5     18/2.4")))
    assert [(one.value, one.details["statistic"]) for one in alone] == [(19.0, "reading"), (18.0, "reading")]


def test_errors_are_given_as_what_the_device_says() -> None:
    assert read(frame("DLM", "IE"))[("error", "")] == "IE"
    assert read(frame("DNT", " R01 ERR"))[("error", "R")] == "ERR"


def test_a_value_that_cannot_be_is_flagged_and_not_dropped() -> None:
    sphere, cylinder, axis = values(whole(driver_of("nidek-lm"), frame("DLM", " R-60.00-00.25200")))
    assert sphere.details["plausible"] is False
    assert "plausible" not in cylinder.details
    assert axis.details["plausible"] is False


def test_a_segment_that_is_not_understood_is_named_without_what_stands_in_it() -> None:
    driver = driver_of("nidek-lm")
    driver.feed(frame("DLM", "UVR099", "3456789 Anna Smith", " R-01.00-00.25090"))
    said = " ".join(driver.warnings)
    assert "'UV'" in said
    assert "Anna" not in said
    assert "34" not in said


def test_a_frame_that_lost_its_end_does_not_mix_with_the_next() -> None:
    first, second = block("DLM", " R-01.00-00.25090", "AR+02.00"), frame("DLM", " R-09.00-00.50045")
    for broken in (first, first[:-3]):
        driver = driver_of("nidek-lm")
        assert numbers(driver.feed(broken + second)) == [("sphere", -9.0), ("cylinder", -0.5), ("axis", 45)]
        assert driver.rejected_frames == 1
        unchecked = driver_of("nidek-lm")
        found = numbers(unchecked.feed(broken + frame("DLM", " R-09.00-00.50045", checksum=False)))
        assert found == [("sphere", -9.0), ("cylinder", -0.5), ("axis", 45)]
        assert unchecked.rejected_frames == 1


def test_silence_after_the_end_says_that_no_checksum_comes() -> None:
    driver = driver_of("nidek-lm")
    assert driver.feed(frame("DLM", "PD64", checksum=False)[:-1]) == []
    assert driver.waited(0.4) == []
    assert numbers(driver.waited(0.2)) == [("pupillary_distance", 64.0)]
    driver.feed(block("DLM", "PD64"))
    assert driver.waited(9) == []
    driver.waited(2)
    assert driver.skipped_bytes == len(block("DLM", "PD64"))


def test_the_device_that_asks_is_answered_only_in_the_mode_that_says_so() -> None:
    ask = b"\x01C**\x02RS\x17\x04\r"
    assert replies(driver_of("nidek-lm", mode="nidek").feed(ask)) == [Reply(b"\x01CLM\x02SD\x17\x04\r", False, b"")]
    assert replies(driver_of("nidek-nt", mode="nidek", cr=False).feed(ask)) == [
        Reply(b"\x01CNt\x02SD\x17\x04", False, b"")
    ]
    silent = driver_of("nidek-ar")
    assert silent.feed(ask) == []
    assert any("mode = 'nidek'" in line for line in silent.warnings)


@pytest.mark.parametrize("name", ["nidek-lm", "nidek-ar", "nidek-km", "nidek-nt"])
@pytest.mark.parametrize("mode", ["ncp10", "nidek"])
@pytest.mark.parametrize("simulated", [{}, {"cr": True}, {"checksum": False}])
def test_a_simulated_instrument_is_understood(name: str, mode: str, simulated: dict[str, Any]) -> None:
    done = talk(name, 31, simulated={"mode": mode, **simulated}, settings={"mode": mode})
    assert len(done.said) >= 12
    assert done.heard == done.said
    assert [one.details.get("eye") for one in values(done.events)] == [
        one.details.get("eye") for one in values(done.simulator.said)
    ]


@pytest.mark.parametrize("line", ["lose=200", "flip=200"])
def test_no_value_of_a_broken_frame_appears(line: str) -> None:
    done = talk("nidek-lm", 1000, line=[line])
    assert done.driver.rejected_frames > 50
    truth = set(done.said)
    assert len(done.heard) > 300
    assert set(done.heard) <= truth


@given(
    st.lists(
        st.sampled_from([LM_7P, LM_600P[:-4], block("DNT", " R01 ERR"), b"\x01", b"\x04\r", b"\x17"]) | st.binary()
    )
)
def test_any_bytes_in_any_chunks_give_the_same(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    one, other = driver_of("nidek-lm"), driver_of("nidek-lm")
    bytewise: list[Event] = []
    for at in range(len(data)):
        bytewise += other.feed(data[at : at + 1])
    bytewise += other.finish()
    assert whole(one, data) == bytewise
    for name in ("skipped_bytes", "rejected_frames", "frames", "warnings"):
        assert getattr(one, name) == getattr(other, name)


@given(
    st.text(alphabet=" RLORPDAVNIEC0123456789.+-/*", max_size=40), st.sampled_from(["DLM", "DRM", "DKM", "DNT", "DPM"])
)
def test_no_segment_breaks_it(segment: str, header: str) -> None:
    driver = driver_of("nidek-lm")
    whole(driver, frame(header, segment))
    assert driver.frames == 1


def test_each_instrument_is_recognised_by_its_own_header() -> None:
    tables = (NIDEK_LM, NIDEK_AR, NIDEK_KM, NIDEK_NT)
    assert [one.recognise(b"\x7f" + LM_7P) for one in tables] == [0.99, 0.0, 0.0, 0.0]
    combined = closed(block("DRM", "PD64") + block("DKM", " R07.9507.71176"))
    assert [one.recognise(combined) for one in tables] == [0.0, 0.99, 0.9, 0.0]
    assert NIDEK_NT.recognise(frame("DNT", " R01 ERR", checksum=False)) == 0.8


@pytest.mark.parametrize(
    ("settings", "says"),
    [({"mode": "ncp20"}, "ncp10"), ({"command": "LM"}, "CLM"), ({"checksum": "none"}, "auto"), ({"mod": "x"}, "mode")],
)
def test_a_setting_that_does_not_fit_is_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        driver_of("nidek-lm", **settings)


def test_without_a_checksum_a_segment_that_lost_a_byte_is_counted_and_gives_no_value() -> None:
    body = b"\x01DLM\x02IDNIDEK/LM-7P\x17 R-06.50-01.50010\x17 L+01.25-00.50090\x17\x04\r"
    whole_ = driver_of("nidek-lm")
    assert len(whole_.feed(body)) == 7
    assert whole_.rejected_frames == 0
    at = body.index(b"06.50")
    damaged = driver_of("nidek-lm")
    found = damaged.feed(body[:at] + body[at + 1 :])
    assert [one.details["eye"] for one in found[:-1]] == ["L"] * 3  # type: ignore[union-attr]
    assert damaged.rejected_frames == 1
    readings = driver_of("nidek-ar")
    readings.feed(b"\x01DRM\x02 R-01.25-00.50090\x17OR-01.25-00.50090\x17 L            \x17\x04\r")
    assert readings.rejected_frames == 0, "single readings and blank fields are no errors"
