"""The requestor's states: each message whole, byte by byte and with trailing bytes; rubbish; our own mistakes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.errors import ContextRefused, InvalidResponse, WorkflowError
from modality.protocol.upper_layer import pdu
from modality.protocol.upper_layer.command import Response
from modality.protocol.upper_layer.pdu import Aborted, Accepted, PresentationContext, Proposal, Rejected, Released
from modality.protocol.upper_layer.requestor import MOST_OUTSTANDING, Closed, Event, Requestor, State

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
REJECT = b"\x03\0\0\0\0\x04\0\x02\x03\x01"


def item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BxH", kind, len(body)) + body


def acceptance(
    results: dict[int, tuple[int, str]], window: tuple[int, int] | None = None, max_pdu: int = 16384
) -> bytes:
    contexts = b"".join(
        item(0x21, bytes((one, 0, result, 0)) + item(0x40, syntax.encode()))
        for one, (result, syntax) in results.items()
    )
    user = item(0x51, struct.pack(">I", max_pdu)) + (item(0x53, struct.pack(">HH", *window)) if window else b"")
    body = struct.pack(">H2x", 1) + bytes(64) + item(0x10, b"1.2.840.10008.3.1.1.1") + contexts + item(0x50, user)
    return struct.pack(">BxI", 2, len(body)) + body


def response(message_id: int, status: int = 0, context_id: int = 1) -> bytes:
    elements = b"".join(
        struct.pack("<HHIH", 0, element, 2, value)
        for element, value in ((0x0100, 0x8001), (0x0120, message_id), (0x0800, 0x0101), (0x0900, status))
    )
    return b"".join(pdu.fragments(context_id, elements, (), 0))


def established(window: tuple[int, int] | None = None, granted: tuple[int, int] | None = None) -> Requestor:
    contexts = [PresentationContext(1, CT, (EXPLICIT,)), PresentationContext(3, CT, (IMPLICIT,))]
    made = Requestor(Proposal("A", "B", contexts, async_window=window))
    made.associate()
    made.receive(acceptance({1: (0, EXPLICIT), 3: (4, "")}, granted or window))
    return made


def fed(made: Requestor, data: bytes, size: int) -> list[Event]:
    return [event for at in range(0, len(data), size) for event in made.receive(data[at : at + size])]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_whole_association_however_its_bytes_come(size: int) -> None:
    made = Requestor(Proposal("A", "B", [PresentationContext(1, CT, (EXPLICIT,))]))
    assert made.state is State.IDLE
    made.associate()
    (accepted,) = fed(made, acceptance({1: (0, EXPLICIT)}), size)
    assert isinstance(accepted, Accepted)
    assert made.state is State.ESTABLISHED
    assert made.accepted_syntaxes.candidates(CT, EXPLICIT) == [EXPLICIT]
    message_id, _ = made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    assert fed(made, response(message_id, 0xB000), size) == [Response(0x8001, message_id, 0xB000, "", False)]
    assert made.release() == pdu.RELEASE_RQ
    assert fed(made, pdu.RELEASE_RP, size) == [Released()]
    assert made.state is State.ENDED
    assert made.receive(b"") == [Closed(expected=True)]


def test_several_answers_in_one_read_are_several_events() -> None:
    made = established(window=(0, 1))
    numbers = [made.store(CT, EXPLICIT, "1.2.3", [b"data"])[0] for _ in range(5)]
    assert made.outstanding == 5
    answers = made.receive(b"".join(response(one) for one in reversed(numbers)))
    assert [one.message_id for one in answers if isinstance(one, Response)] == numbers[::-1]
    assert made.outstanding == 0


def test_no_more_requests_go_out_than_the_window_allows() -> None:
    made = established(window=(2, 1))
    first, _ = made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    made.store(CT, EXPLICIT, "1.2.4", [b"data"])
    assert not made.may_invoke
    with pytest.raises(WorkflowError, match="2 outstanding"):
        made.store(CT, EXPLICIT, "1.2.5", [b"data"])
    made.receive(response(first))
    assert made.may_invoke


def test_without_a_negotiated_window_one_request_is_out_at_a_time() -> None:
    made = established()
    made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    assert not made.may_invoke


@pytest.mark.parametrize(
    ("asked", "granted", "out"),
    [
        (None, (5, 5), 1), (None, (0, 0), 1), ((2, 1), (100, 1), 2), ((2, 1), (0, 1), 2), ((0, 1), (3, 1), 3),
        ((8, 1), None, 8), ((0, 1), (0, 1), MOST_OUTSTANDING), ((5000, 1), (5000, 1), MOST_OUTSTANDING),
    ],
)  # fmt: skip
def test_the_window_is_the_lesser_of_what_was_asked_and_what_is_granted_and_one_when_nothing_was_asked(
    asked: tuple[int, int] | None, granted: tuple[int, int] | None, out: int
) -> None:
    made = established(asked, granted)
    for _ in range(2 * MOST_OUTSTANDING):
        if made.may_invoke:
            made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    assert made.outstanding == out


def test_a_message_id_that_is_still_out_is_not_used_again() -> None:
    made = established(window=(2, 1))
    first, _ = made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    for _ in range(65534):
        made.receive(response(made.store(CT, EXPLICIT, "1.2.3", [])[0]))
    assert made.store(CT, EXPLICIT, "1.2.3", [b"data"])[0] != first


@pytest.mark.parametrize("status", [0xFF00, 0xFF01])
def test_a_store_is_never_pending(status: int) -> None:
    made = established()
    message_id, _ = made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    with pytest.raises(InvalidResponse, match=f"C-STORE with status {status:04X}H"):
        made.receive(response(message_id, status))


def test_a_class_or_syntax_that_was_not_accepted_is_refused() -> None:
    made = established()
    for pair in ((CT, IMPLICIT), ("1.2.3", EXPLICIT)):
        with pytest.raises(ContextRefused):
            made.store(*pair, "1.2.3", [])
    with pytest.raises(ContextRefused):
        made.echo()
    assert made.outstanding == 0


@pytest.mark.parametrize(
    ("data", "event"),
    [(REJECT, Rejected(2, 3, 1)), (b"\x07\0\0\0\0\x04\0\0\x02\x01", Aborted(2, 1)), (b"", Closed(expected=False))],
)
def test_a_refused_association_is_over(data: bytes, event: Event) -> None:
    made = Requestor(Proposal("A", "B", [PresentationContext(1, CT, (EXPLICIT,))]))
    made.associate()
    assert made.receive(data) == [event]
    assert made.state is State.ENDED
    assert made.abort() == b""


def test_an_abort_or_a_closed_connection_in_the_middle_ends_it() -> None:
    for data, event in ((pdu.ABORT, Aborted(0, 0)), (b"", Closed(expected=False))):
        made = established()
        made.store(CT, EXPLICIT, "1.2.3", [b"data"])
        assert made.receive(data) == [event]
        assert made.state is State.ENDED
        assert not made.may_invoke


def test_a_peer_that_releases_is_answered() -> None:
    made = established()
    assert made.receive(pdu.RELEASE_RQ) == [Released()]
    assert made.reply == pdu.RELEASE_RP


def test_a_release_collision_is_answered_and_the_reply_still_awaited() -> None:
    made = established()
    made.release()
    assert made.receive(pdu.RELEASE_RQ) == []
    assert made.reply == pdu.RELEASE_RP
    assert made.receive(pdu.RELEASE_RP) == [Released()]


@pytest.mark.parametrize(
    "data",
    [
        response(99), pdu.RELEASE_RP, acceptance({}), REJECT, b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"".join(pdu.fragments(1, b"xxxxxxxx", (), 0)), struct.pack(">BxIIBB", 4, 6, 2, 1, 2),
        struct.pack(">BxIIBB", 4, 6, 99, 1, 2),
    ],
)  # fmt: skip
def test_what_may_not_come_now_is_an_invalid_response(data: bytes) -> None:
    made = established()
    made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    with pytest.raises(InvalidResponse):
        made.receive(data)
    assert made.abort() == pdu.ABORT


def test_our_own_mistakes_are_workflow_errors() -> None:
    made = Requestor(Proposal("A", "B", [PresentationContext(1, CT, (EXPLICIT,))]))
    with pytest.raises(WorkflowError):
        made.release()
    made.associate()
    with pytest.raises(WorkflowError):
        made.associate()


def test_a_peer_whose_pdus_can_hold_nothing_is_refused() -> None:
    made = Requestor(Proposal("A", "B", [PresentationContext(1, CT, (EXPLICIT,))]))
    made.associate()
    with pytest.raises(InvalidResponse, match="hold nothing"):
        made.receive(acceptance({1: (0, EXPLICIT)}, max_pdu=6))


@given(st.lists(st.binary(min_size=1, max_size=40) | st.sampled_from([response(1), REJECT, pdu.ABORT, pdu.RELEASE_RQ])))
def test_any_bytes_end_in_events_or_an_invalid_response(chunks: list[bytes]) -> None:
    made = established()
    made.store(CT, EXPLICIT, "1.2.3", [b"data"])
    try:
        for chunk in chunks:
            made.receive(chunk)
    except InvalidResponse as error:
        assert "\n" not in str(error)
    made.abort()
    assert made.state is State.ENDED
