"""What every kind of the table owes, in every transfer syntax that can carry it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modality.errors import UnsupportedError
from modality.registry import KINDS
from modality.station.study import Study, generate
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TABLE, TransferSyntax

EVERY = [pytest.param(kind, syntax, id=f"{kind}-{syntax.keyword}") for kind in KINDS.entries for syntax in TABLE]
# From pixels, of 12 bits or of colour: not what these are for.
RECOMPRESSION = {"JPEGXLJPEGRecompression": "JPEG baseline streams"}
GREY_REFUSED = RECOMPRESSION | {"JPEGBaseline8Bit": "8 bits"}
COLOUR_REFUSED = RECOMPRESSION | {"JPEGExtended12Bit": "RGB"}
SLIDE = {"rows": 96, "columns": 80, "tile_size": 64, "mpp": 4.0, "levels": 2}
SLICES = {"rows": 96, "columns": 80, "slices": 2}
# Greatest value, and PSNR in dB against it that a lossy default must reach; what was lost may not be noticed.
TWELVE_BITS, EIGHT_BITS = (4095, 45.0), (255, 28.0)
# Debian's dciodvfy knows neither deflation nor these; DCMTK inflates, and of the rest our decoded twin is judged.
UNKNOWN_TO_DCIODVFY = ("HTJ2K", "JPEGXL", "EncapsulatedUncompressed")


def small(kind: str, syntax: TransferSyntax = EXPLICIT_LITTLE) -> Study:
    if syntax.encoding and syntax.keyword != "RLELossless":
        pytest.importorskip("imagecodecs")
    slide = KINDS.load(kind).slides is not None
    options, refused = (SLIDE, COLOUR_REFUSED) if slide else (SLICES, GREY_REFUSED)
    if slide:
        pytest.importorskip("segno")
    if syntax.keyword in refused:
        with pytest.raises(UnsupportedError, match=refused[syntax.keyword]):
            list(generate(kind, seed=4, transfer_syntax=syntax, **options))
        pytest.skip("refused, as it has to be")
    return generate(kind, seed=4, transfer_syntax=syntax, **options)


def values(instance: PreparedInstance) -> np.ndarray:
    found: np.ndarray = transcode(instance, EXPLICIT_LITTLE).dataset().pixel_array.astype(np.int32)
    return found


@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_pixels_and_uids_do_not_depend_on_the_transfer_syntax(kind: str, syntax: TransferSyntax) -> None:
    for one, plain in zip(small(kind, syntax), small(kind), strict=True):
        assert one.transfer_syntax_uid == syntax.uid
        assert one.sop_instance_uid == plain.sop_instance_uid
        found, expected = values(one), values(plain)
        if syntax.lossless:
            assert np.array_equal(found, expected)
            assert one.dataset().get("LossyImageCompression", "00") == "00"
        else:
            error = float(np.mean((found - expected) ** 2))
            greatest, psnr_db = EIGHT_BITS if one.dataset().BitsAllocated == 8 else TWELVE_BITS
            assert error == 0 or 10 * np.log10(greatest**2 / error) >= psnr_db
            assert one.dataset().LossyImageCompression == "01"
            assert one.dataset().LossyImageCompressionRatio > 1


@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_a_file_gives_back_the_instance(kind: str, syntax: TransferSyntax, tmp_path: Path) -> None:
    for one in small(kind, syntax):
        one.write(tmp_path / "one.dcm")
        again = read(tmp_path / "one.dcm")
        assert again.dataset() == one.dataset()
        assert b"".join(again.part10()) == (tmp_path / "one.dcm").read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_the_validator_finds_no_error(
    kind: str, syntax: TransferSyntax, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    for index, one in enumerate(small(kind, syntax)):
        path = tmp_path / f"{index}.dcm"
        unknown = syntax.keyword.startswith(UNKNOWN_TO_DCIODVFY)
        (transcode(one, EXPLICIT_LITTLE) if unknown else one).write(path)
        if syntax.deflated:
            subprocess.run(["/usr/bin/dcmconv", "+te", path, path], check=True)
        assert dciodvfy(path) == []


@pytest.mark.parametrize("kind", KINDS.entries)
def test_one_seed_is_one_study_and_other_options_are_another(kind: str) -> None:
    counts = {"levels": (1, 2)} if KINDS.load(kind).slides else {"slices": (2, 3)}
    uids = {
        generate(kind, seed=seed, **{name: count}, rows=128, columns=112, assignments=assignments).uid
        for seed in (1, 2)
        for name, some in counts.items()
        for count in some
        for assignments in ({}, {"StudyDescription": "X"})
    }
    assert len(uids) == 8
    assert small(kind).uid == small(kind).uid
