"""Our PDUs against pynetdicom's, byte by byte, and rubbish against our reader."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom import build_context, build_role, pdu_primitives
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, P_DATA_TF
from pynetdicom.pdu_primitives import A_ASSOCIATE, P_DATA
from pynetdicom.transport import AddressInformation

from modality.errors import InvalidResponse
from modality.protocol.upper_layer import pdu
from modality.protocol.upper_layer.pdu import PresentationContext, Proposal
from modality.protocol.upper_layer.user_information import IdentityType, Roles, UserIdentity
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


def primitive(proposal: Proposal) -> A_ASSOCIATE:
    """The same proposal as pynetdicom has it."""
    made = A_ASSOCIATE()
    made.application_context_name = "1.2.840.10008.3.1.1.1"
    made.calling_ae_title, made.called_ae_title = proposal.calling_aet, proposal.called_aet
    made.calling_presentation_address = made.called_presentation_address = AddressInformation("127.0.0.1", 104)
    contexts = []
    for context in proposal.contexts:
        theirs = build_context(context.abstract_syntax, list(context.transfer_syntaxes))
        theirs.context_id = context.id
        contexts.append(theirs)
    made.presentation_context_definition_list = contexts
    items: list[Any] = [
        pdu_primitives.MaximumLengthNotification(),
        pdu_primitives.ImplementationClassUIDNotification(),
    ]
    items[0].maximum_length_received = proposal.max_pdu
    items[1].implementation_class_uid = IMPLEMENTATION_CLASS_UID
    if proposal.async_window:
        window = pdu_primitives.AsynchronousOperationsWindowNegotiation()
        window.maximum_number_operations_invoked, window.maximum_number_operations_performed = proposal.async_window
        items.append(window)
    items += [build_role(uid, scu_role=one.scu, scp_role=one.scp) for uid, one in proposal.roles.items()]
    version = pdu_primitives.ImplementationVersionNameNotification()
    version.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    items.append(version)
    for uid, information in proposal.extended.items():
        items.append(pdu_primitives.SOPClassExtendedNegotiation())
        items[-1].sop_class_uid, items[-1].service_class_application_information = uid, information
    if user := proposal.user:
        identity = pdu_primitives.UserIdentityNegotiation()
        identity.user_identity_type, identity.positive_response_requested = int(user.type), user.confirm
        identity.primary_field, identity.secondary_field = user.primary, user.secondary
        items.append(identity)
    made.user_information = items
    return made


classes = st.sampled_from([CT, "1.2.3", "1.2.840.10008.1.1"])
syntaxes = st.lists(st.sampled_from([EXPLICIT, IMPLICIT]), min_size=1, unique=True)
contexts = st.lists(st.tuples(classes, syntaxes), min_size=1, max_size=128)
roles = st.dictionaries(
    classes, st.sampled_from([Roles(True, True), Roles(False, True), Roles(True, False)]), max_size=3
)
extended = st.dictionaries(classes, st.binary(min_size=1, max_size=8), max_size=3)
secret = st.binary(min_size=1, max_size=300)
identity = st.builds(UserIdentity, st.sampled_from([i for i in IdentityType if i != 2]), secret, confirm=st.booleans())
identity |= st.builds(UserIdentity, st.just(IdentityType.USERNAME_AND_PASSCODE), secret, secret, st.booleans())
proposal = st.builds(
    lambda called, calling, pairs, max_pdu, window, roles, extended, user: Proposal(
        called,
        calling,
        [PresentationContext(2 * index + 1, one, tuple(syntaxes)) for index, (one, syntaxes) in enumerate(pairs)],
        max_pdu,
        window,
        roles,
        extended,
        user,
    ),
    st.sampled_from(["A", "ARCHIVE", "SIXTEEN CHARS AE"]),
    st.sampled_from(["B", "MODALITY"]),
    contexts,
    st.integers(0, 2**32 - 1),
    st.none() | st.tuples(st.integers(0, 9), st.integers(0, 9)),
    roles,
    extended,
    st.none() | identity,
)


@given(proposal)
def test_the_association_request_has_the_bytes_of_pynetdicoms(made: Proposal) -> None:
    theirs = A_ASSOCIATE_RQ(primitive(made)).encode()
    assert pdu.associate_rq(made) == theirs


@given(proposal, st.data())
def test_an_acceptance_encoded_by_pynetdicom_is_read_whole(made: Proposal, data: st.DataObject) -> None:
    answer = primitive(made)
    results = {}
    for context in answer.presentation_context_definition_list:
        context.result = data.draw(st.integers(0, 4))
        context.transfer_syntax = context.transfer_syntax[:1]
        results[context.context_id] = (context.result, str(context.transfer_syntax[0]))
    answer.presentation_context_definition_results_list = answer.presentation_context_definition_list
    answer.presentation_context_definition_list = []
    response = data.draw(st.none() | st.binary(max_size=50))
    answer.user_information = [one for one in answer.user_information if "UserIdentity" not in type(one).__name__]
    if response is not None:
        answer.user_information.append(pdu_primitives.UserIdentityNegotiation())
        answer.user_information[-1].server_response = response
    answer.result = 0
    encoded = A_ASSOCIATE_AC(answer).encode()
    found = pdu.split(encoded + b"more")
    assert found is not None
    kind, body, end = found
    assert end == len(encoded)
    accepted = pdu.decode(kind, body)
    assert isinstance(accepted, pdu.Accepted)
    # pynetdicom writes a transfer syntax for refused contexts too; its value is not significant (PS3.8 Table 9-18)
    assert {one: (result, syntax if result == 0 else "") for one, (result, syntax) in accepted.results.items()} == {
        one: (result, syntax if result == 0 else "") for one, (result, syntax) in results.items()
    }
    assert accepted.max_pdu == made.max_pdu
    assert accepted.async_window == (made.async_window or (1, 1))
    assert (accepted.roles, accepted.extended) == (made.roles, made.extended)
    assert accepted.identity_response == response
    assert accepted.implementation_class_uid == IMPLEMENTATION_CLASS_UID
    assert accepted.implementation_version == IMPLEMENTATION_VERSION_NAME


def test_a_rejection_encoded_by_pynetdicom_is_read() -> None:
    answer = A_ASSOCIATE()
    answer.result, answer.result_source, answer.diagnostic = 2, 3, 1
    found = pdu.split(A_ASSOCIATE_RJ(answer).encode())
    assert found is not None
    assert pdu.decode(found[0], found[1]) == pdu.Rejected(2, 3, 1)


@given(st.binary(min_size=1, max_size=300), st.lists(st.binary(max_size=400), max_size=4), st.integers(8, 200))
def test_fragments_are_read_by_pynetdicom_as_the_message_they_were_cut_from(
    command: bytes, parts: list[bytes], max_pdu: int
) -> None:
    stream = b"".join(pdu.fragments(3, command, parts, max_pdu))
    got, last = {True: b"", False: b""}, {True: False, False: not any(parts)}
    while stream:
        length = int.from_bytes(stream[2:6], "big")
        assert length <= max_pdu
        theirs = P_DATA_TF()
        theirs.decode(stream[: 6 + length])
        value = theirs.to_primitive()
        assert isinstance(value, P_DATA)
        ((context_id, fragment),) = value.presentation_data_value_list
        assert context_id == 3
        is_command = bool(fragment[0] & 1)
        assert not last[is_command], "a fragment follows the last one"
        last[is_command] = bool(fragment[0] & 2)
        got[is_command] += fragment[1:]
        stream = stream[6 + length :]
    assert got == {True: command, False: b"".join(parts)}
    assert all(last.values())


def test_the_data_sets_buffers_are_not_copied() -> None:
    pixels = bytearray(100_000)
    views = [one for one in pdu.fragments(1, b"command!", [memoryview(pixels)], 16384) if len(one) > 1000]
    pixels[0] = pixels[-1] = 7
    assert bytes(views[0])[0] == bytes(views[-1])[-1] == 7


@given(st.binary(max_size=600), st.sampled_from([2, 3, 4, 5, 6, 7]))
def test_any_body_is_read_or_refused_as_invalid(body: bytes, kind: int) -> None:
    try:
        pdu.decode(kind, body)
    except InvalidResponse as error:
        assert "\n" not in str(error)


@given(st.binary(max_size=64))
def test_any_bytes_are_a_pdu_or_too_few_or_refused(data: bytes) -> None:
    try:
        found = pdu.split(data)
    except InvalidResponse:
        return
    assert found is None or found[2] <= len(data)


def test_a_pdu_longer_than_any_answer_is_refused_before_it_is_read() -> None:
    with pytest.raises(InvalidResponse, match="2147483647 bytes"):
        pdu.split(b"\x04\0\x7f\xff\xff\xff")
