from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.dimse_messages import C_ECHO_RQ, C_ECHO_RSP, C_STORE_RQ, C_STORE_RSP
from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.dsutils import encode

from modality.errors import InvalidResponse
from modality.protocol.upper_layer import command

UIDS = st.sampled_from(["1.2.840.10008.5.1.4.1.1.2", "1.2.3", "2.25.1234", "2.25." + "3" * 39])


@given(st.integers(0, 65535), UIDS, UIDS)
def test_a_store_request_has_the_bytes_of_pynetdicoms(message_id: int, sop_class: str, instance: str) -> None:
    request = C_STORE()
    request.MessageID, request.AffectedSOPClassUID, request.AffectedSOPInstanceUID = message_id, sop_class, instance
    request.Priority, request.DataSet = 0, BytesIO(b"xx")
    message = C_STORE_RQ()
    message.primitive_to_message(request)
    message.command_set.CommandDataSetType = 0x0001
    assert command.store_request(message_id, sop_class, instance) == encode(message.command_set, True, True)


def test_an_echo_request_has_the_bytes_of_pynetdicoms() -> None:
    request = C_ECHO()
    request.MessageID, request.AffectedSOPClassUID = 7, "1.2.840.10008.1.1"
    message = C_ECHO_RQ()
    message.primitive_to_message(request)
    assert command.echo_request(7) == encode(message.command_set, True, True)


@given(st.integers(1, 65535), st.sampled_from([0x0000, 0xA700, 0xB000, 0xC001]), st.sampled_from([None, "full", "odd"]))
def test_a_store_response_encoded_by_pynetdicom_is_read(message_id: int, status: int, comment: str | None) -> None:
    answer = C_STORE()
    answer.MessageIDBeingRespondedTo, answer.Status = message_id, status
    answer.AffectedSOPClassUID, answer.AffectedSOPInstanceUID = "1.2.3", "1.2.4"
    if comment:
        answer.ErrorComment = comment
    message = C_STORE_RSP()
    message.primitive_to_message(answer)
    encoded = encode(message.command_set, True, True)
    assert encoded is not None
    expected = command.Response(command.C_STORE_RSP, message_id, status, comment or "", False)
    assert command.read_response(encoded) == expected


def test_an_echo_response_is_read_and_one_without_status_refused() -> None:
    answer = C_ECHO()
    answer.MessageIDBeingRespondedTo, answer.Status = 1, 0
    message = C_ECHO_RSP()
    message.primitive_to_message(answer)
    encoded = encode(message.command_set, True, True)
    assert encoded is not None
    assert command.read_response(encoded).command == command.C_ECHO_RSP
    del message.command_set.Status
    encoded = encode(message.command_set, True, True)
    assert encoded is not None
    with pytest.raises(InvalidResponse, match=r"lacks \(0000,0900\)"):
        command.read_response(encoded)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_response_or_refused_as_invalid(data: bytes) -> None:
    try:
        command.read_response(data)
    except InvalidResponse as error:
        assert "\n" not in str(error)
