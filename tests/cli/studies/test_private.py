"""`modality private`: private elements of files, by name."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import document, invoke

TOML = """
[attributes]
DoseIndex = [1.5, 2.5]

[[private]]
creator = "ACME 1.1"
group = 0x0029
attribute = [{ element = 0x10, vr = "FD", vm = "2", name = "DoseIndex" }]
"""


def made(folder: Path, *options: str | Path, syntax: str = "ImplicitVRLittleEndian") -> Path:
    out = folder / "out"
    small = ("--slices", "2", "--rows", "16", "--columns", "16", "--seed", "4")
    done = invoke("generate", "mr", "-o", out, *small, "--transfer-syntax", syntax, *options)
    assert done.exit_code == 0, done.stderr
    return out


def acme(folder: Path) -> Path:
    path = folder / "acme.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def test_what_generate_wrote_by_a_dictionary_is_read_by_it(tmp_path: Path) -> None:
    dictionary = acme(tmp_path)
    out = made(tmp_path, "--attributes", dictionary)
    found = document(invoke("private", out, "--private-dictionary", dictionary, "--json"))
    assert len(found["files"]) == 2
    (element,) = found["files"][0]["elements"]
    assert element == {
        "tag": "(0029,1010)", "path": [], "creator": "ACME 1.1", "name": "DoseIndex", "dictionary": str(dictionary),
        "vr": "FD", "file_vr": "", "value": [1.5, 2.5],
    }  # fmt: skip
    assert (found["unknown_creators"], found["skipped"]) == ([], {})
    shown = invoke("private", out, "--private-dictionary", dictionary)
    assert shown.exit_code == 0
    assert "DoseIndex" in shown.stdout
    assert "1.5\\2.5" in shown.stdout
    assert "unknown creator" not in shown.stdout


def test_a_creator_that_nobody_knows_is_told_of(tmp_path: Path) -> None:
    out = made(tmp_path, "--attributes", acme(tmp_path))
    shown = invoke("private", out)
    assert shown.exit_code == 0
    assert "unknown creator 'ACME 1.1' in group 0029: 2 elements in 2 files, not named" in shown.stdout
    found = document(invoke("private", out, "--json"))
    assert found["unknown_creators"] == [{"creator": "ACME 1.1", "group": "0029", "elements": 2, "files": 2}]
    (element,) = found["files"][0]["elements"]
    assert (element["name"], element["vr"], element["bytes"]) == ("", "UN", 16)
    assert element["hex"] == "00 00 00 00 00 00 f8 3f 00 00 00 00 00 00 04 40"


def test_personas_need_no_dictionary_to_be_named(tmp_path: Path) -> None:
    out = made(tmp_path, "--persona", "hanzi", syntax="ExplicitVRLittleEndian")
    elements = document(invoke("private", out, "--json"))["files"][0]["elements"]
    named = {one["name"]: one for one in elements}
    assert named["ScanParameters"]["value"] == "扫描参数"
    assert named["RawHeader"]["bytes"] == 262144
    assert (named["UnknownSequence"]["vr"], named["UnknownSequence"]["file_vr"]) == ("SQ", "UN")
    assert named["UnknownSequence"]["items"] == 1
    assert [one["path"] for one in elements if one["value" if "value" in one else "tag"] == "最深处"] == [
        ["(0029,1101)[1]", "(0029,1102)[1]", "(0029,1103)[1]", "(0029,1104)[1]"]
    ]


def test_a_file_that_is_none_and_a_value_that_does_not_fit_are_told(tmp_path: Path) -> None:
    dictionary = acme(tmp_path)
    out = made(tmp_path, "--attributes", dictionary)
    (out / "notes.txt").write_text("no DICOM", encoding="utf-8")
    done = invoke("private", out, "--private-dictionary", dictionary)
    assert (done.exit_code, "skipped: " in done.stderr, "notes.txt" in done.stderr) == (1, True, True)
    (out / "notes.txt").unlink()
    dictionary.write_text(TOML.replace('"FD"', '"SQ"'), encoding="utf-8")
    done = invoke("private", out, "--private-dictionary", dictionary)
    assert (done.exit_code, "does not fit SQ" in done.stdout) == (1, True)


def test_a_file_without_private_elements_says_so(tmp_path: Path) -> None:
    done = invoke("private", made(tmp_path))
    assert (done.exit_code, done.stdout.count(": no private element")) == (0, 2)


def test_what_cannot_be_is_one_line(tmp_path: Path) -> None:
    missing = invoke("private", tmp_path / "nowhere")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (2, 1)
    out = made(tmp_path)
    none = invoke("private", out, "--private-dictionary", tmp_path / "none.toml")
    assert (none.exit_code, len(none.stderr.splitlines())) == (2, 1)
    assert "none.toml: cannot be read" in none.stderr
