"""Receipts add up, and a folder takes what can be written and nothing outside itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from modality.errors import UnknownNameError, UsageError
from modality.transfer.destination import Folder, Receipt
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE, syntax, syntax_name
from tests.transfer.datasets import image


def instances(*uids: str) -> list[PreparedInstance]:
    return [prepare(image(SOPInstanceUID=uid)) for uid in uids]


def test_a_folder_keeps_studies_series_and_instances(tmp_path: Path) -> None:
    seen: list[int] = []
    sent = instances("1.1", "1.2")
    receipt = Folder(tmp_path / "new").store(iter(sent), progress=seen.append)
    assert (receipt.stored, receipt.complete, seen) == (["1.1", "1.2"], True, [1, 2])
    assert receipt.bytes == sum(one.size for one in sent)
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.dcm"))
    assert files == ["new/1.2.3/1.2.3.1/1.1.dcm", "new/1.2.3/1.2.3.1/1.2.dcm"]
    assert read(tmp_path / files[0]).sop_instance_uid == "1.1"


def test_a_folder_takes_other_names(tmp_path: Path) -> None:
    Folder(tmp_path, name=lambda one: f"{one.identifier('PatientID')}.dcm").store(instances("1.1"))
    assert [path.name for path in tmp_path.iterdir()] == ["P1.dcm"]


@pytest.mark.parametrize("uid", ["../../escaped", "/tmp/escaped", "", "..", "."])
def test_a_uid_that_is_none_leads_nowhere_and_costs_only_its_instance(tmp_path: Path, uid: str) -> None:
    bad = instances("1.1")[0].stamp({"StudyInstanceUID": uid})
    receipt = Folder(tmp_path / "in").store([bad, *instances("1.2")])
    assert (receipt.stored, list(receipt.failed), receipt.complete) == (["1.2"], ["1.1"], False)
    assert "proper UIDs" in receipt.failed["1.1"]
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        Folder(tmp_path / "file").store(instances("1.1"))


def test_one_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "1.2.dcm").mkdir()
    receipt = Folder(tmp_path, name=lambda one: f"{one.sop_instance_uid}.dcm").store(instances("1.1", "1.2", "1.3"))
    assert (receipt.stored, list(receipt.failed)) == (["1.1", "1.3"], ["1.2"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.1.dcm", "1.2.dcm", "1.3.dcm"]


def test_receipts_add_up() -> None:
    one = Receipt(["1"], {0xB000: ["1"]}, {0xA700: ["2"]}, {"3": "why"}, 1, 10)
    one.add(
        Receipt(["4"], {0xB000: ["4"], 0xB007: ["4"]}, {0xA700: ["5"], 0xC000: ["6"]}, {"7": "why"}, 2, 20, ["5", "7"])
    )
    assert one.stored == ["1", "4"]
    assert one.warnings == {0xB000: ["1", "4"], 0xB007: ["4"]}
    assert one.refused == {0xA700: ["2", "5"], 0xC000: ["6"]}
    assert one.failed == {"3": "why", "7": "why"}
    assert one.retryable == ["5", "7"]
    assert (one.transcoded, one.bytes, one.dealt_with, one.complete) == (3, 30, 7, False)
    assert Receipt(["1"], {0xB000: ["1"]}).complete


def test_each_of_several_files_with_one_uid_that_fail_counts() -> None:
    one, other = Receipt(), Receipt()
    one.fail("1", UsageError("this"))
    one.fail("1", UsageError("that"))
    other.fail("1", UsageError("more"))
    one.add(other)
    assert one.failed == {"1": "this", "1 (2)": "that", "1 (3)": "more"}
    assert one.dealt_with == 3


def test_a_syntax_is_found_by_keyword_and_uid_and_an_unknown_one_gets_the_nearest() -> None:
    assert syntax("ExplicitVRLittleEndian") is syntax("1.2.840.10008.1.2.1") is EXPLICIT_LITTLE
    with pytest.raises(UnknownNameError, match="did you mean 'RLELossless'"):
        syntax("RLELoseless")
    assert (syntax_name(EXPLICIT_LITTLE.uid), syntax_name("1.2.3")) == ("ExplicitVRLittleEndian", "1.2.3")
