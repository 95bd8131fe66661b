"""Names that would lead out of a folder: UIDs, AE titles, patient names, IDs."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pydicom import Dataset, dcmwrite

from modality.delivery.migrations import Ledger
from modality.errors import ModalityError
from modality.network.address import parse
from modality.network.local import Local
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.faults import Fault
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.ris import SimulatedRis
from modality.station.migration import migrate
from modality.transfer.destination import Folder
from modality.transfer.files import write_whole
from modality.transfer.reading import from_bytes, read
from tests.security.attacks import answer, associated, command, dataset, file, p_data

MPPS = "1.2.840.10008.3.1.2.3.3"
EVIL = ["../../../evil", "..", ".", "/etc/evil", "1.2/../../evil", "1..2", "1.2.\\evil", "1.2\0evil", " ", "CONx"]


@pytest.fixture
def storage(tmp_path: Path) -> Path:
    """A folder with another beside it, in which nothing may appear."""
    (tmp_path / "inside" / "storage").mkdir(parents=True)
    return tmp_path / "inside" / "storage"


def outside(storage: Path) -> list[Path]:
    """Files that have come to be out of the folder."""
    root = storage.parents[1]
    return [path for path in root.rglob("*") if path.is_file() and storage not in path.parents]


@pytest.fixture
def archive(storage: Path) -> Iterator[SimulatedArchive]:
    with SimulatedArchive(storage) as running:
        yield running


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_archive_files_nothing_by_what_is_no_uid(archive: SimulatedArchive, storage: Path, keyword: str) -> None:
    for evil in EVIL:
        sent = archive.files.incoming([evil_instance(**{keyword: evil})])
        assert (evil, archive.filing.take(sent, Fault(), {}, "").status) == (evil, 0xC000)
        sent.discard()
    assert archive.studies == []
    assert outside(storage) == []


@pytest.mark.parametrize("aet", ["../../evil", "..", "/etc/evil", "a/b"])
def test_a_calling_ae_title_is_part_of_no_path(archive: SimulatedArchive, storage: Path, aet: str) -> None:
    with associated(archive.port, ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"), calling=aet) as connection:
        sent = command(1, "1.2.840.10008.5.1.4.1.1.2", instance="1.2.3.4")
        body = file(dataset())
        start = body.index(b"\x08\0\x16\0UI")
        connection.sendall(p_data(sent, command=True, last=True) + p_data(body[start:], command=False, last=True))
        assert answer(connection) == 4
    assert [path.relative_to(storage).as_posix() for path in storage.rglob("*.dcm")] == ["1.2.3/1.2.3.1/1.2.3.4.dcm"]
    assert outside(storage) == []


@pytest.mark.parametrize(
    "path",
    [
        "/studies/..%2f..%2fetc",
        "/studies/%2e%2e/metadata",
        "/studies/1.2.3/series/..%5c/rendered",
        "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.4/bulkdata/..%2f..%2f..%2fetc%2fpasswd",
    ],
)
def test_a_url_reads_no_file(path: str) -> None:
    with SimulatedArchive(web=Web()) as archive:
        archive.filing.take(archive.files.incoming([file(dataset())]), Fault(), {}, "")
        answered = httpx.get(archive.web_address + path)
    assert answered.status_code in (400, 404)
    assert "root:" not in answered.text


@pytest.mark.parametrize("uid", ["../../evil", "..", "/tmp/evil", "1.2/../../evil"])
def test_a_performed_step_is_written_by_what_is_a_uid_alone(storage: Path, uid: str) -> None:
    with SimulatedRis(storage=storage) as ris, associated(ris.port, (MPPS, "1.2.840.10008.1.2")) as connection:
        step = Dataset()
        step.PerformedProcedureStepStatus = "IN PROGRESS"
        content = BytesIO()
        dcmwrite(content, step, implicit_vr=True, little_endian=True, enforce_file_format=False)
        sent = command(0x140, MPPS, instance=uid)
        connection.sendall(p_data(sent, command=True, last=True) + p_data(content.getvalue(), command=False, last=True))
        assert answer(connection) in (4, 7)
    assert not list(storage.iterdir())
    assert outside(storage) == []


def test_a_fhir_id_is_part_of_no_path(storage: Path) -> None:
    with SimulatedFhir(storage) as fhir:
        for identity in ("..%2f..%2fevil", "%2e%2e", "a%00b", "a" * 65):
            patient = {"resourceType": "Patient", "id": "../../evil", "active": True}
            put = httpx.put(
                f"{fhir.address}/Patient/{identity}", json=patient, headers={"Content-Type": "application/fhir+json"}
            )
            assert put.status_code in (400, 404, 405, 422)
    assert outside(storage) == []


def evil_instance(**values: str) -> bytes:
    """A file with UIDs as long as the evil ones, put there afterwards."""
    content = file(dataset(**{keyword: "9" * len(value) for keyword, value in values.items()}))
    for value in filter(None, values.values()):
        content = content.replace(b"9" * len(value), value.encode())
    return content


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_a_folder_takes_no_instance_that_leads_out_of_it(storage: Path, keyword: str) -> None:
    content = evil_instance(**{keyword: "../../../evil1"})
    try:
        receipt = Folder(storage).store([from_bytes(content)])
    except ModalityError:
        pass
    else:
        assert not receipt.stored
    assert outside(storage) == []


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID"])
def test_a_migration_leads_out_of_no_folder(storage: Path, keyword: str, tmp_path: Path) -> None:
    origin = tmp_path / "origin"
    write_whole(origin / "evil.dcm", [evil_instance(**{keyword: "../../../evil1"})])
    before = outside(storage)
    with SimulatedArchive() as target, Ledger(storage / "state", "a", "b") as ledger:
        try:
            done = migrate(origin, parse(target.address), Local(), ledger)
        except ModalityError:
            pass
        else:
            assert not done.migrated
        assert target.studies == []
    assert outside(storage) == before


def test_a_patient_s_name_is_part_of_no_path(archive: SimulatedArchive, storage: Path) -> None:
    named = dataset(
        PatientName="../../../evil^/etc/passwd", PatientID="../../evil", AccessionNumber="../evil", StudyID="/x"
    )
    assert archive.filing.take(archive.files.incoming([file(named)]), Fault(), {}, "").status == 0
    Folder(storage / "folder").store([read(next(storage.rglob("1.2.3.4.dcm")))])
    assert outside(storage) == []
    assert not [path for path in storage.rglob("*") if "evil" in path.name]
