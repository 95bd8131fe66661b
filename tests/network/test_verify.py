"""What an archive holds compared with what was sent."""

from __future__ import annotations

import resource
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from modality.errors import ContextRefused, InvalidResponse, QueryRefused
from modality.network.address import parse_dicom
from modality.network.query import STUDY_ROOT_FIND, find_instances
from modality.network.retrieve.get import STUDY_ROOT_GET, fetch_study
from modality.network.store import DicomArchive
from modality.network.verify import verify_instances
from modality.protocol.negotiation import FALLBACKS
from modality.simulated.archive import SimulatedArchive
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE, TransferSyntax
from tests.network.conftest import LOCAL, series
from tests.transfer.datasets import CT_IMAGE, image, with_words

Start = Callable[..., SimulatedArchive]


def store(archive: SimulatedArchive, instances: list[PreparedInstance]) -> list[PreparedInstance]:
    assert DicomArchive(archive.address, local=LOCAL).store(instances).complete
    return instances


def test_what_was_stored_is_identical(archive: Start) -> None:
    peer = archive()
    report = verify_instances(parse_dicom(peer.address), store(peer, series(3)), LOCAL)
    assert (report.checked, report.identical, report.complete) == (3, 3, True)
    assert report.as_dict() == {
        "checked": 3, "identical": 3, "lost": [], "differing": [], "coerced": [], "transcoded": {}, "problems": [],
    }  # fmt: skip


def test_what_was_lost_is_named(archive: Start) -> None:
    peer = archive("lose,every=2,on=store")
    report = verify_instances(parse_dicom(peer.address), store(peer, series(4)), LOCAL)
    assert (report.lost, report.identical, report.complete) == (["1.2.3.1.1", "1.2.3.1.3"], 2, False)


def test_a_study_that_is_not_there_is_lost(archive: Start) -> None:
    report = verify_instances(parse_dicom(archive().address), series(2), LOCAL)
    assert (report.lost, report.checked) == (["1.2.3.1.0", "1.2.3.1.1"], 2)


def test_a_coerced_attribute_is_named_with_both_values(archive: Start) -> None:
    peer = archive("coerce=PatientID:OTHER")
    report = verify_instances(parse_dicom(peer.address), store(peer, series(1)), LOCAL)
    (found,) = report.coerced
    assert (found.uid, found.attribute, found.sent, found.held) == ("1.2.3.1.0", "PatientID", "P1", "OTHER")
    assert (report.complete, report.identical) == (False, 0)
    assert report.complete_but_for(["1.2.3.1.0"])
    assert not report.complete_but_for(["9.9"])


def test_an_element_that_was_added_is_told_and_no_failure(archive: Start) -> None:
    peer = archive("coerce=ImageComments:NEW")
    report = verify_instances(parse_dicom(peer.address), store(peer, series(1)), LOCAL)
    assert [(one.attribute, one.sent, one.held) for one in report.coerced] == [("ImageComments", None, "NEW")]
    assert report.complete


def test_a_sequence_that_is_none_in_what_is_held_is_a_difference_and_stops_nothing(tmp_path: Path) -> None:
    """In Implicit VR its bytes are taken for items, of which there is not even half a tag."""
    sent = image(PatientComments="abc")
    held = prepare(sent, IMPLICIT_LITTLE)
    tag, other = struct.pack("<HH", 0x0010, 0x4000), struct.pack("<HH", 0x0010, 0x1002)  # Other Patient IDs Sequence
    broken = PreparedInstance(held.transfer_syntax_uid, held.head.replace(tag, other), held.tail)
    broken.write(tmp_path / "held" / "held.dcm")
    report = verify_instances(tmp_path / "held", [prepare(sent)], LOCAL)
    assert (report.checked, report.identical, report.problems) == (1, 0, [])
    assert [(one.attribute, one.sent, one.held) for one in report.coerced] == [
        ("OtherPatientIDsSequence", None, "4 bytes"),
        ("PatientComments", "abc", None),
    ]


def test_an_inverted_image_in_another_syntax_is_not_identical(tmp_path: Path) -> None:
    held = image(PhotometricInterpretation="MONOCHROME1")
    prepare(held, EXPLICIT_BIG).write(tmp_path / "held.dcm")
    report = verify_instances(tmp_path, [prepare(image())], LOCAL)
    assert [one.attribute for one in report.coerced] == ["PhotometricInterpretation"]
    assert (report.identical, report.complete) == (0, False)


def test_each_of_several_files_with_one_uid_is_compared(tmp_path: Path) -> None:
    held, given = tmp_path / "held", tmp_path / "given"
    held.mkdir(), given.mkdir()
    prepare(image()).write(held / "1.dcm")
    prepare(image()).write(given / "same.dcm")
    prepare(image(PatientID="OTHER")).write(given / "other.dcm")
    report = verify_instances(held, map(read, sorted(given.iterdir())), LOCAL)
    assert (report.checked, report.identical, report.complete) == (2, 1, False)
    (problem,) = report.problems
    assert "2 files have this SOP Instance UID" in problem
    assert str(given / "other.dcm") in problem
    assert "same.dcm" not in problem
    lost = verify_instances(tmp_path / "given", [prepare(image(SOPInstanceUID="1.9"))] * 2, LOCAL)
    assert (lost.checked, lost.lost) == (2, ["1.9", "1.9"])


def test_a_study_whose_query_fails_is_named_and_the_others_are_verified(archive: Start) -> None:
    peer = archive("status=C001,on=find,every=1,times=1")
    sent = store(peer, [*series(1), prepare(image(SOPInstanceUID="2.1", StudyInstanceUID="2.2"))])
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL)
    assert (report.checked, report.identical, report.lost, report.complete) == (2, 1, [], False)
    (problem,) = report.problems
    assert problem.startswith("study 1.2.3: ")
    assert "C001" in problem


def test_a_study_that_fails_half_way_is_named_with_what_was_not_compared(archive: Start) -> None:
    peer = archive("status=C001,on=get,every=1,times=1")
    sent = store(peer, [*series(2), prepare(image(SOPInstanceUID="2.1", StudyInstanceUID="2.2"))])
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL)
    assert (report.checked, report.identical, report.lost) == (3, 1, [])
    assert "2 instances not compared" in report.problems[0]


@pytest.mark.parametrize("syntax", [RLE, EXPLICIT_BIG, EXPLICIT_LITTLE], ids=lambda one: one.keyword)
def test_what_was_transcoded_has_the_same_pixels_and_attributes(archive: Start, syntax: object) -> None:
    peer = archive(transfer_syntaxes=[IMPLICIT_LITTLE.uid])
    dataset = image()
    block = dataset.private_block(0x0009, "A VENDOR", create=True)
    block.add_new(1, "LO", "text")
    block.add_new(2, "US", 5)
    block.add_new(3, "FD", float("nan"))
    sent = store(peer, [prepare(dataset, syntax)])  # type: ignore[arg-type]
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL)
    assert report.transcoded == {"1.2.3.4": (syntax.keyword, "ImplicitVRLittleEndian")}  # type: ignore[attr-defined]
    assert report.coerced == []
    assert report.complete


@pytest.mark.parametrize("held", [EXPLICIT_BIG, EXPLICIT_LITTLE], ids=lambda one: one.keyword)
def test_words_are_the_same_in_either_byte_order(tmp_path: Path, held: TransferSyntax) -> None:
    other = IMPLICIT_LITTLE if held is EXPLICIT_BIG else EXPLICIT_BIG
    dataset = with_words()
    prepare(dataset, held).write(tmp_path / "held.dcm")
    report = verify_instances(tmp_path, [prepare(dataset, other)], LOCAL)
    assert report.coerced == []
    assert report.complete
    dataset[0x00281201].value = b"\2\1\4\3"
    report = verify_instances(tmp_path, [prepare(dataset, other)], LOCAL)
    assert [one.attribute for one in report.coerced] == ["RedPaletteColorLookupTableData"]


def spoil(peer: SimulatedArchive, change: Callable[[Dataset], None]) -> None:
    path = peer.instances()[0].path
    dataset = dcmread(path)
    change(dataset)
    dataset.save_as(path)


def test_other_pixels_are_named(archive: Start) -> None:
    peer = archive()
    sent = store(peer, series(1))

    def change(dataset: Dataset) -> None:
        dataset.PixelData = bytes(len(dataset.PixelData))

    spoil(peer, change)
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL)
    assert (report.differing, report.complete, report.identical) == (["1.2.3.1.0"], False, 0)


def test_what_was_lost_added_or_changed_within_a_sequence_is_named_by_its_path(archive: Start) -> None:
    peer = archive()
    sent = store(peer, series(1))

    def change(dataset: Dataset) -> None:
        item = dataset.ReferencedImageSequence[0]
        item.ReferencedSOPInstanceUID = "9.9"
        del item.ReferencedSOPClassUID
        dataset.ImageComments = "new"

    spoil(peer, change)
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL)
    assert [(one.attribute, one.sent, one.held) for one in report.coerced] == [
        ("ReferencedImageSequence[0].ReferencedSOPClassUID", CT_IMAGE, None),
        ("ReferencedImageSequence[0].ReferencedSOPInstanceUID", "1.2.3.4", "9.9"),
        ("ImageComments", None, "new"),
    ]


def test_an_instance_without_a_study_is_a_problem_and_asks_for_nothing(archive: Start) -> None:
    peer = archive()
    store(peer, series(1))
    report = verify_instances(parse_dicom(peer.address), [prepare(image(StudyInstanceUID=""))], LOCAL)
    assert (report.checked, report.complete, len(report.problems)) == (0, False, 1)


def test_an_archive_without_c_get_is_a_problem_and_no_loss(archive: Start) -> None:
    peer = archive(f"refuse={STUDY_ROOT_GET}")
    report = verify_instances(parse_dicom(peer.address), store(peer, series(1)), LOCAL)
    assert (report.lost, report.complete) == ([], False)
    assert "C-GET" in report.problems[0]


def test_files_are_not_held_open(archive: Start, tmp_path: Path) -> None:
    peer = archive()
    for one in store(peer, series(60)):
        one.write(tmp_path / f"{one.sop_instance_uid}.dcm")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(one.name) for one in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 40, hard))
    try:
        report = verify_instances(parse_dicom(peer.address), map(read, tmp_path.iterdir()), LOCAL)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (report.checked, report.identical) == (60, 60)


def test_a_refused_query_is_an_error_of_its_own(archive: Start) -> None:
    with pytest.raises(QueryRefused) as raised:
        find_instances(parse_dicom(archive("status=A700,on=find").address), "1.2.3", LOCAL)
    assert raised.value.status == 0xA700
    with pytest.raises(QueryRefused):
        fetch_study(
            parse_dicom(archive("status=A701,on=get").address), "1.2.3", [(CT_IMAGE, FALLBACKS[0])], LOCAL, print
        )


def test_an_archive_that_does_not_query_is_refused_by_context(archive: Start) -> None:
    with pytest.raises(ContextRefused):
        find_instances(parse_dicom(archive(f"refuse={STUDY_ROOT_FIND}").address), "1.2.3", LOCAL)


def test_what_goes_wrong_with_a_fetched_instance_reaches_the_caller(archive: Start) -> None:
    peer = archive()
    store(peer, series(1))

    def broken(_: PreparedInstance) -> None:
        raise KeyError("in the caller's own code")

    with pytest.raises(KeyError, match="own code"):
        fetch_study(parse_dicom(peer.address), "1.2.3", [(CT_IMAGE, FALLBACKS[0])], LOCAL, broken)


def test_a_fetched_instance_that_cannot_be_read_is_an_invalid_response(
    archive: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer = archive()
    store(peer, series(1))
    from modality.errors import InputError
    from modality.network.retrieve import receiver

    def damaged(*_: object) -> PreparedInstance:
        raise InputError("truncated")

    monkeypatch.setattr(receiver, "encoded", damaged)
    with pytest.raises(InvalidResponse, match="an instance fetched cannot be read: truncated"):
        fetch_study(parse_dicom(peer.address), "1.2.3", [(CT_IMAGE, FALLBACKS[0])], LOCAL, print)
