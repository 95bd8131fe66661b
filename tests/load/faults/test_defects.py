"""Each defect of a malformed data set breaks what it says, and nothing else of the instance."""

from __future__ import annotations

import warnings

import pytest
from pydicom import Dataset, dcmread
from pydicom.filebase import DicomBytesIO

from modality.errors import InputError, UnknownNameError
from modality.load.faults.defects import DEFECTS, implicit, inverted, malformed
from modality.load.faults.elements import elements
from modality.network.address import DicomAddress
from modality.transfer.elements import scan
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import encoded
from tests.load.loads import load, material

NOBODY = DicomAddress("127.0.0.1", 9)
# Those after which the bytes are no data set any more, whoever reads them.
UNREADABLE = {"unterminated-sequence", "length-beyond-end", "truncated", "rubbish"}


@pytest.fixture(scope="module")
def valid() -> PreparedInstance:
    plan = load(NOBODY, 10.0, 1.0).plan
    return material().instance(plan.studies[0], 0)


def sent(instance: PreparedInstance) -> bytes:
    return b"".join(instance.buffers())


def read(data: bytes) -> Dataset:
    file = DicomBytesIO(data)
    file.is_little_endian, file.is_implicit_VR = True, False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pydicom.filereader import read_dataset

        return read_dataset(file, False, True)


@pytest.mark.parametrize("name", DEFECTS)
def test_every_defect_changes_what_is_sent_and_leaves_the_command_right(name: str, valid: PreparedInstance) -> None:
    broken = malformed(valid, name)
    assert sent(broken) != sent(valid)
    assert broken.sop_instance_uid == valid.sop_instance_uid
    assert broken.sop_class_uid == valid.sop_class_uid
    assert sent(malformed(valid, name)) == sent(broken)  # the same each time
    assert "PS3." in DEFECTS[name].clause


@pytest.mark.parametrize("name", sorted(set(DEFECTS) - UNREADABLE - {"missing"}))
def test_one_defect_leaves_all_other_elements_as_they_were(name: str, valid: PreparedInstance) -> None:
    before = {part.tag: part for part in elements(valid)}
    after = {part.tag: part for part in elements(encoded(sent(malformed(valid, name)), valid.transfer_syntax_uid))}
    changed = {tag for tag in before.keys() | after.keys() if before.get(tag) != after.get(tag)}
    # What is out of order, or there twice, has the same elements; a name in another character set needs two.
    assert len(changed) == {"out-of-order": 0, "twice": 0}.get(name, len(changed))
    assert len(changed) <= (2 if name == "bad-character-set" else 1)


@pytest.mark.parametrize("name", sorted(UNREADABLE))
def test_what_is_no_data_set_any_more_cannot_be_walked(name: str, valid: PreparedInstance) -> None:
    with pytest.raises(InputError):
        scan(sent(malformed(valid, name)), explicit=True, little_endian=True)


def test_what_the_defects_say_is_so(valid: PreparedInstance) -> None:
    def broken(name: str) -> Dataset:
        return read(sent(malformed(valid, name)))

    assert "SOPClassUID" not in broken("no-sop-class-uid")
    assert (
        broken("other-sop-instance").get_item("SOPInstanceUID").value.rstrip(b"\0") != valid.sop_instance_uid.encode()
    )
    assert broken("empty-study-uid").get_item("StudyInstanceUID").value in (None, b"")
    assert len(broken("long-uid").get_item("StudyInstanceUID").value) == 70
    assert len(broken("odd-length").get_item("PatientID").value) % 2 == 1
    pixels = len(read(sent(valid)).get_item("PixelData").value)
    assert len(broken("short-pixels").get_item("PixelData").value) == pixels // 2
    tags = [part.tag for part in elements(encoded(sent(malformed(valid, "twice")), valid.transfer_syntax_uid))]
    assert tags.count(0x00100020) == 2
    tags = [part.tag for part in elements(encoded(sent(malformed(valid, "out-of-order")), valid.transfer_syntax_uid))]
    assert tags != sorted(tags)
    assert sent(malformed(valid, "missing")) == b""


def test_a_defect_that_is_not_in_the_table_is_told_with_the_nearest(valid: PreparedInstance) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'odd-length'"):
        malformed(valid, "odd-lenght")


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
