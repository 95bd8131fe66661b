"""The same seed gives the same bytes, whatever the machine is set to; another seed gives another study."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

ROOT = Path(__file__).parents[2]
SYNTAXES = ("ExplicitVRLittleEndian", "ExplicitVRBigEndian", "RLELossless", "DeflatedExplicitVRLittleEndian")
KINDS = ("ct", "mr")
HERE = {"TZ": "UTC", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
ELSEWHERE = {
    "TZ": "Pacific/Kiritimati",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "de_DE.UTF-8",
    "PYTHONHASHSEED": "4711",
    "OMP_NUM_THREADS": "1",
}


def generate(
    folder: Path,
    kind: str,
    syntax: str,
    environment: Mapping[str, str],
    *,
    seed: int = 42,
    options: tuple[str, ...] = (),
) -> dict[str, bytes]:
    """The files of a small series by name, made in a process of its own, whose working directory is the folder."""
    folder.mkdir()
    subprocess.run(
        [
            sys.executable, "-m", "modality", "generate", kind, "-o", "out", "--rows", "64", "--columns", "64",
            "--slices", "3", "--seed", str(seed), "--transfer-syntax", syntax, *options,
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=True,
        capture_output=True,
        timeout=100,
    )  # fmt: skip
    return {path.name: path.read_bytes() for path in sorted((folder / "out").iterdir())}


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


def both(*runs: Callable[[], dict[str, bytes]]) -> list[dict[str, bytes]]:
    with ThreadPoolExecutor(2) as pool:
        return [run.result() for run in [pool.submit(run) for run in runs]]


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_in_another_place_and_language(
    tmp_path: Path, kind: str, syntax: str
) -> None:
    one, other = both(
        partial(generate, tmp_path / "one", kind, syntax, HERE),
        partial(generate, tmp_path / "other", kind, syntax, ELSEWHERE),
    )
    assert len(one) == 3
    assert digests(one) == digests(other)


@pytest.mark.parametrize("syntax", ["ExplicitVRLittleEndian", "RLELossless"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_bytes_on_a_processor_without_vector_units(
    tmp_path: Path, kind: str, syntax: str
) -> None:
    import numpy as np

    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    disabled = {**HERE, "NPY_DISABLE_CPU_FEATURES": " ".join(found), "PYTHONWARNINGS": "error"}
    assert found
    one, other = both(
        partial(generate, tmp_path / "one", kind, syntax, HERE),
        partial(generate, tmp_path / "other", kind, syntax, disabled),
    )
    assert digests(one) == digests(other)


def test_truth_and_preview_repeat_as_well(tmp_path: Path) -> None:
    options = ("--truth", "--preview")
    one, other = both(
        partial(generate, tmp_path / "one", "ct", SYNTAXES[0], HERE, options=options),
        partial(generate, tmp_path / "other", "ct", SYNTAXES[0], ELSEWHERE, options=options),
    )
    assert {"truth.json", "preview.png"} <= one.keys()
    assert digests(one) == digests(other)


@pytest.mark.parametrize("kind", KINDS)
def test_another_seed_gives_other_uids_and_other_pixels(tmp_path: Path, kind: str) -> None:
    one, other = both(
        partial(generate, tmp_path / "one", kind, SYNTAXES[0], HERE),
        partial(generate, tmp_path / "other", kind, SYNTAXES[0], HERE, seed=43),
    )
    assert uids(one) & uids(other) == set()
    assert pixels(one) & pixels(other) == set()


def test_kinds_of_one_seed_share_the_patient_and_never_a_uid(tmp_path: Path) -> None:
    ct, mr = both(
        partial(generate, tmp_path / "ct", "ct", SYNTAXES[0], HERE),
        partial(generate, tmp_path / "mr", "mr", SYNTAXES[0], HERE),
    )
    assert uids(ct) & uids(mr) == set()
    demographics = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "PatientSize", "PatientWeight")
    who = [{keyword: str(one.get(keyword)) for keyword in demographics} for one in (*read(ct), *read(mr))]
    assert who == [who[0]] * 6


@pytest.mark.parametrize(
    "options",
    [("--phantom", "water"), ("--rows", "32"), ("--slices", "4"), ("--kvp", "80"), ("--set", "StudyDescription=Other")],
)
def test_an_option_that_changes_the_content_gives_other_uids(tmp_path: Path, options: tuple[str, ...]) -> None:
    one, other = both(
        partial(generate, tmp_path / "one", "ct", SYNTAXES[0], HERE),
        partial(generate, tmp_path / "other", "ct", SYNTAXES[0], HERE, options=options),
    )
    assert uids(one) & uids(other) == set()


def read(files: Mapping[str, bytes]) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(BytesIO(content)) for content in files.values()]


def pixels(files: Mapping[str, bytes]) -> set[bytes]:
    return {dataset.PixelData for dataset in read(files)}


def uids(files: Mapping[str, bytes]) -> set[str]:
    """Every UID that is this study's own: those of classes and syntaxes are DICOM's."""
    found = {str(element.value) for dataset in read(files) for element in dataset.iterall() if element.VR == "UI"}
    return {uid for uid in found if not uid.startswith("1.2.840.10008.")}
