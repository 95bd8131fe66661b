"""Archives that are away, reject, abort, fall silent or talk rubbish: one line, the right exit code, no hanging."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

from tests.peers import dcmtk
from tests.peers.commandline import Finished, end, generated, modality, start
from tests.peers.fixtures import Factory
from tests.peers.process import HOST, free_port, wait_until
from tests.peers.send.conftest import bare_socket, close, hold, served_archive, talk_rubbish

pytestmark = pytest.mark.peer


def send(files: list[Path], address: str, *options: str) -> Finished:
    return modality("send", *files, "--to", address, "--json", *options)


def test_a_port_where_nobody_listens_is_one_line_and_exit_code_3(ct: list[Path]) -> None:
    finished = send(ct, f"dicom://NOBODY@{HOST}:{free_port()}")
    assert finished.code == 3
    assert len(finished.lines) == 1
    assert "nobody answers" in finished.lines[0]
    assert finished.document["error"]["type"] == "UnreachableError"


def test_a_host_that_has_no_address_is_one_line_and_exit_code_3(ct: list[Path]) -> None:
    finished = send(ct, "dicom://NOBODY@no-such-host.invalid:104")
    assert finished.code == 3
    assert len(finished.lines) == 1
    assert "no-such-host.invalid" in finished.lines[0]


@pytest.mark.parametrize(
    ("answer", "timeout", "code", "said"),
    [
        (hold, "1", 3, "no answer to A-ASSOCIATE within 1 s"),
        (close, "60", 1, "hung up before the association was established"),
        (talk_rubbish, "60", 1, "not valid DICOM"),
    ],
)
def test_something_that_is_no_dicom_peer_is_told_apart(
    ct: list[Path], answer: Callable[..., None], timeout: str, code: int, said: str
) -> None:
    with bare_socket(answer) as address:
        began = time.monotonic()
        finished = send(ct, address, "--timeout", timeout)
        assert time.monotonic() - began < 30
    assert finished.code == code
    assert len(finished.lines) == 1
    assert said in finished.lines[0]


def test_orthanc_rejects_a_called_ae_title_that_is_not_its_own(orthanc: Factory, ct: list[Path]) -> None:
    with orthanc() as archive:
        finished = send(ct, f"dicom://OTHER@{HOST}:{archive.port}")
        assert archive.instances() == []
    assert finished.code == 1
    assert len(finished.lines) == 1
    assert "rejected" in finished.lines[0]
    assert "alled AE title not recogni" in finished.lines[0]


def test_a_storescp_that_refuses_all_associations_is_one_line(storescp: Factory, ct: list[Path]) -> None:
    with storescp("--refuse") as archive:
        finished = send(ct, archive.address)
    assert finished.code == 1
    assert len(finished.lines) == 1
    assert "rejected" in finished.lines[0]


@pytest.mark.parametrize("option", ["--abort-during", "--abort-after"])
def test_an_archive_that_aborts_each_association_costs_each_instance_and_does_not_hang(
    storescp: Factory, ct: list[Path], option: str
) -> None:
    with storescp(option) as archive:
        finished = send(ct, archive.address)
    assert finished.code == 1
    assert finished.document["stored"] == 0
    assert finished.document["failed"] == 4
    (line,) = finished.lines
    assert "aborted the association" in line


def test_an_archive_that_aborts_once_in_a_while_gets_the_rest(tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct", "--slices", "12")
    with served_archive("on=store,abort-after=3,times=1", storage=tmp_path / "archive") as address:
        finished = send(sent, address)
    assert finished.code == 1
    assert (finished.document["stored"], finished.document["failed"]) == (11, 1)
    assert len(finished.lines) == 1
    kept = [pydicom.dcmread(path).SOPInstanceUID for path in (tmp_path / "archive").rglob("*.dcm")]
    assert len(kept) == 11


def test_an_abort_in_the_middle_of_a_message_costs_that_instance_and_leaves_nothing_half_written(
    tmp_path: Path,
) -> None:
    sent = generated(tmp_path / "sent", "ct", "--rows", "128", "--columns", "128")
    with served_archive("abort-at-bytes=80000", storage=tmp_path / "archive") as address:
        finished = send(sent, address)
    files = list((tmp_path / "archive").rglob("*.dcm"))
    assert finished.code == 1
    assert finished.document["stored"] == len(files)
    assert finished.document["stored"] + finished.document["failed"] == 4
    assert finished.document["failed"] >= 1
    whole = {pydicom.dcmread(path).SOPInstanceUID: pydicom.dcmread(path).PixelData for path in sent}
    for path in files:
        assert pydicom.dcmread(path).PixelData == whole[pydicom.dcmread(path).SOPInstanceUID]


def test_an_archive_that_is_killed_in_mid_transfer_is_an_error_for_the_rest(tmp_path: Path, storescp: Factory) -> None:
    sent = generated(tmp_path / "sent", "ct", "--slices", "10")
    with storescp("--sleep-after", "1") as archive:  # an image a second
        run = start("send", tmp_path / "sent", "--to", archive.address, "--json")
        wait_until(lambda: len(archive.files()) >= 3, "some are stored")
    finished = end(run)
    assert finished.code == 1
    assert 2 <= finished.document["stored"] < 10
    assert finished.document["stored"] + finished.document["failed"] == len(sent)
    assert 1 <= len(finished.lines) <= 2
    assert re.search(r"connection broke|closed the connection|aborted|nobody answers", finished.stderr)


def test_a_silent_archive_is_given_up_after_the_timeout_and_not_once_for_each_instance(tmp_path: Path) -> None:
    sent = generated(tmp_path / "sent", "ct", "--slices", "12")
    with served_archive("on=store,silent") as address:
        began = time.monotonic()
        finished = send(sent, address, "--timeout", "4")
        assert time.monotonic() - began < 30
    assert finished.code == 1
    assert (finished.document["stored"], finished.document["failed"]) == (0, 12)
    assert len(finished.lines) <= 2
    assert "no C-STORE response within 4 s" in finished.lines[0]


@pytest.mark.parametrize("status", ["A700", "A900", "C000", "0122"])
def test_a_refused_instance_is_counted_by_its_status_and_the_rest_is_stored(
    ct: list[Path], tmp_path: Path, status: str
) -> None:
    with served_archive(f"on=store,status={status},every=2", storage=tmp_path / "archive") as address:
        finished = send(ct, address)
    assert finished.code == 1
    assert (finished.document["stored"], finished.document["refused"]) == (2, {status: 2})
    assert len(list((tmp_path / "archive").rglob("*.dcm"))) == 2
    (line,) = finished.lines
    assert f"{status}H" in line


def test_a_warning_counts_as_stored_and_is_told(ct: list[Path], tmp_path: Path) -> None:
    with served_archive("on=store,status=B000,every=4", storage=tmp_path / "archive") as address:
        finished = send(ct, address)
    assert finished.code == 0
    assert (finished.document["stored"], finished.document["warnings"]) == (4, {"B000": 1})
    assert len(finished.lines) == 1
    assert "B000H" in finished.lines[0]


def test_a_slow_archive_is_waited_for(ct: list[Path]) -> None:
    with served_archive("on=store,delay-s=0.3") as address:
        finished = send(ct, address, "--timeout", "30")
    assert (finished.code, finished.lines, finished.document["stored"]) == (0, [], 4)


def test_an_archive_that_knows_other_callers_only_is_one_line(ct: list[Path]) -> None:
    with served_archive("known=FRIEND") as address:
        stranger, friend = send(ct, address), send(ct, address, "--aet", "FRIEND")
    assert (stranger.code, len(stranger.lines)) == (1, 1)
    assert "alling AE title not recogni" in stranger.lines[0]
    assert (friend.code, friend.document["stored"]) == (0, 4)


def test_a_reader_that_goes_away_is_no_traceback(ct: list[Path], tmp_path: Path) -> None:
    run = start("send", *ct, "--to", tmp_path / "copy", "--json")
    assert run.stdout is not None
    run.stdout.close()
    run.stdout = None
    assert end(run).code in (0, 1)


def test_an_echo_shows_that_the_archive_lives_on_after_an_abort(ct: list[Path]) -> None:
    with served_archive("on=store,abort-after=0") as address:
        assert send(ct, address).code == 1
        aet, port = re.fullmatch(r"dicom://(.+)@.+:(\d+)", address).groups()  # type: ignore[union-attr]
        dcmtk.run("echoscu", "-aec", aet, HOST, port)
