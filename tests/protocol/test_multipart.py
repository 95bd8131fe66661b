"""Multipart bodies: parts whole from pieces of any size, and rubbish a typed error."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.errors import InvalidResponse
from modality.protocol.multipart import (
    MultipartReader,
    PartBegun,
    PartData,
    PartEnded,
    boundary_of,
    content_type,
    written,
    written_length,
)

BOUNDARY = "b0undary"
Parts = list[tuple[dict[str, str], bytes]]


def body(parts: Iterable[tuple[dict[str, str], bytes]]) -> bytes:
    """The parts as RFC 2046 writes them."""
    text = b""
    for headers, content in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        text += f"\r\n--{BOUNDARY}\r\n{lines}\r\n".encode() + content
    return text + f"\r\n--{BOUNDARY}--".encode()


def parts_of(pieces: Iterable[bytes]) -> Parts:
    """What a reader finds; raises when the events do not make parts."""
    reader = MultipartReader(BOUNDARY)
    parts: Parts = []
    is_open = False
    for piece in pieces:
        for event in reader.receive(piece):
            if isinstance(event, PartBegun):
                assert not is_open
                parts.append((dict(event.headers), b""))
                is_open = True
            elif isinstance(event, PartData):
                assert is_open
                assert event.data
                parts[-1] = (parts[-1][0], parts[-1][1] + event.data)
            else:
                assert isinstance(event, PartEnded)
                is_open = False
    reader.finish()
    assert not is_open
    return parts


def split(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[first:last] for first, last in itertools.pairwise(places)]


def test_a_message_as_wado_rs_answers_it() -> None:
    data = (
        b"--b0undary\r\nContent-Type: application/dicom;\r\n transfer-syntax=1.2\r\nContent-Length: 3\r\n\r\nABC"
        b"\r\n--b0undary \t\r\n\r\nD\r\n--b0undarE\r\n\r\n--b0undary--\r\nepilogue"
    )
    assert parts_of([data]) == [
        ({"content-type": "application/dicom; transfer-syntax=1.2", "content-length": "3"}, b"ABC"),
        ({}, b"D\r\n--b0undarE\r\n"),
    ]


def test_a_preamble_means_nothing_and_a_part_may_have_no_body() -> None:
    assert parts_of([b"preamble\r\n--b0undary\r\nA: 1\r\n\r\n--b0undary--"]) == [({"a": "1"}, b"")]
    assert parts_of([b"--b0undary\r\nA: 1\r\n\r\n\r\n--b0undary--"]) == [({"a": "1"}, b"")]
    assert parts_of([b"--b0undary--"]) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "breaks off before the first part"),
        (b"no boundary at all", "breaks off before the first part"),
        (b"--b0undary", "breaks off after a boundary"),
        (b"--b0undary\r\nA: 1", "breaks off in the headers of a part"),
        (b"--b0undary\r\nA: 1\r\n\r\nbody\r\n--b0undar", "breaks off in a part"),
        (b"--b0undaryX\r\n\r\nbody", "begins with its boundary and goes on"),
        (b"--b0undary\r\nno colon\r\n\r\nbody that goes on\r\n--b0undary--", "without a colon"),
        (b"--b0undary\r\nA: " + b"x" * 70_000, "longer than 65536 bytes"),
    ],
)
def test_a_body_that_is_none_is_an_invalid_response(data: bytes, message: str) -> None:
    with pytest.raises(InvalidResponse, match=message):
        parts_of([data])


NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8)
VALUES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20).map(str.strip)
PIECES = [b"\r\n", b"--", b"b0undary", b"\r\n--b0undary", b": ", b"A", b"\r", b"\n", b"\r\n\r\n", b" ", b"\xff"]


@given(
    st.lists(st.tuples(st.dictionaries(NAMES, VALUES, max_size=3), st.binary(max_size=60)), max_size=4),
    st.lists(st.integers(0, 1000), max_size=8),
)
def test_parts_come_out_as_they_went_in_however_the_body_is_cut(parts: Parts, cuts: list[int]) -> None:
    assert parts_of(split(body(parts), cuts)) == parts


@given(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=8), max_size=20).map(b"".join),
    st.lists(st.integers(0, 200), max_size=6),
)
def test_any_bytes_at_all_give_parts_or_a_typed_error_and_the_same_however_they_are_cut(
    data: bytes, cuts: list[int]
) -> None:
    def outcome(pieces: list[bytes]) -> object:
        try:
            return parts_of(pieces)
        except InvalidResponse as error:
            return str(error)

    assert outcome([data]) == outcome(split(data, cuts))


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; type="application/dicom"; boundary=b0undary',
        'Multipart/Related;boundary="b0undary";type=application/dicom',
        "multipart/related; boundary=b0undary; start=x",
    ],
)
def test_the_boundary_is_read_from_the_content_type(content_type: str) -> None:
    assert boundary_of(content_type) == "b0undary"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/json",
        "multipart/form-data; boundary=x",
        "multipart/related",
        "multipart/related; boundary=" + "x" * 71,
    ],
)
def test_another_content_type_is_an_invalid_response(content_type: str) -> None:
    with pytest.raises(InvalidResponse):
        boundary_of(content_type)


@given(st.text(max_size=60) | st.text("boundary*0=\"';%\\ abc/", max_size=60).map("multipart/related; ".__add__))
def test_any_content_type_gives_a_boundary_or_a_typed_error(content_type: str) -> None:
    with contextlib.suppress(InvalidResponse):
        assert boundary_of(content_type)


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["A", "B-C"]), st.sampled_from(["x", "y; z=1"])),
            st.lists(st.binary(max_size=40), max_size=3),
        ),
        max_size=4,
    )
)
def test_what_is_written_reads_back_and_has_the_length_foretold(
    parts: list[tuple[dict[str, str], list[bytes]]],
) -> None:
    boundary = "0123456789abcdef" * 2
    body = b"".join(bytes(piece) for piece in written(boundary, parts))
    sizes = [(headers, sum(map(len, content))) for headers, content in parts]
    assert written_length(boundary, sizes) == len(body)
    reader = MultipartReader(boundary_of(content_type(boundary, "application/dicom")))
    found: list[tuple[dict[str, str], bytes]] = []
    for event in reader.receive(body):
        if isinstance(event, PartBegun):
            found.append((dict(event.headers), b""))
        elif isinstance(event, PartData):
            found[-1] = (found[-1][0], found[-1][1] + event.data)
    reader.finish()
    assert found == [
        ({name.lower(): text for name, text in headers.items()}, b"".join(content)) for headers, content in parts
    ]
