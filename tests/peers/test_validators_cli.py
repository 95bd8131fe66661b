"""What `modality generate` writes, judged by dicom3tools and decoded by DCMTK, in every transfer syntax there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from modality.station import study as studies
from modality.transfer.syntaxes import DEFLATED, NATIVE, RLE, TABLE
from tests.peers import dcmtk
from tests.peers.commandline import generated, modality

pytestmark = pytest.mark.peer

KINDS = ("ct", "mr")
PHANTOMS = ("water", "shepp-logan", "head", "thorax")
KEYWORDS = [syntax.keyword for syntax in (*NATIVE, RLE)]
FileValidator = Callable[[Path], list[str]]
SeriesValidator = Callable[[Iterable[Path]], list[str]]


def decoded_by_dcmtk(path: Path) -> Path:
    """A file turned to Explicit VR Little Endian by DCMTK."""
    syntax = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    plain = path.with_suffix(".plain")
    if syntax == RLE.uid:
        dcmtk.run("dcmdrle", path, plain)
    else:
        dcmtk.run("dcmconv", "+te", path, plain)
    return plain


def test_the_table_on_the_command_line_is_the_table() -> None:
    finished = modality("list", "transfer-syntaxes", "--json")
    assert [row["keyword"] for row in finished.document["transfer-syntaxes"]] == [syntax.keyword for syntax in TABLE]


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_validators_find_no_error_in_any_syntax(
    tmp_path: Path, dciodvfy: FileValidator, dcentvfy: SeriesValidator, kind: str, keyword: str
) -> None:
    files = generated(tmp_path, kind, "--transfer-syntax", keyword)
    if keyword == DEFLATED.keyword:  # Debian's dicom3tools cannot inflate: DCMTK's own deflated files fail alike
        files = [decoded_by_dcmtk(path) for path in files]
    assert [error for path in files for error in dciodvfy(path)] == []
    assert dcentvfy(files) == []


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_dcmtk_decodes_is_the_uncompressed_twin(tmp_path: Path, kind: str, keyword: str) -> None:
    twins = [pydicom.dcmread(path) for path in generated(tmp_path / "twin", kind)]
    for path, twin in zip(generated(tmp_path / "coded", kind, "--transfer-syntax", keyword), twins, strict=True):
        decoded = pydicom.dcmread(decoded_by_dcmtk(path))
        assert np.array_equal(decoded.pixel_array, twin.pixel_array)
        assert twin.pixel_array.any()
        assert decoded == twin


@pytest.mark.parametrize("phantom", PHANTOMS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_validators_find_no_error_in_any_phantom(
    tmp_path: Path, dciodvfy: FileValidator, dcentvfy: SeriesValidator, kind: str, phantom: str
) -> None:
    files = generated(tmp_path, kind, "--phantom", phantom, seed=3)
    assert [error for path in files for error in dciodvfy(path)] == []
    assert dcentvfy(files) == []
    assert len({pydicom.dcmread(path).PixelData for path in files}) == len(files)


@pytest.mark.parametrize(
    "setting", ["PatientName=Müller^Jörg", "PatientName=Yamada^Tarou=山田^太郎", "StudyDescription=Kopf\u2013Hals"]
)
def test_attributes_that_were_set_are_read_by_dcmtk_as_they_were_given(tmp_path: Path, setting: str) -> None:
    path, *_ = generated(tmp_path, "ct", "--set", setting)
    assert setting.partition("=")[2] in dcmtk.run("dcmdump", "+U8", path)


def test_every_seed_gives_a_patient_that_the_validators_accept(tmp_path: Path, dciodvfy: FileValidator) -> None:
    files = [tmp_path / f"{seed}.dcm" for seed in range(20, 36)]
    for seed, path in enumerate(files, start=20):
        (instance,) = studies.ct(seed=seed, rows=8, columns=8, slices=1)
        instance.write(path)
    assert {path.name: errors for path in files if (errors := dciodvfy(path))} == {}
