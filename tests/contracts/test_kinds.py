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
# 12 bits, from pixels: not what these are for.
REFUSED = {"JPEGBaseline8Bit": "8 bits", "JPEGXLJPEGRecompression": "JPEG baseline streams"}
# PSNR in dB against 4095 that a lossy default must reach for CT; what was lost may not be noticed.
PSNR_DB = 45.0
# Debian's dciodvfy knows neither deflation nor these; DCMTK inflates, and of the rest our decoded twin is judged.
UNKNOWN_TO_DCIODVFY = ("HTJ2K", "JPEGXL", "EncapsulatedUncompressed")


def small(kind: str, syntax: TransferSyntax = EXPLICIT_LITTLE) -> Study:
    if syntax.encoding and syntax.keyword != "RLELossless":
        pytest.importorskip("imagecodecs")
    if syntax.keyword in REFUSED:
        with pytest.raises(UnsupportedError, match=REFUSED[syntax.keyword]):
            list(generate(kind, seed=4, transfer_syntax=syntax, slices=1, rows=48, columns=40))
        pytest.skip("refused, as it has to be")
    return generate(kind, seed=4, transfer_syntax=syntax, slices=2, rows=96, columns=80)


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
            assert error == 0 or 10 * np.log10(4095**2 / error) >= PSNR_DB
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
    uids = {
        generate(kind, seed=seed, slices=slices, rows=48, columns=40, assignments=assignments).uid
        for seed in (1, 2)
        for slices in (2, 3)
        for assignments in ({}, {"StudyDescription": "X"})
    }
    assert len(uids) == 8
    assert small(kind).uid == small(kind).uid
