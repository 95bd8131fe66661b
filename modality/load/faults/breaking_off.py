"""Associations that are not ended as they should be: broken off, left half open, or opened for nothing."""

from __future__ import annotations

import time

from modality.load.faults.conversation import Conversation
from modality.load.faults.strike import Answer, Fresh, Options, names
from modality.network.address import DicomAddress
from modality.network.local import Local

_VERIFICATION = ("1.2.840.10008.1.1", "1.2.840.10008.1.2")
_GOODBYE_S = 2.0  # for how an archive ends a connection that is over for us


def abort_mid_pdv(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """A-ABORT in the middle of a data set, after half of its PDUs (PS3.8 9.3.8): nothing of it may be kept."""
    instance = fresh()
    with Conversation(peer, local, [(instance.sop_class_uid, instance.transfer_syntax_uid)]) as conversation:
        if problem := conversation.associate():
            return Answer((problem,), names(instance))
        most = conversation.requestor.accepted.max_pdu or instance.size
        buffers = conversation.request(instance, max_pdu=max(16, min(most, instance.size // 4)))
        conversation.write(_whole_pdus(buffers))
        conversation.abort()
        return Answer((conversation.answer(_GOODBYE_S),), names(instance))


def _whole_pdus(buffers: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """About the first half of the bytes, up to the end of a PDU (PS3.8 9.3.1: a type, a zero, and the length)."""
    whole = b"".join(buffers)
    end = 0
    while end < len(whole) // 2:
        end += 6 + int.from_bytes(whole[end + 2 : end + 6], "big")
    return [whole[:end]]


def hang_up_mid_pdv(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """The connection closed in the middle of a presentation data value, without a word (PS3.8 9.2.2, AA-4)."""
    instance = fresh()
    with Conversation(peer, local, [(instance.sop_class_uid, instance.transfer_syntax_uid)]) as conversation:
        if problem := conversation.associate():
            return Answer((problem,), names(instance))
        whole = b"".join(conversation.request(instance))
        conversation.write([whole[: len(whole) // 2]])
        return Answer(("hung up",), names(instance))


def half_open(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """A connection on which half an A-ASSOCIATE-RQ comes, and then nothing: the ARTIM timer's case (PS3.8 9.1.5)."""
    with Conversation(peer, local, [_VERIFICATION]) as conversation:
        request = conversation.requestor.associate()
        conversation.write([request[: len(request) // 2]])
        return Answer((conversation.answer(options.seconds),))


def idle(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """An association on which nothing comes, and which nobody releases; at last the connection is closed."""
    with Conversation(peer, local, [_VERIFICATION]) as conversation:
        problem = conversation.associate()
        return Answer((problem or conversation.answer(options.seconds),))


def churn(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """Associations opened for nothing as fast as it goes, every second one released, the others aborted."""
    said = []
    for at in range(options.count):
        with Conversation(peer, local, [_VERIFICATION]) as conversation:
            said.append(conversation.associate() or "accepted")
            if at % 2:
                conversation.abort()
            else:
                conversation.release()
    return Answer(tuple(said))


def slow_sender(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """An instance that trickles in over some seconds, in fifty pieces."""
    instance = fresh()
    with Conversation(peer, local, [(instance.sop_class_uid, instance.transfer_syntax_uid)]) as conversation:
        if problem := conversation.associate():
            return Answer((problem,), names(instance))
        whole = b"".join(conversation.request(instance))
        piece = max(1, -(-len(whole) // 50))
        began = time.monotonic()
        for at in range(0, len(whole), piece):
            time.sleep(max(0.0, began + options.seconds * at / len(whole) - time.monotonic()))
            if not conversation.write([whole[at : at + piece]]):
                break  # it did not want to wait: its last word is the answer
        said = conversation.answer()
        conversation.release()
        return Answer((said,), names(instance))
