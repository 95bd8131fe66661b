"""Instances back by C-GET, by C-MOVE, and from a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modality.errors import QueryRefused, UsageError
from modality.network.address import parse_dicom
from modality.network.local import Local
from modality.network.retrieve.get import STUDY_ROOT_GET
from modality.network.retrieve.move import Listen, move_study
from modality.network.store import DicomArchive
from modality.network.verify import verify_instances
from modality.simulated.archive import SimulatedArchive
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import RLE
from tests.network.conftest import LOCAL, series
from tests.peers.process import free_port
from tests.transfer.datasets import CT_IMAGE

Start = Callable[..., SimulatedArchive]


def stored(archive: SimulatedArchive, instances: list[PreparedInstance]) -> list[PreparedInstance]:
    assert DicomArchive(archive.address, local=LOCAL).store(instances).complete
    return instances


def without_get(archive: Start, port: int, *faults: str) -> SimulatedArchive:
    return archive(f"refuse={STUDY_ROOT_GET}", *faults, destinations={LOCAL.aet: f"127.0.0.1:{port}"})


@pytest.mark.parametrize("fault", [f"refuse={STUDY_ROOT_GET}", "on=get,status=0122", "on=get,abort_after=0"])
def test_an_archive_that_does_not_do_c_get_moves_to_where_we_listen(archive: Start, fault: str) -> None:
    port = free_port()
    peer = archive(fault, destinations={LOCAL.aet: f"127.0.0.1:{port}"})
    sent = stored(peer, [*series(2), *series(1, RLE, SeriesInstanceUID="1.2.3.2", PatientID="P2")][:2])
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL, listen=Listen(port))
    assert (report.checked, report.identical, report.complete) == (2, 2, True)
    assert peer.events.wait_for("C-MOVE")[0].status == 0x0000


def test_instances_are_moved_in_the_syntax_that_they_are_kept_in(archive: Start) -> None:
    port = free_port()
    peer = without_get(archive, port)
    sent = stored(peer, series(1, RLE))
    report = verify_instances(parse_dicom(peer.address), sent, LOCAL, listen=Listen(port))
    assert (report.identical, report.transcoded) == (1, {})


def test_an_aet_that_the_archive_does_not_know_is_a_refused_query(archive: Start) -> None:
    port = free_port()
    peer = without_get(archive, port)
    sent = stored(peer, series(1))
    with pytest.raises(QueryRefused, match="C-MOVE refused with status A801H") as raised:
        verify_instances(parse_dicom(peer.address), sent, Local("OTHER", LOCAL.timeouts), listen=Listen(port))
    assert raised.value.status == 0xA801


def test_a_port_in_use_is_a_usage_error(archive: Start) -> None:
    peer = without_get(archive, 1)
    sent = stored(peer, series(1))
    with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1:{peer.port}"):
        verify_instances(parse_dicom(peer.address), sent, LOCAL, listen=Listen(peer.port))


def test_what_goes_wrong_with_a_moved_instance_reaches_the_caller(archive: Start) -> None:
    port = free_port()
    peer = without_get(archive, port)
    stored(peer, series(2))

    def broken(_: PreparedInstance) -> None:
        raise KeyError("in the caller's own code")

    with pytest.raises(KeyError, match="own code"):
        move_study(parse_dicom(peer.address), "1.2.3", [CT_IMAGE], LOCAL, broken, Listen(port))


def test_only_the_series_that_are_wanted_are_fetched(archive: Start) -> None:
    peer = archive()
    mine = stored(peer, series(2))
    stored(peer, series(1, SeriesInstanceUID="1.2.3.2"))  # another under the UID of the first: it takes its place
    report = verify_instances(parse_dicom(peer.address), mine[1:], LOCAL)
    assert (report.checked, report.identical) == (1, 1)
    assert peer.events.wait_for("C-GET")[0].detail == "1 instances"


def test_a_folder_is_searched_whatever_its_files_are_called(tmp_path: Path) -> None:
    for number, one in enumerate(series(2)):
        one.write(tmp_path / "a" / f"{number}")
    (tmp_path / "notes.txt").write_text("no instance")
    report = verify_instances(tmp_path, series(3), LOCAL)
    assert (report.identical, report.lost) == (2, ["1.2.3.1.2"])
    with pytest.raises(UsageError, match="no such folder"):
        verify_instances(tmp_path / "none", series(1), LOCAL)
