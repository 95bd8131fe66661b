"""Instances sent in ways that were not agreed on."""

from __future__ import annotations

from modality.load.faults.conversation import Conversation, exchange
from modality.load.faults.defects import UNFINDABLE, implicit, malformed, malformed_in_turn
from modality.load.faults.strike import Answer, Fresh, Options, names
from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.protocol.upper_layer import pdu
from modality.transfer.elements import Buffer
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE

_NEVER_PROPOSED = 255
_PADDING = b"\xfc\xff\xfc\xffOB\0\0"  # Data Set Trailing Padding (FFFC,FFFC), PS3.10 7.2


def _plain(instance: PreparedInstance) -> PreparedInstance:
    if instance.transfer_syntax_uid == EXPLICIT_LITTLE.uid:
        return instance
    return transcode(instance, EXPLICIT_LITTLE)


def wrong_syntax(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """Implicit VR in a context that was accepted for Explicit VR Little Endian (PS3.8 7.1.1.13, PS3.5 A)."""
    instance = implicit(fresh())
    return Answer(tuple(exchange(peer, local, [instance])), names(instance))


def unknown_context(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """A C-STORE on a presentation context that was never proposed (PS3.8 9.3.5.1)."""
    instance = fresh()
    with Conversation(peer, local, [(instance.sop_class_uid, instance.transfer_syntax_uid)]) as conversation:
        if problem := conversation.associate():
            return Answer((problem,), names(instance))
        most = conversation.requestor.accepted.max_pdu
        whole = conversation.request(instance)
        command, data_set = bytes(whole[1]), instance.buffers()
        conversation.write(pdu.fragments(_NEVER_PROPOSED, command, data_set, most))
        said = conversation.answer()
        conversation.release()
        return Answer((said,), names(instance))


def oversized_pdu(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """P-DATA-TF PDUs twice as long as the archive said that it takes (PS3.8 D.1)."""
    instance = _plain(fresh())
    with Conversation(peer, local, [(instance.sop_class_uid, instance.transfer_syntax_uid)]) as conversation:
        if problem := conversation.associate():
            return Answer((problem,), names(instance))
        most = conversation.requestor.accepted.max_pdu
        if not most:
            conversation.release()
            return Answer(("takes PDUs of any length",))
        sent = _padded(instance, 2 * most)
        conversation.write(conversation.request(sent, max_pdu=2 * most))
        said = conversation.answer()
        conversation.release()
        return Answer((said,), names(instance))


def _padded(instance: PreparedInstance, least: int) -> PreparedInstance:
    """The instance, filled up with trailing padding to a size where it is shorter."""
    parts: list[Buffer] = list(instance.buffers())
    if (missing := least - instance.size - 12) > 0:
        missing += missing % 2
        parts += [_PADDING + missing.to_bytes(4, "little"), bytes(missing)]
    known = {"sop_class_uid": instance.sop_class_uid, "sop_instance_uid": instance.sop_instance_uid}
    return PreparedInstance(instance.transfer_syntax_uid, b"", parts, instance.source, known=known)


def malformed_data_set(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:
    """A data set with a defect: the one named, or each of the table in turn."""
    if options.defect:
        defect, instance = options.defect, malformed(fresh(), options.defect)
    else:
        defect, instance = malformed_in_turn(fresh(), number)
    sent = () if defect in UNFINDABLE else names(instance)
    return Answer(tuple(exchange(peer, local, [instance])), sent, defect)
