"""The walk over encoded data sets: whatever the bytes, it ends in a layout or an InputError."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.datadict import dictionary_VR, keyword_for_tag

from modality.errors import InputError
from modality.transfer.elements import TEXT_TAGS, UID_TAGS, Layout, replace, scan, skim
from modality.transfer.syntaxes import TransferSyntax
from tests.transfer.datasets import NATIVE, image, random_datasets, written

UNDEFINED = 0xFFFFFFFF


def test_keywords_and_tags_are_those_of_the_dictionary() -> None:
    assert {tag: keyword_for_tag(tag) for tag in UID_TAGS | TEXT_TAGS} == UID_TAGS | TEXT_TAGS
    assert {dictionary_VR(tag) for tag in UID_TAGS} == {"UI"}
    assert "UI" not in {dictionary_VR(tag) for tag in TEXT_TAGS}


@given(st.binary(max_size=300), st.booleans(), st.booleans())
def test_any_bytes_give_a_layout_or_an_input_error(data: bytes, explicit: bool, little_endian: bool) -> None:
    with suppress(InputError):
        assert isinstance(scan(data, explicit=explicit, little_endian=little_endian), Layout)


@given(random_datasets(), st.sampled_from(NATIVE), st.data())
def test_a_changed_byte_gives_a_layout_or_an_input_error(dataset: Dataset, syntax: TransferSyntax, draw: st.DataObject):
    data = bytearray(written(dataset, syntax))
    data[draw.draw(st.integers(0, len(data) - 1))] = draw.draw(st.integers(0, 255))
    with suppress(InputError):
        layout = scan(data, explicit=syntax.explicit, little_endian=syntax.little_endian)
        assert all(place.offset + place.length <= len(data) for place in layout.places)


@given(random_datasets(), st.sampled_from(NATIVE), st.integers(0, 400))
def test_a_skim_finds_what_a_scan_finds_at_the_top_and_refuses_what_is_too_short(
    dataset: Dataset, syntax: TransferSyntax, missing: int
) -> None:
    data = written(dataset, syntax)
    found = skim(data, explicit=syntax.explicit, little_endian=syntax.little_endian)
    expected = scan(data, explicit=syntax.explicit, little_endian=syntax.little_endian)
    top = [place.tag for place in expected.places if place.depth == 0]
    assert [place.tag for place in found.places if place.depth == 0] == top
    assert found.pixels == expected.pixels
    cut = data[: max(0, len(data) - missing)]
    assert reads(skim, cut, syntax) is reads(scan, cut, syntax)


def reads(walk: Callable[..., Layout], data: bytes, syntax: TransferSyntax) -> bool:
    try:
        walk(data, explicit=syntax.explicit, little_endian=syntax.little_endian)
    except InputError:
        return False
    return True


@given(st.binary(max_size=200), st.booleans(), st.booleans())
def test_any_bytes_are_skimmed_or_refused(data: bytes, explicit: bool, little_endian: bool) -> None:
    with suppress(InputError):
        layout = skim(data, explicit=explicit, little_endian=little_endian)
        assert all(place.offset + place.length <= len(data) for place in layout.places)


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda one: one.keyword)
def test_every_truncation_is_refused_or_ends_between_two_elements(syntax: TransferSyntax) -> None:
    dataset = image()
    dataset["ReferencedImageSequence"].is_undefined_length = True
    dataset.ReferencedImageSequence[0].is_undefined_length_sequence_item = True
    data = written(dataset, syntax)
    whole = set()
    for end in range(len(data)):
        with suppress(InputError):
            scan(data[:end], explicit=syntax.explicit, little_endian=syntax.little_endian)
            whole.add(end)
    boundaries, partial = {0}, Dataset()
    for element in dataset:
        partial.add(element)
        boundaries.add(len(written(partial, syntax)))
    assert whole == boundaries - {len(data)}


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    size = len(value) if length is None else length
    if vr in (b"SQ", b"UN", b"OB"):
        return head + struct.pack("<HI", 0, size) + value
    return head + struct.pack("<H", size) + value


def item(value: bytes, length: int | None = None) -> bytes:
    end = b"" if length != UNDEFINED else struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHI", 0xFFFE, 0xE000, len(value) if length is None else length) + value + end


END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def test_un_of_undefined_length_holds_implicit_elements() -> None:
    inner = struct.pack("<HHI", 0x0008, 0x1155, 4) + b"1.2\0"
    data = element(0x00091001, b"UN", item(inner) + END, UNDEFINED) + element(0x00100020, b"LO", b"P1")
    layout = scan(data, explicit=True, little_endian=True)
    assert [(place.tag, place.depth) for place in layout.places] == [(0x00081155, 1), (0x00100020, 0)]


def test_a_sequence_without_end_may_not_leave_the_item_around_it() -> None:
    inner = element(0x00081140, b"SQ", item(b""), UNDEFINED)
    data = element(0x00081115, b"SQ", item(inner)) + END
    with pytest.raises(InputError, match=r"no end|no item|out of place"):
        scan(data, explicit=True, little_endian=True)


def test_a_sequence_longer_than_the_item_around_it_is_truncated() -> None:
    inner = element(0x00081140, b"SQ", b"", 16)
    data = element(0x00081115, b"SQ", item(inner)) + element(0x00100020, b"LO", b"0123456789")
    with pytest.raises(InputError, match="ends too early"):
        scan(data, explicit=True, little_endian=True)


def test_nesting_without_end_is_refused() -> None:
    data = b"".join(
        struct.pack("<HH2sHI", 8, 0x1140, b"SQ", 0, UNDEFINED) + item(b"", UNDEFINED)[:8] for _ in range(500)
    )
    with pytest.raises(InputError, match="nested deeper"):
        scan(data, explicit=True, little_endian=True)


def test_no_edit_changes_nothing() -> None:
    data = written(image(), NATIVE[0])
    assert replace(data, [], little_endian=True) == data


def test_encapsulated_fragments_are_followed_to_their_end() -> None:
    pixels = element(0x7FE00010, b"OB", item(b"") + item(b"\1\2\3\4") + END, UNDEFINED)
    trailing = struct.pack("<HH2sHI", 0xFFFC, 0xFFFC, b"OB", 0, 2) + b"\0\0"
    layout = scan(element(0x00100020, b"LO", b"P1") + pixels + trailing, explicit=True, little_endian=True)
    assert layout.pixels == 10
    for end in range(11, 10 + len(pixels)):
        with pytest.raises(InputError):
            scan((element(0x00100020, b"LO", b"P1") + pixels)[:end], explicit=True, little_endian=True)
