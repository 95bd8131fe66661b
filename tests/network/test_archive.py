"""Storing in an archive: whatever happens on the way, the receipt's account adds up."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modality.errors import (
    AssociationRejected,
    InvalidResponse,
    StatusError,
    UnreachableError,
)
from modality.network.address import DicomAddress, parse_dicom
from modality.network.local import Local, Timeouts
from modality.network.store import DicomArchive
from modality.protocol.negotiation import Negotiation
from modality.simulated.archive import SimulatedArchive
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE
from tests.network.conftest import LOCAL, series
from tests.network.scripted import ABORT, accept, message, pdu, peer, response
from tests.transfer.datasets import BASIC, decoded, image

Start = Callable[..., SimulatedArchive]


def client(archive: SimulatedArchive, **options: object) -> DicomArchive:
    return DicomArchive(archive.address, local=LOCAL, **options)  # type: ignore[arg-type]


def test_all_is_stored_as_it_was(archive: Start) -> None:
    peer = archive()
    sent = series(5)
    seen: list[int] = []
    receipt = client(peer).store(iter(sent), progress=seen.append)
    assert receipt.stored == [one.sop_instance_uid for one in sent]
    assert (receipt.complete, receipt.transcoded, receipt.bytes) == (True, 0, sum(one.size for one in sent))
    assert (seen[-1], seen == sorted(seen)) == (5, True)
    held = [b"".join(read(one.path).buffers()) for one in peer.instances()]
    assert held == [b"".join(one.buffers()) for one in sent]


@pytest.mark.parametrize("syntax", BASIC, ids=lambda one: one.keyword)
def test_each_syntax_travels_as_it_is(archive: Start, syntax: object) -> None:
    peer = archive()
    (sent,) = series(1, syntax)  # type: ignore[arg-type]
    assert client(peer).store([sent]).complete
    (held,) = (read(one.path) for one in peer.instances())
    assert (held.transfer_syntax_uid, b"".join(held.buffers())) == (sent.transfer_syntax_uid, b"".join(sent.buffers()))


def test_every_second_refused_is_counted_under_its_status(archive: Start) -> None:
    peer = archive("status=A700,every=2,on=store")
    receipt = client(peer).store(series(6))
    assert receipt.stored == [f"1.2.3.1.{number}" for number in (0, 2, 4)]
    assert receipt.refused == {0xA700: [f"1.2.3.1.{number}" for number in (1, 3, 5)]}
    assert (receipt.failed, receipt.dealt_with, receipt.complete) == ({}, 6, False)
    assert [one.sop_instance_uid for one in peer.instances()] == receipt.stored


def test_a_warning_counts_as_stored(archive: Start) -> None:
    receipt = client(archive("coerce=PatientID:OTHER")).store(series(2))
    assert (receipt.complete, receipt.stored) == (True, ["1.2.3.1.0", "1.2.3.1.1"])
    assert receipt.warnings == {0xB000: receipt.stored}


def test_an_abort_costs_its_instance_and_the_rest_goes_on(archive: Start) -> None:
    peer = archive("abort_after=3,times=1,on=store")
    receipt = client(peer).store(series(7))
    assert list(receipt.failed) == ["1.2.3.1.3"]
    assert "abort" in receipt.failed["1.2.3.1.3"]
    assert receipt.stored == [f"1.2.3.1.{number}" for number in (0, 1, 2, 4, 5, 6)]
    assert receipt.dealt_with == 7


def test_an_abort_in_the_middle_of_an_instance_is_a_failure_of_each(archive: Start) -> None:
    peer = archive("abort_at_bytes=20000")
    receipt = client(peer).store(series(2, Rows=512, Columns=512, PixelData=bytes(524288)))
    assert (receipt.stored, receipt.dealt_with) == ([], 2)
    assert peer.instances() == []


def test_nobody_there_is_raised_before_anything_was_stored() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    pulled: list[int] = []

    def lazily() -> Iterator[PreparedInstance]:
        for number, one in enumerate(series(3)):
            pulled.append(number)
            yield one

    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port}"):
        DicomArchive(f"dicom://X@127.0.0.1:{port}", local=LOCAL).store(lazily())
    assert pulled == [0]


def test_a_rejection_is_raised_before_anything_was_stored(archive: Start) -> None:
    with pytest.raises(AssociationRejected) as raised:
        client(archive("reject=congestion")).store(series(3))
    assert raised.value.transient


def test_an_archive_that_goes_away_is_noted_for_the_rest_and_takes_them_when_it_is_back(archive: Start) -> None:
    peer = archive()
    sent = series(6)

    def until_it_goes() -> Iterator[PreparedInstance]:
        for number, one in enumerate(sent):
            if number == 2:
                peer.listener.stop()
            yield one

    receipt = client(peer).store(until_it_goes())
    assert (len(receipt.stored), len(receipt.failed), receipt.dealt_with) == (2, 4, 6)
    assert "nobody answers" in receipt.failed["1.2.3.1.5"]
    peer.listener.start()
    again = DicomArchive(parse_dicom(peer.address), local=LOCAL).store(
        one for one in sent if one.sop_instance_uid in receipt.failed
    )
    assert again.complete
    receipt.failed.clear()
    receipt.add(again)
    assert sorted(receipt.stored) == [one.sop_instance_uid for one in sent]


def test_what_the_archive_does_not_take_is_transcoded_without_loss(archive: Start) -> None:
    peer = archive(transfer_syntaxes=[IMPLICIT_LITTLE.uid])
    sent = [series(1, syntax)[0] for syntax in (RLE, DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE)]
    sent = [one.stamp({"SOPInstanceUID": f"1.9.{number}"}) for number, one in enumerate(sent)]
    receipt = client(peer).store(sent)
    assert (receipt.complete, receipt.transcoded, len(receipt.stored)) == (True, 4, 5)
    for one in peer.instances():
        assert one.transfer_syntax_uid == IMPLICIT_LITTLE.uid
        assert decoded(read(one.path)).pixel_array.tolist() == decoded(sent[0]).pixel_array.tolist()


def test_never_transcode_names_class_syntax_and_what_was_accepted(archive: Start) -> None:
    peer = archive(transfer_syntaxes=[IMPLICIT_LITTLE.uid])
    never = Negotiation(transcode="never")
    receipt = client(peer, negotiation=never).store([*series(1, RLE), prepare(image(), IMPLICIT_LITTLE)])
    assert receipt.stored == ["1.2.3.4"]
    reason = receipt.failed["1.2.3.1.0"]
    assert "CT Image Storage in RLELossless" in reason
    assert "accepted ImplicitVRLittleEndian" in reason


def test_a_syntax_without_a_codec_here_is_refused_where_the_archive_does_not_take_it(archive: Start) -> None:
    peer = archive(transfer_syntaxes=[EXPLICIT_LITTLE.uid])
    still = prepare(image(), RLE)
    film = PreparedInstance("1.2.840.10008.1.2.4.100", still.head, still.tail, "film.dcm")
    receipt = client(peer).store([film])
    assert (receipt.stored, len(receipt.failed), receipt.transcoded) == ([], 1, 0)


def test_a_class_that_is_refused_is_asked_for_once(archive: Start) -> None:
    peer = archive("refuse=CTImageStorage")
    receipt = client(peer).store(series(4))
    assert (receipt.stored, len(receipt.failed)) == ([], 4)
    assert sum(one.what == "association" for one in peer.events) <= 1


def test_several_classes_share_an_association_that_is_opened_anew(archive: Start) -> None:
    peer = archive()
    mr = "1.2.840.10008.5.1.4.1.1.4"
    sent = [prepare(image(SOPInstanceUID=f"1.9.{n}", **({"SOPClassUID": mr} if n % 2 else {}))) for n in range(6)]
    assert client(peer).store(sent).complete
    assert sum(one.what == "association" for one in peer.events) == 2


def test_a_peer_that_stops_reading_is_given_up_and_the_next_instance_tried_afresh() -> None:
    associations: list[int] = []
    over = threading.Event()

    def stall(connection: socket.socket) -> None:
        associations.append(1)
        accept(connection)
        over.wait(60)

    big = [prepare(image(SOPInstanceUID=f"1.9.{n}", PixelData=bytes(24_000_000))) for n in range(2)]
    short = Local("CT01", Timeouts(30, 30, 0.2))

    def lazily() -> Iterator[PreparedInstance]:
        for one in big:
            yield one
            over.set()

    with peer(stall) as address:
        receipt = DicomArchive(address, local=short).store(lazily())
    assert sorted(receipt.failed) == ["1.9.0", "1.9.1"]
    assert "stopped reading for 0.2 s" in receipt.failed["1.9.0"]
    assert len(associations) == 2, receipt


def test_echo(archive: Start) -> None:
    client(archive()).echo()
    with pytest.raises(StatusError) as raised:
        client(archive("status=0122,on=echo")).echo()
    assert raised.value.status == 0x0122


def test_a_folder_of_files_is_stored_without_being_read_whole(archive: Start, tmp_path: Path) -> None:
    for one in series(3):
        one.write(tmp_path / f"{one.sop_instance_uid}.dcm")
    assert client(archive()).store(map(read, sorted(tmp_path.iterdir()))).complete


def test_an_address_may_be_text_or_parsed() -> None:
    assert DicomArchive("dicom://A@h:1").address == DicomArchive(DicomAddress("h", 1, "A")).address


def test_a_look_ahead_lets_one_association_carry_a_mixed_stream(archive: Start) -> None:
    mixed = [
        prepare(image(SOPInstanceUID=f"1.2.{number}"), syntax)
        for number, syntax in enumerate([RLE, EXPLICIT_BIG, DEFLATED] * 3)
    ]
    counts = []
    for look_ahead in (0, 8):
        peer = archive()
        assert client(peer, look_ahead=look_ahead).store(iter(mixed)).complete
        assert len(peer.instances()) == len(mixed)
        counts.append(len(peer.events.of("association")))
    assert counts == [3, 1]


def test_a_class_that_is_refused_is_named_with_what_was_accepted(archive: Start) -> None:
    peer = archive("refuse=CTImageStorage")
    receipt = client(peer).store(series(1, RLE))
    assert list(receipt.failed.values()) == [
        f"{peer.address}: not CT Image Storage in RLELossless; it accepted nothing of that class"
    ]


@pytest.mark.parametrize("look_ahead", [0, 3])
def test_a_file_that_is_cut_short_while_it_is_sent_is_its_own_fault(
    archive: Start, tmp_path: Path, look_ahead: int
) -> None:
    for number, one in enumerate(series(3, Rows=512, Columns=512, PixelData=bytes(524288))):
        one.write(tmp_path / f"{number}.dcm")
    sent = [read(tmp_path / f"{number}.dcm") for number in range(3)]
    os.truncate(tmp_path / "1.dcm", 1000)
    receipt = client(archive(), look_ahead=look_ahead).store(sent)
    assert receipt.stored == ["1.2.3.1.0", "1.2.3.1.2"]
    assert receipt.failed == {"1.2.3.1.1": f"{tmp_path}/1.dcm: the file was cut short while it was being sent"}
    assert receipt.retryable == []


def test_a_pending_store_or_echo_is_no_success() -> None:
    def pending(connection: socket.socket) -> None:
        accept(connection)
        command = pdu(connection)
        echo = struct.pack("<HHIH", 0, 0x0100, 2, 0x0030) in command
        connection.sendall(message(1, response(0x8030 if echo else 0x8001, 1, 0xFF00)))
        pdu(connection)

    with peer(pending) as address:
        receipt = DicomArchive(address, local=LOCAL).store(series(1))
        with pytest.raises(InvalidResponse, match=r"C-ECHO with status FF00H \(pending\)"):
            DicomArchive(address, local=LOCAL).echo()
    assert receipt.stored == []
    assert "FF00H (pending)" in receipt.failed["1.2.3.1.0"]


def test_an_answer_that_comes_in_one_breath_with_an_abort_counts() -> None:
    """What was acknowledged is stored, whatever the peer did next; what follows has an association of its own."""
    sent = series(2)

    def script(connection: socket.socket) -> None:
        accept(connection)
        while pdu(connection)[11] != 0x02:  # the last fragment of the data set (PS3.8 E.2)
            pass
        connection.sendall(message(1, response(0x8001, 1, 0x0000)) + ABORT)

    with peer(script) as address:
        receipt = DicomArchive(address, local=LOCAL).store(sent)
    assert receipt.stored == [one.sop_instance_uid for one in sent]
    assert receipt.complete
