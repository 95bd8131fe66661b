"""C-FIND, C-GET and C-MOVE against what was stored."""

from __future__ import annotations

import pytest
from pydicom import DataElement, Dataset, dcmread
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR
from pydicom.tag import Tag
from pynetdicom import evt
from pynetdicom.presentation import build_context, build_role

from modality.simulated.archive import SimulatedArchive, queries
from tests.peers import dcmtk
from tests.simulated.conftest import FILES, associate, context_of, example

PATIENT_FIND, STUDY_FIND = queries.FIND
PENDING = 0xFF00


@pytest.fixture
def archive(store):
    """Holds a CT of one patient and two MR instances, in two series, of another."""
    ct, mr, mr_rle = example("CT_small.dcm"), example("MR_small.dcm"), example("MR_small_RLE.dcm")
    mr_rle.SOPInstanceUID = mr_rle.file_meta.MediaStorageSOPInstanceUID = "1.2.3.1"
    mr_rle.SeriesInstanceUID = "1.2.3"
    with SimulatedArchive() as running:
        store(running, ct, mr, mr_rle)
        yield running


def find(archive: SimulatedArchive, model: str = STUDY_FIND, **keys: object) -> tuple[int, list[Dataset]]:
    identifier = Dataset()
    for keyword, value in keys.items():
        tag = Tag(keyword)
        identifier[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=IGNORE)
    with associate(archive, [build_context(model)]) as association:
        *pending, (final, _) = association.send_c_find(identifier, model)
    assert all(status.Status == PENDING for status, _ in pending)
    return final.Status, [found for _, found in pending]


def test_a_study_is_found_with_what_the_archive_counts(archive):
    mr = example("MR_small.dcm")
    status, found = find(
        archive,
        QueryRetrieveLevel="STUDY",
        PatientName="compressed*",
        StudyInstanceUID="",
        ModalitiesInStudy="MR",
        NumberOfStudyRelatedSeries=None,
        NumberOfStudyRelatedInstances=None,
        SOPClassesInStudy=None,
        ReferringPhysicianName="",
    )
    (study,) = found
    assert status == 0x0000
    assert study.StudyInstanceUID == mr.StudyInstanceUID
    assert (study.NumberOfStudyRelatedSeries, study.NumberOfStudyRelatedInstances) == (2, 2)
    assert study.SOPClassesInStudy == mr.SOPClassUID
    assert (study.QueryRetrieveLevel, study.RetrieveAETitle) == ("STUDY", "ARCHIVE")
    assert "ReferringPhysicianName" in study


def test_series_and_images_are_found_below_their_study(archive):
    study = example("MR_small.dcm").StudyInstanceUID
    _, series = find(
        archive,
        QueryRetrieveLevel="SERIES",
        StudyInstanceUID=study,
        SeriesInstanceUID="",
        NumberOfSeriesRelatedInstances=None,
    )
    assert {one.SeriesInstanceUID: one.NumberOfSeriesRelatedInstances for one in series} == {
        example("MR_small.dcm").SeriesInstanceUID: 1,
        "1.2.3": 1,
    }
    _, images = find(
        archive,
        QueryRetrieveLevel="IMAGE",
        StudyInstanceUID=study,
        SeriesInstanceUID="1.2.3",
        SOPInstanceUID="",
        Rows=None,
        AvailableTransferSyntaxUID="",
    )
    assert [(one.SOPInstanceUID, one.Rows, one.AvailableTransferSyntaxUID) for one in images] == [
        ("1.2.3.1", 64, "1.2.840.10008.1.2.5")
    ]


def test_a_patient_is_found_in_the_patient_root_only(archive):
    keys = {"QueryRetrieveLevel": "PATIENT", "PatientID": "1CT1", "NumberOfPatientRelatedInstances": None}
    status, (patient,) = find(archive, PATIENT_FIND, **keys)
    assert (status, patient.NumberOfPatientRelatedInstances) == (0x0000, 1)
    assert find(archive, STUDY_FIND, **keys) == (0xA900, [])


def test_a_list_of_uids_finds_each(archive):
    uids = archive.studies
    _, found = find(archive, QueryRetrieveLevel="STUDY", StudyInstanceUID=[*uids, "1.2.3.4"])
    assert [one.StudyInstanceUID for one in found] == uids


@pytest.mark.parametrize(
    "keys",
    [
        {"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": ""},
        {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": "1.2", "SOPInstanceUID": ""},
        {"QueryRetrieveLevel": "SERIES", "StudyInstanceUID": ["1.2", "1.3"]},
        {"QueryRetrieveLevel": "ROOM"},
        {"StudyInstanceUID": ""},
        {"QueryRetrieveLevel": "STUDY", "StudyTime": "12-13-14"},
    ],
)
def test_an_identifier_that_does_not_fit_is_refused(archive, keys):
    assert find(archive, **keys) == (0xA900, [])
    assert archive.events.of("C-FIND")[-1].detail


def test_a_stored_value_that_is_no_number_is_left_out_of_the_answer_and_refuses_no_query(archive, store):
    odd = example("badVR.dcm")  # Number of Frames "1A", and others
    assert store(archive, odd) == [0x0000]
    keys = {"QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": odd.StudyInstanceUID, "SOPInstanceUID": ""}
    keys["SeriesInstanceUID"] = odd.SeriesInstanceUID
    status, (found,) = find(archive, **keys, NumberOfFrames=None, InstanceNumber=None)
    assert (status, found.SOPInstanceUID, found.NumberOfFrames) == (0x0000, odd.SOPInstanceUID, None)
    assert find(archive, **keys, NumberOfFrames=1) == (0x0000, [])


def test_what_fails_in_the_archive_is_not_laid_to_the_identifier(archive, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("what is stored makes no sense")

    monkeypatch.setattr(queries.matching, "answer", fail)
    assert find(archive, QueryRetrieveLevel="STUDY", StudyInstanceUID="") == (0xC000, [])


def test_c_move_reaches_an_address_of_ipv6(archive):
    with SimulatedArchive(host="::1", aet="OTHER") as other:
        archive.destinations["OTHER"] = f"::1:{other.port}"
        identifier = Dataset()
        identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", archive.studies[0]
        with associate(archive, [build_context(queries.MOVE[1])]) as association:
            *_, (final, _) = association.send_c_move(identifier, "OTHER", queries.MOVE[1])
        assert (final.Status, len(other.instances())) == (0x0000, 1)


def test_a_key_that_is_not_kept_is_neither_matched_nor_returned(archive):
    _, found = find(archive, QueryRetrieveLevel="STUDY", StudyInstanceUID="", InterpretationAuthor="X^Y")
    assert len(found) == 2
    assert "InterpretationAuthor" not in found[0]


def retrieved(archive: SimulatedArchive, identifier: Dataset, contexts: list) -> tuple[Dataset, list[bytes]]:
    received = []

    def keep(event) -> int:
        received.append(event.encoded_dataset(include_meta=False))
        return 0x0000

    model = queries.GET[1]
    roles = [build_role(cx.abstract_syntax, scp_role=True) for cx in contexts]
    roles = list({role.sop_class_uid: role for role in roles}.values())
    with associate(
        archive, [build_context(model), *contexts], ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, keep)]
    ) as association:
        *_, (final, _) = association.send_c_get(identifier, model)
    return final, received


def study_of(name: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", example(name).StudyInstanceUID
    return identifier


def test_instances_are_given_back_on_the_same_association_as_they_were_stored(archive):
    contexts = [context_of(example("MR_small.dcm")), context_of(example("MR_small_RLE.dcm"))]
    final, received = retrieved(archive, study_of("MR_small.dcm"), contexts)
    assert (final.Status, final.NumberOfCompletedSuboperations) == (0x0000, 2)
    for instance, stream in zip(archive.instances(study_of("MR_small.dcm").StudyInstanceUID), received, strict=True):
        assert instance.path.read_bytes().endswith(stream)


def test_a_syntax_without_a_context_is_a_failed_suboperation(archive):
    final, received = retrieved(archive, study_of("MR_small.dcm"), [context_of(example("MR_small.dcm"))])
    assert final.Status == 0xB000
    assert (final.NumberOfCompletedSuboperations, final.NumberOfFailedSuboperations) == (1, 1)
    assert len(received) == 1


def test_a_retrieval_without_its_unique_key_is_refused(archive):
    identifier = Dataset()
    identifier.QueryRetrieveLevel, identifier.PatientName = "STUDY", "*"
    final, _ = retrieved(archive, identifier, [])
    assert final.Status == 0xA900


def moved(archive: SimulatedArchive, destination: str) -> Dataset:
    model = queries.MOVE[1]
    with associate(archive, [build_context(model)]) as association:
        *_, (final, _) = association.send_c_move(study_of("MR_small.dcm"), destination, model)
    return final


def test_instances_are_moved_to_a_destination_that_is_known(archive):
    with SimulatedArchive(aet="OTHER") as other:
        archive.destinations["OTHER"] = f"127.0.0.1:{other.port}"
        final = moved(archive, "OTHER")
        assert (final.Status, final.NumberOfCompletedSuboperations) == (0x0000, 2)
        for one in other.instances():
            original = next(i for i in archive.instances() if i.sop_instance_uid == one.sop_instance_uid)
            assert one.transfer_syntax_uid == original.transfer_syntax_uid
            assert dcmread(one.path) == dcmread(original.path)


def test_a_move_to_nowhere_is_refused(archive):
    archive.destinations["GONE"] = "127.0.0.1:1"
    assert moved(archive, "NOWHERE").Status == 0xA801
    assert moved(archive, "GONE").Status == 0xA801


def test_faults_of_queries_and_retrievals_are_answered():
    with SimulatedArchive(faults=["status=A700,on=find+get"]) as archive:
        assert find(archive, QueryRetrieveLevel="STUDY", StudyInstanceUID="") == (0xA700, [])
        final, _ = retrieved(archive, study_of("MR_small.dcm"), [])
        assert final.Status == 0xA700


@pytest.mark.peer
def test_dcmtk_finds_gets_and_moves(archive, tmp_path):
    called = ("-aec", archive.aet, archive.host, str(archive.port))
    study = f"StudyInstanceUID={example('CT_small.dcm').StudyInstanceUID}"
    found = dcmtk.run("findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", study, "-k", "PatientName", *called)
    assert "CompressedSamples^CT1" in found
    dcmtk.run("getscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", study, "-od", tmp_path, *called)
    (fetched,) = tmp_path.iterdir()
    assert dcmread(fetched).pixel_array.tobytes() == dcmread(FILES / "CT_small.dcm").pixel_array.tobytes()
    with SimulatedArchive(aet="OTHER") as other:
        archive.destinations["OTHER"] = f"127.0.0.1:{other.port}"
        dcmtk.run("movescu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", study, "-aem", "OTHER", *called)
        assert other.studies == [example("CT_small.dcm").StudyInstanceUID]
