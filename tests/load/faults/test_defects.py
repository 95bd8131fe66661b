"""The defects of the one table that a C-STORE can carry; each one's proof is in tests/station/awkwardness."""

from __future__ import annotations

import pytest
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

from modality.errors import InputError, UnknownNameError, UsageError
from modality.load.faults.defects import DEFECTS, UNFINDABLE, implicit, inverted, malformed, malformed_in_turn
from modality.network.address import DicomAddress
from modality.transfer.defects import table
from modality.transfer.elements import scan
from modality.transfer.instance import PreparedInstance
from tests.load.loads import load, material

NOBODY = DicomAddress("127.0.0.1", 9)
# Those after which the bytes are no data set any more, whoever reads them.
UNREADABLE = {"unterminated-sequence", "no-item-tag", "item-beyond-sequence", "negative-item-length", "stray-item-end",
              "implicit-item", "explicit-in-un", "length-beyond-end", "truncated", "rubbish"}  # fmt: skip
OF_FRAMES = "wrong-frames"


@pytest.fixture(scope="module")
def valid() -> PreparedInstance:
    plan = load(NOBODY, 10.0, 1.0).plan
    return material().instance(plan.studies[0], 0)


def sent(instance: PreparedInstance) -> bytes:
    return b"".join(instance.buffers())


@pytest.mark.parametrize("name", sorted(set(DEFECTS) - {OF_FRAMES}))
def test_every_defect_changes_what_is_sent_and_leaves_the_command_right(name: str, valid: PreparedInstance) -> None:
    broken = malformed(valid, name)
    assert sent(broken) != sent(valid)
    assert broken.sop_instance_uid == valid.sop_instance_uid
    assert broken.sop_class_uid == valid.sop_class_uid
    assert sent(malformed(valid, name)) == sent(broken)  # the same each time


def test_the_table_is_the_one_of_all_defects_without_those_that_no_c_store_carries() -> None:
    others = set(table.DEFECTS) - set(DEFECTS)
    assert all(DEFECTS[name] is table.DEFECTS[name] for name in DEFECTS)
    assert {"no-preamble", "two-patients", "odd-fragment"} <= others
    assert {table.DEFECTS[name].scope for name in others} == {"file", "series", "data set"}
    assert set(DEFECTS) >= UNFINDABLE


def test_in_turn_a_defect_that_an_instance_cannot_have_is_passed_over(valid: PreparedInstance) -> None:
    names = list(DEFECTS)
    at = names.index(OF_FRAMES)
    with pytest.raises(UsageError, match="nothing to break here"):
        malformed(valid, OF_FRAMES)
    for number in (at, at + 1, at + len(names)):
        name, broken = malformed_in_turn(valid, number)
        assert name == names[at + 1]
        assert sent(broken) == sent(malformed(valid, name))


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_what_is_no_data_set_any_more_cannot_be_walked(name: str, valid: PreparedInstance) -> None:
    with pytest.raises(InputError):
        scan(sent(malformed(valid, name)), explicit=True, little_endian=True)


@pytest.mark.parametrize("name", sorted(set(DEFECTS) - UNREADABLE - {OF_FRAMES, "unknown-vr", "wrong-vr"}))
def test_what_is_only_wrong_can_still_be_walked(name: str, valid: PreparedInstance) -> None:
    scan(sent(malformed(valid, name)), explicit=True, little_endian=True)


def test_a_defect_that_is_not_in_the_table_is_told_with_the_nearest(valid: PreparedInstance) -> None:
    for name, nearest in (("odd-lenght", "odd-length"), ("two-patients", "")):  # one of files or series is not sent
        with pytest.raises(UnknownNameError, match=f"did you mean {nearest!r}" if nearest else "unknown defect"):
            malformed(valid, name)


def test_inverted_pixels_are_all_other_pixels_under_the_same_uids(valid: PreparedInstance) -> None:
    one, other = valid.dataset(), dcmread(DicomBytesIO(b"".join(_as_file(inverted(valid)))))
    assert other.SOPInstanceUID == one.SOPInstanceUID
    assert bytes(255 - byte for byte in one.PixelData) == other.PixelData


def test_the_wrong_syntax_is_implicit_though_it_says_explicit(valid: PreparedInstance) -> None:
    wrong = implicit(valid)
    assert wrong.syntax.explicit
    with pytest.raises(InputError):
        scan(sent(wrong), explicit=True, little_endian=True)
    scan(sent(wrong), explicit=False, little_endian=True)


def _as_file(instance: PreparedInstance) -> list[bytes]:
    return [bytes(part) for part in instance.part10()]
