"""What every kind of the table owes, in every transfer syntax."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modality.registry import KINDS
from modality.station.study import Study, generate
from modality.transfer.instance import read
from modality.transfer.syntaxes import TABLE, TransferSyntax

EVERY = [pytest.param(kind, syntax, id=f"{kind}-{syntax.keyword}") for kind in KINDS.entries for syntax in TABLE]


def small(kind: str, syntax: TransferSyntax | str = "ExplicitVRLittleEndian") -> Study:
    return generate(kind, seed=4, transfer_syntax=syntax, slices=2, rows=48, columns=40)


@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_pixels_and_uids_do_not_depend_on_the_transfer_syntax(kind: str, syntax: TransferSyntax) -> None:
    for one, plain in zip(small(kind, syntax), small(kind), strict=True):
        assert one.transfer_syntax_uid == syntax.uid
        assert one.sop_instance_uid == plain.sop_instance_uid
        assert np.array_equal(one.dataset().pixel_array, plain.dataset().pixel_array)


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
        one.write(path)
        if syntax.deflated:  # Debian's dciodvfy cannot inflate: DCMTK does, and the twin is judged
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
