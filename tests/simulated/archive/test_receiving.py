"""What comes is written as it comes: nothing of it stays in memory, and nothing half-written stays on disk."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.multival import MultiValue
from pynetdicom import AE, _config, evt
from pynetdicom.dimse_messages import C_STORE_RQ
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import P_DATA
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import CTImageStorage

from modality.network.listening import ListeningEntity
from modality.network.upper_layer.reactor import Entity
from modality.simulated.archive import SimulatedArchive, header
from modality.simulated.archive.index import KEPT, REQUEST
from modality.simulated.archive.storage import IncomingFile
from modality.transfer.reading import read
from tests.peers.process import wait_until
from tests.simulated.conftest import FILES, associate, context_of, example

CT = "CT_small.dcm"


def fragments(dataset: Dataset, context_id: int) -> list[P_DATA]:
    """The P-DATA of a C-STORE request, in pieces of 4 KB."""
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    offset = len(buffer.getvalue()) - len(read(FILES / CT).head) - sum(map(len, read(FILES / CT).tail))
    request.DataSet = io.BytesIO(buffer.getvalue()[offset:])
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    return list(message.encode_msg(context_id, 4096))


def incoming(folder: Path) -> list[Path]:
    return list((folder / "incoming").iterdir())


def test_what_is_under_way_lies_beside_and_goes_with_an_abort(tmp_path: Path) -> None:
    dataset = example(CT)
    with SimulatedArchive(tmp_path) as archive, associate(archive, [context_of(dataset)]) as association:
        for part in fragments(dataset, association.accepted_contexts[1].context_id)[:5]:
            association.dul.send_pdu(part)
        wait_until(lambda: bool(incoming(tmp_path)), "a file under way")
        assert not list(tmp_path.rglob("*.dcm"))
        association.abort()
        wait_until(lambda: not incoming(tmp_path), "what is half-written goes")
    assert not list(tmp_path.rglob("*.dcm"))


def test_what_is_under_way_goes_with_a_stop(tmp_path: Path) -> None:
    dataset = example(CT)
    archive = SimulatedArchive(tmp_path)
    archive.start()
    with associate(archive, [context_of(dataset)]) as association:
        for part in fragments(dataset, association.accepted_contexts[1].context_id)[:5]:
            association.dul.send_pdu(part)
        wait_until(lambda: bool(incoming(tmp_path)), "a file under way")
        archive.stop()
        assert not incoming(tmp_path)


def test_a_command_and_its_data_set_may_come_in_one_pdu(tmp_path: Path) -> None:
    dataset = example(CT)
    with SimulatedArchive(tmp_path) as archive, associate(archive, [context_of(dataset)]) as association:
        parts = fragments(dataset, association.accepted_contexts[1].context_id)
        together = P_DATA()
        together.presentation_data_value_list = [
            list(value) for part in parts for value in part.presentation_data_value_list
        ]
        association.dul.send_pdu(together)
        archive.events.wait_for("C-STORE")
        assert dcmread(archive.instances()[0].path) == dataset


def test_other_servers_of_the_process_receive_as_before() -> None:
    received: list[Any] = []

    def on_store(event: evt.Event) -> int:
        received.append((event.request.DataSet.getvalue(), event.dataset.PatientID))
        return 0x0000

    other = AE("OTHER")
    with SimulatedArchive():
        assert not _config.STORE_RECV_CHUNKED_DATASET
        handlers = [(evt.EVT_C_STORE, on_store)]
        listening = ListeningEntity(other, ("127.0.0.1", 0), [build_context(CTImageStorage)], handlers)
        try:
            entity = Entity()
            association = entity.associate("127.0.0.1", listening.port, [context_of(example(CT))])
            assert association.send_c_store(example(CT)).Status == 0x0000
            association.release()
        finally:
            listening.close()
    ((data, patient_id),) = received
    assert (len(data) > 32768, patient_id) == (True, example(CT).PatientID)


def test_what_the_disk_refuses_is_out_of_resources_and_the_association_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Any
) -> None:
    with SimulatedArchive(tmp_path) as archive:
        with monkeypatch.context() as patched:
            gone = tmp_path / "gone" / "1.part"
            patched.setattr(archive.files, "incoming", lambda _=(): IncomingFile(gone))
            with associate(archive, [context_of(example(CT))]) as association:
                assert association.send_c_store(example(CT)).Status == 0xA700
                assert association.send_c_echo().Status == 0x0000
        assert store(archive, example(CT)) == [0x0000]


def storable(path: Path) -> bool:
    try:
        read(path)
    except Exception:  # noqa: BLE001 - a file of pydicom's that is no storable instance
        return False
    return True


STORABLE = [path for path in sorted(FILES.rglob("*.dcm")) if storable(path)]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", STORABLE, ids=lambda path: path.stem)
def test_the_index_reads_what_pydicom_reads(path: Path) -> None:
    try:
        found = header.read(read(path))
    except header.UnreadableDataset as error:
        assert "has no" in str(error)
        return
    dataset = dcmread(path, stop_before_pixels=True, force=True)
    for keyword in KEPT:
        assert (keyword in found) == (keyword in dataset), keyword
        if keyword == "RequestAttributesSequence" and keyword in found:
            items = dataset[keyword].value
            wanted = [{name: str(item[name].value) for name in REQUEST if item.get(name)} for item in items]
            assert json.loads(found[keyword]) == wanted
        elif keyword in found:
            value = dataset[keyword].value
            values = value if isinstance(value, MultiValue) else [] if value is None else [value]
            assert found[keyword] == "\\".join(map(str, values)).rstrip(" "), keyword
