"""More presentation contexts than an association can carry."""

from __future__ import annotations

import re
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import UID_dictionary, generate_uid

from tests.peers.commandline import modality
from tests.peers.fixtures import Factory

pytestmark = pytest.mark.peer

SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2")


def storage_classes() -> list[str]:
    """The storage classes that pydicom knows, without the retired ones and those younger than Debian's DCMTK."""
    wanted, young = re.compile(r"1\.2\.840\.10008\.5\.1\.4\.1\.1\.[\d.]+"), re.compile(r"Protocol|FIND|MOVE|GET")
    return [
        uid
        for uid, (name, kind, _, retired, _) in UID_dictionary.items()
        if kind == "SOP Class" and not retired and wanted.fullmatch(uid) and not young.search(name)
    ]


def write(path: Path, sop_class: str, syntax: str) -> None:
    """A tiny instance without pixels."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, generate_uid()
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", f"1.2.3.{sop_class.rpartition('.')[2]}"
    dataset.PatientID, dataset.PatientName, dataset.Modality = "MANY", "Many^Classes", "OT"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)


def test_more_classes_and_syntaxes_than_one_association_carries_all_arrive(storescp: Factory, tmp_path: Path) -> None:
    classes = storage_classes()
    sent = tmp_path / "sent"
    sent.mkdir()
    for number, sop_class in enumerate(classes):
        # The classes take turns, so that an association is not simply filled once from front to back.
        for other, syntax in enumerate(SYNTAXES):
            write(sent / f"{other}-{number:04}.dcm", sop_class, syntax)
    assert len(classes) * len(SYNTAXES) > 256
    with storescp("+xa", "-pm") as archive:
        finished = modality("send", sent, "--to", archive.address, "--json")
        arrived = [pydicom.dcmread(path) for path in archive.files()]
        associations = archive.log.read_text(encoding="utf-8", errors="replace").count("Association Acknowledged")
    assert (finished.code, finished.lines) == (0, [])
    assert finished.document["stored"] == len(classes) * len(SYNTAXES) == len(arrived)
    assert finished.document["transcoded"] == 0
    assert {one.SOPClassUID for one in arrived} == set(classes)
    assert {str(one.file_meta.TransferSyntaxUID) for one in arrived} == set(SYNTAXES)
    assert len(classes) * len(SYNTAXES) / 128 <= associations <= 16
