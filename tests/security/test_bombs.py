"""A few bytes that would become many: deflate, and compressed frames whose headers promise gigabytes."""

from __future__ import annotations

import json
import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import numpy as np
import pytest

from modality.errors import InputError, UnsupportedError, UsageError
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.faults import Fault
from modality.transfer import deflation
from modality.transfer.codecs.pixels import LARGEST_DECODED, PixelFormat
from modality.transfer.codecs.table import BY_KEYWORD, TABLE
from modality.transfer.encode import transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_UID
from tests.security.attacks import bare, dataset, deflated_file, file, with_memory

JPEG, J2K, RLE, JXL = "JPEGBaseline8Bit", "JPEG2000Lossless", "RLELossless", "JPEGXLLossless"
READ = """
import json
from pathlib import Path
from modality.errors import ModalityError
from modality.transfer.reading import read
from modality.transfer.encode import transcode
from modality.transfer.syntaxes import BY_UID
import modality.transfer.pixels, modality.transfer.codecs.table, imagecodecs
def attack(*paths):
    said = {}
    for path in paths:
        try:
            transcode(read(Path(path)), BY_UID["1.2.840.10008.1.2.1"])
            said[Path(path).stem] = "read"
        except ModalityError as error:
            said[Path(path).stem] = str(error)
    print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What became of each bomb, read and decoded by a process with 250 MiB to spare."""
    folder = tmp_path_factory.mktemp("bombs")
    bombs = {"deflated": deflated_file(bare(dataset()), 1 << 30)}  # 1 MB that becomes 1 GiB
    for keyword in (JPEG, J2K, RLE):  # header and data set agree on 4 GiB
        bombs[keyword] = image(keyword, patched(keyword, 65535, 65535), 65535, 65535)
    # Two bytes make 128: 8 MB would make 512 MiB, for a plane of 256 bytes.
    bombs["segment"] = image(RLE, struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0" * 4_000_000, 16, 16)
    for name, content in bombs.items():
        assert len(content) < 10_000_000
        (folder / f"{name}.dcm").write_bytes(content)
    return cast("dict[str, str]", json.loads(with_memory(250, READ, *(str(folder / f"{one}.dcm") for one in bombs))))


def test_a_deflate_bomb_is_given_up_early(outcomes: dict[str, str]) -> None:
    assert "grows beyond" in outcomes["deflated"]


def test_an_archive_refuses_a_deflate_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deflation, "SMALL", 1 << 20)
    with SimulatedArchive() as archive:
        incoming = archive.files.incoming([deflated_file(bare(dataset()), 64 << 20)])
        filed = archive.filing.take(incoming, Fault(), {}, "")
        incoming.discard()
        assert (filed.status, archive.studies) == (0xC000, [])
        assert "grows beyond" in filed.comment


def test_what_real_images_inflate_to_is_read(tmp_path: Path) -> None:
    path = tmp_path / "empty.dcm"
    path.write_bytes(deflated_file(bare(dataset()), 40 << 20))  # as an empty segmentation of 40 MiB
    assert sum(map(len, read(path).tail)) > 40 << 20


def fragments(data: bytes) -> bytes:
    """Pixel Data of one fragment."""
    data += b"\0" * (len(data) % 2)
    head = struct.pack("<HH2sHIHHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF, 0xFFFE, 0xE000, 0)
    return head + struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def image(keyword: str, data: bytes, rows: int, columns: int, **more: Any) -> bytes:
    values = {
        "Rows": rows, "Columns": columns, "SamplesPerPixel": 1, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7,
        "PixelRepresentation": 0, "PhotometricInterpretation": "MONOCHROME2",
    }  # fmt: skip
    return file(dataset(**(values | more)), BY_KEYWORD[keyword].uid) + fragments(data)


def small(keyword: str, side: int = 16) -> bytes:
    pixels = PixelFormat(side, side, 1, 8, 8, False, "MONOCHROME2")
    return BY_KEYWORD[keyword].encode(np.zeros((side, side), np.uint8), pixels)


def patched(keyword: str, rows: int, columns: int) -> bytes:
    """A frame of 16 by 16 whose header promises more."""
    data = bytearray(small(keyword))
    if keyword == JPEG:
        at = data.index(b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", rows, columns)
    elif keyword == J2K:
        at = data.index(b"\xff\x51")
        data[at + 6 : at + 14] = data[at + 22 : at + 30] = struct.pack(">II", columns, rows)  # image and tile size
    return bytes(data)


@pytest.mark.parametrize("keyword", [JPEG, J2K, RLE])
def test_a_header_and_a_data_set_that_both_promise_4_gib_are_refused(keyword: str, outcomes: dict[str, str]) -> None:
    assert "is not decoded here" in outcomes[keyword]


@pytest.mark.parametrize("keyword", [JPEG, J2K, JXL])
def test_a_header_that_contradicts_the_data_set_is_refused_before_it_is_decoded(keyword: str) -> None:
    """The data set says 16 by 16, and the stream more."""
    data = patched(keyword, 60000, 60000) if keyword != JXL else small(keyword, 2000)
    pixels = PixelFormat(16, 16, 1, 8, 8, False, "MONOCHROME2")
    with pytest.raises(InputError, match="the stream holds"):
        BY_KEYWORD[keyword].decode(data, pixels)


@pytest.mark.parametrize("encoding", TABLE, ids=lambda one: str(one.keyword))
def test_no_codec_is_asked_for_a_frame_of_more_than_512_mib(encoding: Any) -> None:
    assert LARGEST_DECODED == 512 << 20
    with pytest.raises(UnsupportedError, match="not decoded here"):
        encoding.decode(b"\0" * 1000, PixelFormat(32768, 32768, 1, 8, 8, False, "MONOCHROME2"))


def test_an_rle_segment_that_goes_on_after_its_plane_is_cut(outcomes: dict[str, str]) -> None:
    assert outcomes["segment"] == "read"


def test_an_rle_frame_of_too_few_bytes_is_refused_before_anything_is_allocated() -> None:
    data = struct.pack("<16I", 1, 64, *[0] * 14) + b"\x81\0"
    with pytest.raises(InputError, match="too few bytes"):
        BY_KEYWORD[RLE].decode(data, PixelFormat(20000, 20000, 1, 8, 8, False, "MONOCHROME2"))


@pytest.mark.parametrize("frames", ["2147483647", "999999999999", "-1"])
def test_frames_without_number_are_refused(frames: str, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.dcm"
    bomb.write_bytes(image(RLE, small(RLE), 16, 16, NumberOfFrames=frames))
    began = time.process_time()
    with pytest.raises((InputError, UsageError)):
        transcode(read(bomb), BY_UID["1.2.840.10008.1.2.1"])
    assert time.process_time() - began < 2


@pytest.fixture(scope="module")
def keeping() -> Iterator[SimulatedArchive]:
    """An archive that keeps an image of 4 GiB a frame and 2 billion frames, as a few bytes say."""
    bomb = image(RLE, small(RLE), 65535, 65535, NumberOfFrames="2147483647")
    with SimulatedArchive(web=Web()) as archive:
        assert archive.filing.take(archive.files.incoming([bomb]), Fault(), {}, "").status == 0
        yield archive


@pytest.mark.parametrize("what", ["rendered", "frames/1", "frames/2147483647", "thumbnail", "metadata", ""])
def test_a_web_service_that_keeps_a_bomb_answers_and_goes_on(what: str, keeping: SimulatedArchive) -> None:
    url = f"{keeping.web_address}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.4"
    accept = {"": "application/dicom", "metadata": "application/dicom+json"}.get(what, "*/*")
    began = time.process_time()
    answered = httpx.get(f"{url}/{what}".rstrip("/"), headers={"Accept": accept}, timeout=100)
    assert answered.status_code < 500
    assert time.process_time() - began < 5  # of this process, which the archive is in
    assert httpx.get(f"{keeping.web_address}/studies").status_code == 200


def test_no_module_unpacks_archives() -> None:
    """Whoever adds one adds its bomb here."""
    root = Path(deflation.__file__).parents[2]
    unpacks = re.compile(r"\b(zipfile|tarfile|gzip|bz2|lzma|unpack_archive|zstandard|py7zr)\b")
    found = {
        str(path.relative_to(root))
        for package in ("modality", "firmware_bridge", "phantoms")
        for path in (root / package).rglob("*.py")
        if unpacks.search(path.read_text(encoding="utf-8"))
    }
    assert found == set()
