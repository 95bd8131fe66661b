"""`modality migrate`: Orthanc to our archive to dcmqrscp and storescp, interrupted on the way."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from modality.network.dicomweb.archive import WebArchive
from modality.network.local import Local
from tests.network.conftest import series
from tests.peers.commandline import end, generated, modality, start
from tests.peers.dicomweb.test_stow import served
from tests.peers.process import HOST, free_port, is_open, program, running, wait_until
from tests.peers.send.odd_instances import write_odd_instances

pytestmark = pytest.mark.peer

_CONFIGURATION = """\
MaxPDUSize = 16384
MaxAssociations = 16
HostTable BEGIN
us = (MODALITY, {host}, {ours})
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
QRSCP {storage} RW (100, 1024mb) ANY
AETable END
"""


@contextlib.contextmanager
def dcmqrscp(folder: Path, ours: int) -> Iterator[str]:
    """DCMTK's archive, which knows us as MODALITY on a port, and takes JPEG 2000 and what is not compressed."""
    storage, port = folder / "storage", free_port()
    storage.mkdir()
    configuration = folder / "dcmqrscp.cfg"
    configuration.write_text(_CONFIGURATION.format(host=HOST, ours=ours, storage=storage))
    line = [program("/usr/bin/dcmqrscp"), "-c", configuration, "+xv", str(port)]
    with running(line, log=folder / "dcmqrscp.log", ready=lambda: is_open(port)):
        yield f"dicom://QRSCP@{HOST}:{port}"


def test_orthanc_to_ours_to_dcmqrscp_and_back_nothing_changed(
    orthanc: Callable, peer_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    write_odd_instances(tmp_path / "sent" / "odd")
    generated(tmp_path / "sent" / "ct", "ct", "--transfer-syntax", "JPEG2000Lossless")
    generated(tmp_path / "sent" / "mr", "mr", "--transfer-syntax", "ImplicitVRLittleEndian")
    ours = free_port()
    with (
        orthanc({"MODALITY": (HOST, ours)}) as first,
        served() as second,
        dcmqrscp(peer_folder("dcmqrscp"), ours) as third,
    ):
        sent = modality("send", tmp_path / "sent", "--to", first.dicomweb, "--json").document["stored"]
        assert sent > 8
        listen = ("--listen", str(ours))
        for origin, target, options in (
            (first.address, second["address"], ()),
            (second["web"], third, listen),
            (third, tmp_path / "back", listen),
        ):
            finished = modality("migrate", "--from", origin, "--to", target, "--json", *options)
            assert finished.code == 0, finished.stderr
            assert finished.document["studies"] == len(finished.document["migrated"]) == 3
            assert finished.document["decompressed"] == []
            report = finished.document["verified"]
            assert (report["checked"], report["identical"]) == (sent, sent)
            # dcmqrscp sends what is not compressed in the first syntax of that kind that we take.
            recoded = {name for pair in report["transcoded"].values() for name in pair}
            assert recoded <= (
                {"ExplicitVRLittleEndian", "ImplicitVRLittleEndian"} if third in (origin, target) else set()
            )
    checked = modality("verify", tmp_path / "sent", "--at", tmp_path / "back", "--json")
    assert (checked.code, checked.document["identical"], checked.document["checked"]) == (0, sent, sent)


def test_a_target_that_only_stores_is_not_asked(orthanc: Callable, storescp: Callable) -> None:
    with orthanc() as origin, storescp("+xa") as target:
        assert WebArchive(origin.dicomweb, local=Local()).store(series(3)).complete
        options = ("--from", origin.dicomweb, "--to", target.address, "--json")
        asked = modality("migrate", *options)
        finished = modality("migrate", *options, "--no-verify")
        received = [dcmread(path).SOPInstanceUID for path in target.files()]
    assert asked.code == 1
    assert "not verified" in asked.document["study_problems"]["1.2.3"]
    assert (finished.code, finished.document["stored"], finished.document["verified"]) == (0, 3, None)
    assert sorted(set(received)) == ["1.2.3.1.0", "1.2.3.1.1", "1.2.3.1.2"]


def test_a_run_that_was_ended_goes_on(orthanc: Callable, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with orthanc() as origin, served("--fault", "delay_s=0.2,on=store", "--storage", kept) as target:
        for number in (3, 4, 5):
            instances = [
                one.stamp({"StudyInstanceUID": f"1.2.{number}", "SeriesInstanceUID": f"1.2.{number}.1",
                           "SOPInstanceUID": f"1.2.{number}.1.{at}"})
                for at, one in enumerate(series(10))
            ]  # fmt: skip
            assert WebArchive(origin.dicomweb, local=Local()).store(instances).complete
        state = tmp_path / "state"
        options = ("--from", origin.dicomweb, "--to", target["address"], "--state", state, "--json")
        running_one = start("migrate", *options)
        wait_until(lambda: len(list(kept.rglob("*.dcm"))) >= 3, "some are stored")
        running_one.send_signal(signal.SIGTERM)
        ended = end(running_one)
        assert (ended.code, ended.document["interrupted"]) == (1, True)
        assert 0 < ended.document["stored"] < 30
        went_on = modality("migrate", *options)
        again = modality("migrate", *options)
    assert went_on.code == 0, went_on.stderr
    assert ended.document["stored"] + went_on.document["stored"] in (30, 31)  # one may have been out, unanswered
    assert went_on.document["verified"]["identical"] + ended.document["verified"]["identical"] == 30
    assert (again.document["skipped"], again.document["stored"]) == (3, 0)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--from", "dicom://A@127.0.0.1:1", "--to", "x"), 3, "127.0.0.1:1"),
        (("--from", "nowhere", "--to", "dicom://A@127.0.0.1:1"), 2, "no such folder"),
        (("--from", "http://h/a", "--to", "http://h/a"), 2, "are the same"),
        (("--from", "http://h/a", "--to", "http://h/b", "--jwt-file", "x"), 2, "leave out --jwt-file"),
        (("--from", "http://h/a", "--to", "http://h/b", "--transcode"), 2, "leave out --transcode"),
        (("--from", "http://h/a", "--to", "http://h/b", "--date", "someday"), 2, "date 'someday'"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options, code, said) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").write_text("t")
    finished = modality("migrate", *options)
    assert (finished.code, said in finished.stderr) == (code, True), finished.stderr
