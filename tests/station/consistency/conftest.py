"""One examination performed against an archive and a RIS of our own, and copies of its evidence to be spoilt."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from modality import config
from modality.network.local import Timeouts
from modality.protocol.performed_step import reference
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis, worklist_file
from modality.simulated.ris.steps import Department
from modality.station.consistency.case import Case
from modality.station.consistency.evidence import performed_steps, read_image, read_parts, reports, worklist_items
from modality.station.consistency.rule import Judgement
from modality.station.consistency.table import check
from modality.station.station import Station

TODAY = date(2026, 11, 24)


@dataclass
class Evidence:
    """What an examination leaves behind, as data sets.

    Args:
        images: two series of four images.
        items: the worklist item.
        created: the N-CREATE.
        changes: the N-SETs.
        report: the commitment result.
        uid: SOP Instance UID of the performed step.
        marks: bytes of an image's file and what they become.
    """

    images: list[pydicom.FileDataset]
    items: list[Dataset]
    created: Dataset
    changes: list[Dataset]
    report: Dataset
    uid: str
    marks: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def request(self) -> Dataset:
        """The scheduled step in the N-CREATE."""
        found: Dataset = self.created.ScheduledStepAttributesSequence[0]
        return found

    @property
    def step(self) -> Dataset:
        """The scheduled step in the worklist item."""
        found: Dataset = self.items[0].ScheduledProcedureStepSequence[0]
        return found

    @property
    def end(self) -> Dataset:
        """The last N-SET."""
        return self.changes[-1]

    def write(self, folder: Path) -> dict[str, Path]:
        """Write it as files: images, worklist and commitment as DICOM, the performed step as DICOM JSON."""
        (folder / "study").mkdir(parents=True)
        for number, image in enumerate(self.images):
            path = folder / "study" / f"{number}.dcm"
            image.save_as(path, enforce_file_format=False)
            content = path.read_bytes()
            for before, after in self.marks.items():
                content = content.replace(before, after)
            path.write_bytes(content)
        for number, item in enumerate(self.items):
            (folder / "worklist").mkdir(exist_ok=True)
            item.save_as(folder / "worklist" / f"{number}.wl", implicit_vr=False, little_endian=True)
        steps = [self.created, *self.changes]
        (folder / f"{self.uid}.json").write_text(json.dumps([one.to_json_dict() for one in steps]))
        self.report.save_as(folder / "commitment.dcm", implicit_vr=True, little_endian=True)
        return {
            "--study": folder / "study",
            **({"--worklist": folder / "worklist"} if self.items else {}),
            "--mpps": folder / f"{self.uid}.json",
            "--commitment": folder / "commitment.dcm",
        }

    def judged(self, folder: Path) -> dict[str, Judgement]:
        """What becomes of each rule, by its number, after the way through files."""
        paths = self.write(folder)
        problems: dict[str, str] = {}
        case = Case(
            [read_image(path) for path in sorted(paths["--study"].iterdir())],
            worklist_items(read_parts(paths["--worklist"]), problems) if self.items else [],
            performed_steps(read_parts(paths["--mpps"]), problems),
            reports(read_parts(paths["--commitment"]), problems),
        )
        assert problems == {}
        return {one.rule.id: one for one in check(case)}


def broken(judgements: dict[str, Judgement]) -> set[str]:
    return {number for number, one in judgements.items() if one.state == "broken"}


def ordered() -> Dataset:
    """A worklist item with all that the rules compare."""
    item: Dataset = worklist_file.read(config.shipped("worklist.toml"), TODAY)[0]
    item.ReferencedStudySequence = [reference("1.2.840.10008.3.1.2.3.1", "1.2.3.4.5")]
    return item


@pytest.fixture(scope="session")
def performed_once(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder = tmp_path_factory.mktemp("performed")
    told: list[Dataset] = []
    patched = pytest.MonkeyPatch()
    for name in ("create", "set"):
        real = getattr(Department, name)

        def heard(department, uid, attributes, real=real):
            told.append(deepcopy(attributes))
            return real(department, uid, attributes)

        patched.setattr(Department, name, heard)
    timeouts = Timeouts(30, 30, 30)
    with SimulatedArchive(folder / "archive") as archive, SimulatedRis([ordered()]) as ris:
        with Station("CT01", ris=ris.address, archive=archive.address, seed=5, timeouts=timeouts) as station:
            (scheduled,) = station.worklist(date="any")
            with station.perform(scheduled) as performed:
                performed.acquire(rows=8, columns=8, slices=4)
                performed.acquire("water", rows=8, columns=8, slices=4)
            outcome = performed.commit()
        images = [pydicom.dcmread(one.path) for one in archive.instances()]
    patched.undo()
    report = Dataset()
    report.TransactionUID = outcome.transaction_uid
    report.RetrieveAETitle = archive.listener.ae.ae_title
    report.ReferencedSOPSequence = [reference(image.SOPClassUID, image.SOPInstanceUID) for image in images]
    images.sort(key=lambda image: (int(image.SeriesNumber), int(image.InstanceNumber)))
    return Evidence(images, [scheduled.item], told[0], told[1:], report, performed.uid)


@pytest.fixture
def evidence(performed_once: Evidence) -> Evidence:
    return deepcopy(performed_once)
