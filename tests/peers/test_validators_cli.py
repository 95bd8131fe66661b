"""What `modality generate` writes, judged by dicom3tools and decoded by DCMTK, in every transfer syntax of the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pydicom
import pytest

from modality.transfer.syntaxes import RLE, TABLE
from tests.peers import dcmtk
from tests.peers.commandline import generated, modality

pytestmark = pytest.mark.peer

KINDS = ("ct", "mr")
PHANTOMS = ("water", "shepp-logan", "head", "thorax")
KEYWORDS = [syntax.keyword for syntax in TABLE]
FileValidator = Callable[[Path], list[str]]
SeriesValidator = Callable[[Iterable[Path]], list[str]]


def decoded_by_dcmtk(path: Path) -> pydicom.Dataset:
    """A file turned to Explicit VR Little Endian by DCMTK."""
    syntax = pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID
    plain = path.with_suffix(".plain")
    if syntax == RLE.uid:
        dcmtk.run("dcmdrle", path, plain)
    else:
        dcmtk.run("dcmconv", "+te", path, plain)
    return pydicom.dcmread(plain)


def test_the_table_on_the_command_line_is_the_table_of_these_tests() -> None:
    finished = modality("list", "transfer-syntaxes", "--json")
    assert [row["keyword"] for row in finished.document["transfer-syntaxes"]] == KEYWORDS


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_validators_find_no_error_in_any_syntax(
    tmp_path: Path, dciodvfy: FileValidator, dcentvfy: SeriesValidator, kind: str, keyword: str
) -> None:
    files = generated(tmp_path, kind, "--transfer-syntax", keyword)
    assert [error for path in files for error in dciodvfy(path)] == []
    assert dcentvfy(files) == []


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_dcmtk_decodes_is_the_uncompressed_twin(tmp_path: Path, kind: str, keyword: str) -> None:
    twins = [pydicom.dcmread(path) for path in generated(tmp_path / "twin", kind)]
    for path, twin in zip(generated(tmp_path / "coded", kind, "--transfer-syntax", keyword), twins, strict=True):
        decoded = decoded_by_dcmtk(path)
        assert np.array_equal(decoded.pixel_array, twin.pixel_array)
        assert twin.pixel_array.any()
        decoded.pop("SpecificCharacterSet", None)
        twin.pop("SpecificCharacterSet", None)
        for dataset in (decoded, twin):
            for tag in _identity(dataset):
                del dataset[tag]
        assert decoded == twin


def _identity(dataset: pydicom.Dataset) -> list[int]:
    """A dataset's UIDs, where another syntax may give other ones."""
    return [int(element.tag) for element in dataset if element.VR == "UI"]


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
    files = []
    for seed in range(20, 36):
        finished = modality(
            "generate", "ct", "-o", tmp_path, "--rows", "8", "--columns", "8", "--slices", "1", "--seed", str(seed),
            "--json",
        )  # fmt: skip
        files += [Path(path) for path in finished.document["files"]]
    assert len(files) == 16
    assert {path.name: errors for path in files if (errors := dciodvfy(path))} == {}
