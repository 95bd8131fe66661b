"""What is proposed to a peer reaches it so, its answers are read, and an instance goes in what was accepted."""

from __future__ import annotations

import socket

import pytest

from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.network.store import DicomArchive
from modality.network.upper_layer.asker import Asker
from modality.network.upper_layer.capabilities import Capabilities, capabilities
from modality.network.upper_layer.probe import negotiate
from modality.protocol.extended import QuerySupport, StorageSupport
from modality.protocol.negotiation import FALLBACKS, Negotiation
from modality.protocol.upper_layer.pdu import RELEASE_RQ, PresentationContext
from modality.protocol.upper_layer.user_information import Roles
from modality.transfer.encode import prepare
from modality.transfer.reading import encoded
from modality.transfer.syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE
from tests.network.acceptor import STUDY_ROOT_FIND, acceptor
from tests.network.conftest import LOCAL, series
from tests.network.scripted import RELEASE_RP, abort_if, accept, item, pdu, peer
from tests.peers.process import wait_until
from tests.transfer.datasets import CT_IMAGE, decoded, image

JPEG = "1.2.840.10008.1.2.4.50"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
SUPPORT = StorageSupport(level=2, signature_level=1, coercion=1)
QUERY = QuerySupport(relational=True, fuzzy_names=True)


def asked(address: DicomAddress) -> Capabilities:
    return capabilities(Asker(address, LOCAL, None), [CT_IMAGE])


def small() -> object:
    return image(BitsAllocated=8, BitsStored=8, HighBit=7, Rows=8, Columns=8, PixelData=bytes(range(64)))


@pytest.mark.parametrize(
    ("propose", "contexts", "took"),
    [
        (None, [[RLE.uid], [EXPLICIT_LITTLE.uid], [IMPLICIT_LITTLE.uid]], EXPLICIT_LITTLE.uid),
        ((("own", "ImplicitVRLittleEndian"),), [[RLE.uid, IMPLICIT_LITTLE.uid]], IMPLICIT_LITTLE.uid),
        ((("ExplicitVRBigEndian",), ("own",)), [[BIG_ENDIAN], [RLE.uid]], BIG_ENDIAN),
    ],
    ids=["default", "several in one", "only these"],
)
def test_the_contexts_asked_for_are_proposed_and_an_instance_goes_in_what_is_accepted(
    propose: tuple[tuple[str, ...], ...] | None, contexts: list[list[str]], took: str
) -> None:
    negotiation = Negotiation(propose=propose) if propose else Negotiation()
    sent = series(1, RLE)
    with acceptor(syntaxes=[EXPLICIT_LITTLE.uid, IMPLICIT_LITTLE.uid, BIG_ENDIAN]) as archive:
        receipt = DicomArchive(archive.address, local=LOCAL, negotiation=negotiation).store(sent)
    assert archive.proposed == [{CT_IMAGE: contexts}]
    assert (receipt.complete, receipt.transcoded) == (True, 1)
    held = decoded(encoded(archive.stored[0], took))
    assert held.pixel_array.tolist() == decoded(sent[0]).pixel_array.tolist()


def test_with_loss_only_if_asked_and_then_as_an_instance_of_its_own() -> None:
    pytest.importorskip("imagecodecs")
    sent = prepare(small())  # type: ignore[arg-type]
    propose = (("own",), ("JPEGBaseline8Bit",))
    with acceptor(syntaxes=[JPEG]) as archive:
        refused = DicomArchive(archive.address, local=LOCAL, negotiation=Negotiation(propose=propose)).store([sent])
        lossy = Negotiation(propose=propose, transcode="lossy", quality=50)
        receipt = DicomArchive(archive.address, local=LOCAL, negotiation=lossy).store([sent])
    (reason,) = refused.failed.values()
    assert "not CT Image Storage in ExplicitVRLittleEndian; it accepted JPEGBaseline8Bit of that class" in reason
    assert refused.retryable == []
    assert (receipt.transcoded, len(receipt.stored)) == (1, 1)
    assert receipt.stored != [sent.sop_instance_uid]
    held = decoded(encoded(archive.stored[0], JPEG))
    assert held.LossyImageCompression == "01"
    assert held.SourceImageSequence[0].ReferencedSOPInstanceUID == sent.sop_instance_uid


def test_the_next_syntax_is_taken_where_the_first_cannot_carry_the_pixels() -> None:
    pytest.importorskip("imagecodecs")
    propose = (("own",), ("JPEGBaseline8Bit",), ("JPEG2000",))
    lossy = Negotiation(propose=propose, transcode="lossy")
    with acceptor(syntaxes=[JPEG, "1.2.840.10008.1.2.4.91"]) as archive:
        receipt = DicomArchive(archive.address, local=LOCAL, negotiation=lossy).store(series(1))
    assert receipt.complete, receipt.failed
    assert decoded(encoded(archive.stored[0], "1.2.840.10008.1.2.4.91")).BitsAllocated == 16


def test_pixels_that_nothing_accepted_can_carry_are_refused_with_class_syntax_and_reason() -> None:
    lossy = Negotiation(propose=(("own",), ("JPEGBaseline8Bit",)), transcode="lossy")
    with acceptor(syntaxes=[JPEG]) as archive:
        receipt = DicomArchive(archive.address, local=LOCAL, negotiation=lossy).store(series(1))
    (reason,) = receipt.failed.values()
    assert reason.startswith(f"{archive.address}: not CT Image Storage in ExplicitVRLittleEndian; it accepted JPEGBas")
    assert reason.endswith("of that class: JPEGBaseline8Bit carries 8 bits, these pixels have 12 bits stored in 16")
    assert receipt.retryable == []


def test_pynetdicoms_road_brings_extended_negotiation_to_the_peer_and_back() -> None:
    with acceptor(extended={CT_IMAGE: SUPPORT.encode()}) as archive:
        contexts = [(CT_IMAGE, FALLBACKS)]
        asked = {CT_IMAGE: StorageSupport().encode()}
        with associate(archive.address, contexts, LOCAL, extended=asked) as association:
            assert {uid: StorageSupport.read(one) for uid, one in association.extended.items()} == {CT_IMAGE: SUPPORT}


def test_roles_are_reported_and_what_the_peer_says_of_its_services() -> None:
    answers = {CT_IMAGE: SUPPORT.encode(), STUDY_ROOT_FIND: QUERY.encode()}
    with acceptor(extended=answers, roles=True) as archive:
        found = asked(archive.address)
    assert found.roles == {CT_IMAGE: Roles(scu=True, scp=True)}
    assert found.storage == {CT_IMAGE: SUPPORT}
    assert found.query[STUDY_ROOT_FIND] == QUERY
    assert found.problems == []


def test_so_is_a_peer_that_says_nothing_and_one_that_dislikes_the_question() -> None:
    with acceptor() as archive:
        quiet = asked(archive.address)
    assert (quiet.roles, quiet.storage, quiet.query, quiet.problems) == ({}, {}, {}, [])
    with peer(abort_if(lambda request: b"\x56\0" in request)) as address:
        found = asked(address)
    assert [one.split(":")[0] for one in found.problems] == [
        "storage extended negotiation",
        "query extended negotiation",
    ]


def test_an_archive_that_hangs_up_where_it_accepts_nothing_is_asked_all_the_same() -> None:
    verification, syntax = item(0x30, b"1.2.840.10008.1.1"), b"\x40\0"
    classes, syntaxes = [CT_IMAGE, "1.2.840.10008.5.1.4.1.1.4"], [f"1.2.3.{number}" for number in range(200)]
    with peer(abort_if(lambda request: verification not in request or syntax not in request)) as address:
        found = negotiate(address, classes, syntaxes, LOCAL)
    assert len(found.accepted) == 400
    assert all(found.accepted.values())  # as that peer has it
    assert found.preferred == dict.fromkeys(classes, "1.2.3.0")
    assert found.peer.over_128 == "aborted"


@pytest.mark.parametrize(
    ("information", "read"),
    [
        (b"", StorageSupport(3, 0, 2)),
        (b"\2", StorageSupport(2, 0, 2)),
        (b"\2\0\3\0\1\0", StorageSupport(2, 3, 1)),
        (b"\1\0\0\0\0\0more", StorageSupport(1, 0, 0)),
    ],
)
def test_storage_information_is_read_leniently(information: bytes, read: StorageSupport) -> None:
    assert StorageSupport.read(information) == read


def test_support_is_read_as_it_was_written() -> None:
    for one in (SUPPORT, StorageSupport()):
        assert StorageSupport.read(one.encode()) == one
    for query in (QUERY, QuerySupport(), QuerySupport(*[True] * 5)):
        assert QuerySupport.read(query.encode()) == query
    assert QuerySupport.read(b"\1") == QuerySupport(relational=True)


def test_a_peer_that_never_answers_a_release_has_still_said_what_it_accepts() -> None:
    ends: list[bytes] = []

    def keeps_silent(connection: socket.socket) -> None:
        accept(connection)
        ends.append(pdu(connection)[:1])
        pdu(connection)

    context = [PresentationContext(1, CT_IMAGE, FALLBACKS)]
    with peer(keeps_silent) as address:
        asker = Asker(address, Local("CT01", Timeouts(30, 2, 30)), None)
        assert [asker.ask(context).results[1][0] for _ in range(3)] == [0, 0, 0]
        wait_until(lambda: len(ends) == 3, "the last abort")  # not answered: read after the asker is done
    assert ends == [b"\x05", b"\x07", b"\x07"]


def test_a_peer_that_releases_at_the_same_time_is_answered() -> None:
    answers: list[bytes] = []

    def collides(connection: socket.socket) -> None:
        accept(connection)
        pdu(connection)
        connection.sendall(RELEASE_RQ)
        answers.append(pdu(connection))
        connection.sendall(RELEASE_RP)

    with peer(collides) as address:
        Asker(address, LOCAL, None).ask([PresentationContext(1, CT_IMAGE, FALLBACKS)])
    assert answers == [RELEASE_RP]
