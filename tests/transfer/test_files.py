"""Files as instances: mapped and not read, written whole or not at all, damaged ones refused by name."""

from __future__ import annotations

import errno
import os
import tracemalloc
import zlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from modality.errors import InputError, UsageError
from modality.transfer import deflation
from modality.transfer.encode import prepare
from modality.transfer.files import write_whole
from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import read_meta, write_meta
from modality.transfer.reading import encoded, from_bytes, read
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_LITTLE, TransferSyntax
from tests.transfer.datasets import BASIC, CT_IMAGE, NATIVE, image, written

WHOLE = b"".join(prepare(image()).part10())


@given(st.binary(max_size=400))
def test_any_bytes_are_an_instance_or_an_input_error(data: bytes) -> None:
    for attempt in (
        lambda: from_bytes(data),
        lambda: from_bytes(bytes(128) + b"DICM" + data),
        lambda: from_bytes(write_meta(CT_IMAGE, "1.2", DEFLATED.uid) + data),
        lambda: encoded(data, DEFLATED.uid),
        lambda: encoded(data, "1.2.840.10008.1.2.4.50"),
        lambda: read_meta(data),
    ):
        with suppress(InputError):
            attempt()


@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_gives_an_instance_that_can_be_written_or_an_input_error(at: int, byte: int) -> None:
    data = bytearray(WHOLE)
    data[at] = byte
    with suppress(InputError):
        b"".join(from_bytes(bytes(data)).part10())


@pytest.mark.parametrize("syntax", BASIC, ids=lambda one: one.keyword)
def test_every_truncation_of_a_file_is_refused(syntax: TransferSyntax) -> None:
    instance = prepare(image(), syntax)
    data = b"".join(instance.part10())
    pixels = len(data) - sum(map(len, instance.tail))
    last = len(data) - (1 if syntax.deflated else 0)  # whose last byte may be padding
    for end in range(last):
        try:
            found = from_bytes(data[:end])
        except InputError:
            continue
        # What reads through ends between two elements before the pixels, and nothing of it is lost.
        assert not syntax.deflated
        assert end <= pixels
        assert b"".join(found.part10()) == data[:end]


@pytest.mark.parametrize("syntax", NATIVE, ids=lambda one: one.keyword)
def test_a_bare_data_set_is_read(syntax: TransferSyntax) -> None:
    found = from_bytes(written(image(), syntax))
    assert (found.transfer_syntax_uid, found.sop_instance_uid) == (syntax.uid, "1.2.3.4")


def test_meta_information_without_a_preamble_is_not_part_of_the_data_set() -> None:
    found = from_bytes(WHOLE[132:])
    assert b"".join(found.part10()) == WHOLE


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file"),
        (b"hello, this is a text, and a text is no image" * 20, "not a DICOM file"),
        (WHOLE[:200], "truncated"),
        (WHOLE[:-3], "truncated"),
        (b"".join(prepare(image(SOPInstanceUID="1.2.3")).part10()).replace(b"1.2.3\0", b"../..\0"), "is no UID"),
    ],
)
def test_what_is_no_instance_is_refused_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.dcm"
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"x.dcm: .*{said}"):
        read(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    for path in (tmp_path / "none.dcm", tmp_path):
        with pytest.raises(InputError, match=f"{path.name}: cannot be read"):
            read(path)


def test_a_file_is_mapped_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.dcm"
    prepare(image(Rows=2000, Columns=2000, PixelData=bytes(8_000_000))).write(path)
    tracemalloc.start()
    try:
        found = read(path)
        assert tracemalloc.get_traced_memory()[1] < 200_000
    finally:
        tracemalloc.stop()
    assert found.size > 8_000_000


def test_a_data_set_that_inflates_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deflation, "LARGEST_INFLATED", 1000)
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    with pytest.raises(InputError, match="grows beyond"):
        encoded(deflate.compress(bytes(5000)) + deflate.flush(), DEFLATED.uid)


def test_a_file_written_is_read_by_pydicom(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "one.dcm"
    prepare(image()).write(path, durable=True)
    dataset = dcmread(path)
    assert dataset.file_meta.MediaStorageSOPInstanceUID == dataset.SOPInstanceUID == "1.2.3.4"
    assert (
        dataset.file_meta.FileMetaInformationGroupLength
        == len(write_meta(CT_IMAGE, "1.2.3.4", EXPLICIT_LITTLE.uid)) - 144
    )
    assert [one.name for one in path.parent.iterdir()] == ["one.dcm"]


def test_a_file_is_made_with_the_users_own_mask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "private", [b"x"])
    finally:
        os.umask(before)
    assert (tmp_path / "private").stat().st_mode & 0o777 == 0o600


class FullDisk(BytesIO):
    def write(self, data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, mode: str) -> FullDisk:
        path.touch()
        return FullDisk()

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(UsageError, match=r"one\.dcm: cannot be written: No space left on device"):
        prepare(image()).write(tmp_path / "one.dcm")
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing_behind_and_the_old_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "one.dcm").write_bytes(b"old")

    class Interrupted(PreparedInstance):
        def part10(self, source_aet: str = "") -> Any:
            def parts() -> Any:
                yield b"half"
                raise KeyboardInterrupt

            return parts()

    with pytest.raises(KeyboardInterrupt):
        Interrupted(EXPLICIT_LITTLE.uid, b"").write(tmp_path / "one.dcm")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"old"]
