"""The archive as a C-STORE and C-ECHO SCP: what it keeps, refuses, and does wrong to order."""

from __future__ import annotations

import gc
import threading
import time
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import CTImageStorage

from modality.simulated.archive import SimulatedArchive
from modality.simulated.archive.contexts import all_transfer_syntaxes
from tests.peers import dcmtk
from tests.peers.process import wait_until
from tests.simulated.conftest import FILES, associate, context_of, example

CT, MR_RLE, DEFLATED = "CT_small.dcm", "MR_small_RLE.dcm", "image_dfl.dcm"


def test_it_answers_when_start_returns():
    archive = SimulatedArchive()
    archive.start()
    try:
        with associate(archive) as association:
            assert association.send_c_echo().Status == 0x0000
    finally:
        archive.stop()


def test_it_starts_in_a_moment():
    def start() -> float:
        began = time.process_time()  # its own time: the machine may be busy with other tests
        archive = SimulatedArchive()
        archive.start()
        took = time.process_time() - began
        archive.stop()
        return took

    assert min(start() for _ in range(3)) < 0.5  # a twentieth of a second where nothing else runs


def test_stop_leaves_no_thread_and_no_open_socket(store):
    before = threading.active_count()
    archive = SimulatedArchive(faults=["silent,on=echo"])
    archive.start()
    store(archive, example(CT))
    with associate(archive) as association:
        waiting = threading.Thread(target=association.send_c_echo)
        waiting.start()
        archive.events.wait_for("association", 2)
        archive.stop()
        waiting.join(30)
    archive.stop()
    wait_until(lambda: threading.active_count() <= before, "no thread is left")
    gc.collect()  # an unclosed socket or database would warn here, and a warning is an error


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind():
    before = threading.active_count()
    with SimulatedArchive() as archive:
        other = SimulatedArchive(port=archive.port)
        with pytest.raises(OSError, match="in use"):
            other.start()
    wait_until(lambda: threading.active_count() <= before, "no thread is left")


@pytest.mark.parametrize("name", [CT, MR_RLE, DEFLATED])
def test_it_keeps_each_instance_byte_for_byte(name, store, tmp_path):
    sent = example(name)
    with SimulatedArchive(tmp_path) as archive:
        assert store(archive, sent) == [0x0000]
        (kept,) = archive.instances()
    assert kept.path == tmp_path / sent.StudyInstanceUID / sent.SeriesInstanceUID / f"{sent.SOPInstanceUID}.dcm"
    assert kept.transfer_syntax_uid == sent.file_meta.TransferSyntaxUID
    found = dcmread(kept.path)
    assert found.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert found == sent
    assert not list((tmp_path / "incoming").iterdir())


def test_what_is_stored_twice_is_kept_once_and_what_has_changed_replaces_it(store, tmp_path):
    first, second = example(CT), example(CT)
    second.PatientName = "Changed^Name"
    with SimulatedArchive(tmp_path) as archive:
        assert store(archive, first, first, second) == [0x0000] * 3
        (kept,) = archive.instances()
        assert dcmread(kept.path).PatientName == "Changed^Name"
        assert archive.studies == [first.StudyInstanceUID]


def test_storage_outlives_the_archive(store, tmp_path):
    with SimulatedArchive(tmp_path) as archive:
        store(archive, example(CT))
    with SimulatedArchive(tmp_path) as archive:
        assert archive.studies == [example(CT).StudyInstanceUID]
        assert archive.instances()[0].path.exists()


def test_an_instance_that_is_not_what_the_command_says_is_refused(tmp_path):
    dataset = example(CT)
    with SimulatedArchive(tmp_path) as archive, associate(archive, [context_of(dataset)]) as association:
        assert raw_store(association, "1.2.3", bytes_of(dataset)) == 0xA900
        assert archive.studies == []


@pytest.mark.parametrize("rubbish", [b"\x00" * 40, b"DICM" * 20, b"\xff" * 64, b"\x08\x00\x18\x00\xff\xff\xff\xff"])
def test_rubbish_is_refused_and_nothing_of_it_kept(rubbish, tmp_path):
    with (
        SimulatedArchive(tmp_path) as archive,
        associate(archive, [build_context(CTImageStorage, ImplicitVRLittleEndian)]) as association,
    ):
        assert raw_store(association, "1.2.3", rubbish) == 0xC000
        assert association.send_c_echo().Status == 0x0000
    assert not list(tmp_path.rglob("*.dcm"))
    assert not list((tmp_path / "incoming").iterdir())


@pytest.mark.filterwarnings("ignore:.*VR UI")
@pytest.mark.parametrize("uid", ["../../escaped", "/tmp/escaped", "1.2..3", "a", "1" * 65])
def test_a_uid_that_is_a_path_names_no_file(uid, tmp_path):
    dataset = example(CT)
    dataset.StudyInstanceUID = uid
    folder = tmp_path / "archive"
    with SimulatedArchive(folder) as archive, associate(archive, [context_of(dataset)]) as association:
        assert raw_store(association, dataset.SOPInstanceUID, bytes_of(dataset)) == 0xC000
    assert not list(tmp_path.rglob("*.dcm"))


def test_many_associations_store_at_once(store):
    datasets = []
    for number in range(24):
        dataset = example(CT)
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        datasets.append(dataset)
    with SimulatedArchive() as archive:
        threads = [threading.Thread(target=store, args=(archive, *datasets[part::4])) for part in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(one.sop_instance_uid for one in archive.instances()) == sorted(f"1.2.3.{n}" for n in range(24))


def test_every_storage_class_and_syntax_is_accepted():
    contexts = [build_context(CTImageStorage, syntax) for syntax in all_transfer_syntaxes()]
    with SimulatedArchive() as archive, associate(archive, contexts) as association:
        accepted = {context.transfer_syntax[0] for context in association.accepted_contexts}
    assert accepted == set(all_transfer_syntaxes())


def test_only_the_syntaxes_asked_for_are_accepted():
    contexts = [build_context(CTImageStorage, syntax) for syntax in (ExplicitVRLittleEndian, RLELossless)]
    syntaxes = [str(RLELossless)]
    with SimulatedArchive(transfer_syntaxes=syntaxes) as archive, associate(archive, contexts) as association:
        accepted = [cx for cx in association.accepted_contexts if cx.abstract_syntax == CTImageStorage]
    assert [context.transfer_syntax[0] for context in accepted] == [RLELossless]


def raw_store(association, sop_instance_uid: str, stream: bytes) -> int:
    """A C-STORE of any bytes at all, in the association's second context."""
    from pynetdicom.dimse_primitives import C_STORE

    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = CTImageStorage, sop_instance_uid
    request.DataSet = BytesIO(stream)
    association._reactor_checkpoint.clear()
    while not association._is_paused:
        time.sleep(0.001)
    association.dimse.send_msg(request, association.accepted_contexts[1].context_id)
    _, response = association.dimse.get_msg(block=True)
    association._reactor_checkpoint.set()
    return response.Status


def bytes_of(dataset) -> bytes:
    from pynetdicom.dsutils import encode

    syntax = dataset.file_meta.TransferSyntaxUID
    return encode(dataset, syntax.is_implicit_VR, syntax.is_little_endian)


@pytest.mark.peer
def test_dcmtk_echoes_and_stores():
    names = [CT, MR_RLE, DEFLATED, "JPEG2000.dcm"]
    with SimulatedArchive() as archive:
        dcmtk.run("echoscu", "-aec", archive.aet, archive.host, str(archive.port))
        dcmtk.run("storescu", "-R", archive.host, str(archive.port), FILES / CT)
        dcmtk.run("dcmsend", "-aec", archive.aet, archive.host, str(archive.port), *(FILES / name for name in names))
        kept = {one.sop_instance_uid: dcmread(one.path).Rows for one in archive.instances()}
    assert kept == {example(name).SOPInstanceUID: example(name).Rows for name in names}
