"""A message's parts, escape sequences, explicit nulls, and what is no message."""

from __future__ import annotations

import logging
import sys

import pytest

from modality.errors import MissingExtraError
from modality.protocol.hl7 import message
from modality.protocol.hl7.message import Message, groups
from modality.protocol.hl7.refusal import Refusal
from tests.protocol.hl7.messages import ORM, text

MSH = "MSH|^~\\&|A|B|C|D|2026||ORM^O01|1|P|2.3.1"


def segment(line: str, header: str = MSH) -> message.Segment:
    return Message(f"{header}\r{line}\r".encode()).segments[1]


def test_fields_repetitions_components_and_subcomponents_are_numbered_from_1() -> None:
    pid = segment("PID|1||A^B&C^D~E&F||X")
    assert [part(1).text for part in pid.all(3)] == ["A", "E"]
    assert [pid(3)(number).text for number in (1, 2, 3, 4)] == ["A", "B", "D", ""]
    assert (pid(3)(2)(2).text, pid.all(3)[1](1)(2).text, pid.all(3)[1](1)(3).text) == ("C", "F", "")
    assert (pid(5)(1)(1).text, pid(5)(2).text, pid(99).text) == ("X", "", "")
    assert (pid.name, pid.occurrence) == ("PID", 1)


def test_the_header_counts_its_own_separator_as_field_1() -> None:
    header = Message(text(ORM).encode()).header
    assert [header(number).text for number in (3, 10, 11, 12)] == ["HIS", "M1", "P", "2.3.1"]


def test_other_delimiters_are_taken_from_the_header() -> None:
    parsed = segment("PID#1##A!B*C$D", "MSH#!*/$#A#B#C#D#2026##ORM!O01#1#P#2.3.1")
    assert [part(1).text for part in parsed.all(3)] == ["A", "C"]
    assert (parsed(3)(2).text, parsed.all(3)[1](1)(2).text) == ("B", "D")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (r"a\F\b", "a|b"),
        (r"a\S\b\T\c\R\d\E\e", "a^b&c~d\\e"),
        (r"\X41\\X42C3\Z", "ABÃZ"),
        (r"a\.br\b", "a\nb"),
        (r"\H\bold\N\ .", "bold ."),
        (r"a\.sp999999999\b", "a\nb"),
        (r"a\C2842\b\Zxy\c\XZZ\d", "abcd"),
        ("lone \\ stays", "lone \\ stays"),
    ],
)
def test_escape_sequences_are_resolved_once(sent: str, read: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert segment(f"NTE|1||{sent}", f"{MSH}||||||8859/1")(3).text == read
    assert not caplog.records


def test_an_explicit_null_is_there_and_has_no_text() -> None:
    pid = segment('PID|1||""|"" |')
    assert (len(pid.all(3)), pid(3).null, pid(3).text) == (1, True, "")
    assert pid(4).null
    assert pid.all(5) == []
    assert not pid(5).null


@pytest.mark.parametrize("newline", ["\r", "\n", "\r\n"])
def test_segments_may_end_with_any_newline(newline: str) -> None:
    parsed = Message(f"{MSH}{newline}PID|1{newline}PV1|1{newline}".encode())
    assert [one.name for one in parsed.segments] == ["MSH", "PID", "PV1"]


def test_groups_begin_with_their_segment_and_leave_out_what_stands_before() -> None:
    parsed = Message(f"{MSH}\rPID|1\rORC|NW\rOBR|1\rORC|CA\rOBR|2\rNTE|1\r".encode())
    assert [[one.name for one in group] for group in groups(parsed.segments, "ORC")] == [
        ["ORC", "OBR"],
        ["ORC", "OBR", "NTE"],
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MSH",
        b"MSH|",
        b"MSH|^~\\&",
        b"MSH||||||",
        b"MSH|^^^^|A",
        b"MSH|^~|A",
        b"MSHA^~\\&AB",
        b"PID|1",
        b"FHS|^~\\&|",
        b"BHS|^~\\&|\rMSH|^~\\&|A",
        f"{MSH}\r{MSH}\r".encode(),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_message_is_rejected(content: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        Message(content)
    assert (caught.value.acknowledgment, caught.value.code) == ("AR", 100)


def test_a_message_of_delimiters_is_rejected_before_it_costs_anything() -> None:
    with pytest.raises(Refusal, match="more than 20000 fields") as caught:
        Message(f"{MSH}\rPID|{'^' * 20_000}".encode())
    assert caught.value.acknowledgment == "AR"


def test_without_the_parser_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hl7", None)
    with pytest.raises(MissingExtraError, match=r"modality-simulator\[hl7\]"):
        Message(text(ORM).encode())
