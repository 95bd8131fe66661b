"""One day at station SIM: worklist on wlmscpfs, performed steps on dcmjs, images and commitment on Orthanc."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.sr.coding import Code

from tests.peers import dcmjs, dcmtk, orthanc
from tests.peers.commandline import SMALL, Finished, modality
from tests.peers.process import HOST, free_port
from tests.peers.worklist_items import STATION_AET, default_items, ordered, sparse

LENGTH_OF_A_UUID = 36
UNKNOWN_PROTOCOL = Code("NEVERHEARD", "99PEER", "A protocol that no modality knows")


def another_day(days: int) -> str:
    """A DICOM date some days from today."""
    return f"{datetime.now().astimezone() + timedelta(days=days):%Y%m%d}"


def worklist() -> list[Dataset]:
    """The four items of the peers, one with an unknown code, and two that are none of this station's business."""
    elsewhere = sparse(6, "Else^Where", "CT")
    elsewhere.ScheduledProcedureStepSequence[0].ScheduledStationAETitle = "OTHER"
    return [
        *default_items(),
        ordered(5, "Coded^Oddly", "CT", UNKNOWN_PROTOCOL),
        elsewhere,
        sparse(7, "To^Morrow", "CT", another_day(1)),
    ]


def messages_of(messages: Sequence[dcmjs.Message], uid: str) -> list[dcmjs.Message]:
    """The messages about one performed step."""
    return [message for message in messages if message.sop_instance_uid == uid]


def named(step: Dataset) -> list[str]:
    """The instances that a Performed Series Sequence names."""
    return [
        str(image.ReferencedSOPInstanceUID)
        for series in step.PerformedSeriesSequence
        for keyword in ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")
        for image in series[keyword].value
    ]


@dataclass(frozen=True)
class Step:
    """One performed step as every party knows it.

    Attributes:
        item: the worklist item.
        row: its row of the JSON document.
        images: what Orthanc stored of it, by Instance Number.
        stored_at: when each was written, in seconds since 1970.
        begun: its N-CREATE.
        ended: its N-SET.
    """

    item: Dataset
    row: dict[str, Any]
    images: list[Dataset]
    stored_at: list[float]
    begun: dcmjs.Message
    ended: dcmjs.Message

    @property
    def scheduled(self) -> Dataset:
        """The scheduled step within the item."""
        return Dataset(self.item.ScheduledProcedureStepSequence[0])


@dataclass(frozen=True)
class Day:
    """What the day left.

    Attributes:
        finished: of `modality perform`.
        query: the C-FIND identifiers that wlmscpfs got, dumped.
        messages: what the MPPS SCP got.
        steps: the steps performed, in their order.
        images: every image that Orthanc holds.
        state: the station's state folder.
    """

    finished: Finished
    query: list[str]
    messages: list[dcmjs.Message]
    steps: list[Step]
    images: list[Dataset]
    state: Path


def stored_files(folder: Path) -> Iterator[tuple[Dataset, float]]:
    """What Orthanc wrote to disk, and when (its own reception dates know whole seconds only)."""
    for path in folder.rglob("*"):
        if path.is_file() and len(path.name) == LENGTH_OF_A_UUID and path.read_bytes()[128:132] == b"DICM":
            yield pydicom.dcmread(path), path.stat().st_mtime


def read_day(
    finished: Finished, items: Sequence[Dataset], messages: list[dcmjs.Message], images: list[tuple[Dataset, float]]
) -> list[Step]:
    """The steps of a day, put together by their UIDs."""
    by_study = {str(item.StudyInstanceUID): item for item in items}
    steps = []
    for row in finished.document["steps"]:
        mine = [one for one in images if one[0].StudyInstanceUID == row["study_uid"]]
        mine.sort(key=lambda one: int(one[0].InstanceNumber))
        begun, ended = messages_of(messages, row["mpps_uid"])
        item = by_study[row["study_uid"]]
        steps.append(Step(item, row, [one for one, _ in mine], [at for _, at in mine], begun, ended))
    return steps


@contextlib.contextmanager
def three_peers(folder: Path, items: Sequence[Dataset], **options: Any) -> Iterator[Mapping[str, Any]]:
    """The worklist, the MPPS SCP and Orthanc, which may report to the port under "listen"."""
    for name in ("wlmscpfs", "dcmjs", "orthanc"):
        (folder / name).mkdir()
    listen = free_port()
    with (
        dcmtk.wlmscpfs(folder / "wlmscpfs", items) as ris,
        dcmjs.dcmjs(folder / "dcmjs", **options) as mpps,
        orthanc.orthanc(folder / "orthanc", {STATION_AET: (HOST, listen)}) as archive,
    ):
        yield {"ris": ris, "mpps": mpps, "archive": archive, "listen": str(listen)}


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """The command of the issue, run once; the tests read what it left."""
    folder = tmp_path_factory.mktemp("day")
    items = worklist()
    with three_peers(folder, items) as peers:
        finished = modality(
            "perform", "--worklist", peers["ris"].address, "--archive", peers["archive"].address,
            "--mpps", peers["mpps"].address, "--commitment", peers["archive"].address, "--aet", STATION_AET,
            "--listen", peers["listen"], "--json", "--state", folder / "state", *SMALL,
        )  # fmt: skip
        messages = peers["mpps"].messages()
        by_rest = [pydicom.dcmread(io.BytesIO(peers["archive"].file(one))) for one in peers["archive"].instances()]
        files = list(stored_files(folder / "orthanc" / "storage"))
        requests = peers["ris"].requests()
    assert finished.code == 0, finished.stderr
    assert sorted(one.SOPInstanceUID for one in by_rest) == sorted(one.SOPInstanceUID for one, _ in files)
    steps = read_day(finished, items, messages, files)
    return Day(finished, requests, messages, steps, by_rest, folder / "state")
