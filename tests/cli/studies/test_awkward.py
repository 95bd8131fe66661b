"""`modality generate --persona --defect`, and the lists of both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydicom import dcmread

from modality.iods.personas.persona import load_persona
from modality.station.study import generate, load_phantom
from tests.cli.command import document, invoke

CT = """
[[series]]
kind = "ct"
phantom = "spheres"
options = { rows = 32, columns = 32, slices = 2 }
"""
SMALL = ("--phantom", "shepp-logan", "--rows", "32", "--columns", "32", "--slices", "2", "--seed", "3")


def test_the_command_line_tells_what_it_put_in(tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--persona", "patchwork", "--defect", "no-rows", "--defect", "two-patients", "--truth", "--json")
    told = document(invoke("generate", "ct", *SMALL, *options, "-o", out))
    assert told["persona"] == "patchwork"
    assert [(one["name"], one["in"]) for one in told["defects"]] == [
        ("no-rows", "each instance"),
        ("two-patients", "the last instance"),
    ]
    truth = json.loads((out / "truth.json").read_text())
    assert truth["defects"] == told["defects"]
    assert "Rows" not in dcmread(told["files"][0], stop_before_pixels=True)
    plain = document(invoke("generate", "ct", *SMALL, "--json", "-o", tmp_path / "plain"))
    assert {"persona", "defects"} & set(plain) == set()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--defect", "no-rosw"), "unknown defect 'no-rosw': did you mean 'no-rows'?"),
        (("--persona", "kanjy"), "unknown persona 'kanjy': did you mean 'kanji'?"),
        (("--persona", "mine.toml"), "mine.toml: cannot be read"),
        (("--defect", "no-rows", "--media"), "--media: reads the instances again"),
        (("--defect", "no-rows", "--preview"), "--preview: reads the instances again"),
        (("--set", "Modality="), "Modality cannot be emptied: it is Type 1"),
        (("--defect", "odd-fragment"), "ct: defect odd-fragment: is for encapsulated pixels"),
    ],
)
def test_what_is_wrong_is_one_line_exit_2_and_nothing_is_written(
    arguments: tuple[str, ...], says: str, tmp_path: Path
) -> None:
    result = invoke("generate", "ct", *SMALL, *arguments, "-o", tmp_path / "out")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert says in lines[0]
    assert not (tmp_path / "out").exists()


def test_the_lists_hold_the_tables() -> None:
    rows = document(invoke("list", "defects", "--json"))["defects"]
    assert {"name": "odd-fragment", "what": "a fragment of odd length", "clause": "PS3.5 A.4: even",
            "breaks": "data set", "needs": "encapsulated pixels"} in rows  # fmt: skip
    rows = document(invoke("list", "personas", "--json"))["personas"]
    assert [row["name"] for row in rows][:3] == ["hangul", "hanzi", "kanji"]


def test_media_of_a_persona_name_the_patient_and_a_study_id_in_the_directory_where_the_images_have_none(
    tmp_path: Path,
) -> None:
    for name in ("kanji", "hanzi"):
        out = tmp_path / name
        assert invoke("generate", "ct", *SMALL, "--persona", name, "--media", "-o", out).exit_code == 0
        directory = dcmread(out / "DICOMDIR")
        (patient,) = (one for one in directory.DirectoryRecordSequence if one.DirectoryRecordType == "PATIENT")
        assert str(patient.PatientName) in [one.name for one in load_persona(name).patient]
        (study,) = (one for one in directory.DirectoryRecordSequence if one.DirectoryRecordType == "STUDY")
        (image, *_) = (one for one in directory.DirectoryRecordSequence if one.DirectoryRecordType == "IMAGE")
        inside = dcmread(out.joinpath(*image.ReferencedFileID))
        assert study.StudyID == (inside.StudyID or str(inside.StudyInstanceUID)[-16:])
        assert (inside.StudyID == "") == (name == "hanzi")


def test_a_persona_of_ones_own_lies_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'title = "Mine"\n[[block]]\ncreator = "MINE"\ngroup = 0x0029\n'
        '[[block.element]]\nelement = 1\nvr = "LO"\nvalue = "private"\n'
    )
    (tmp_path / "study.toml").write_text('persona = "mine.toml"\n' + CT)
    assert invoke("generate", "study", tmp_path / "study.toml", "--seed", "1", "-o", tmp_path / "out").exit_code == 0
    (path, _) = sorted((tmp_path / "out").glob("*.dcm"))
    assert dcmread(path).private_block(0x0029, "MINE")[1].value == "private"
    (one, _) = generate(
        "ct", load_phantom("spheres"), seed=1, persona=str(tmp_path / "mine.toml"), rows=32, columns=32, slices=2
    )
    assert one.dataset().private_block(0x0029, "MINE")[1].value == "private"
