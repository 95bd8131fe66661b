"""C-MOVE as user: instances on associations that the archive opens to us (PS3.4 C.4.2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pynetdicom import AE, build_context, evt

from modality.errors import QueryRefused, UsageError
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.listening import ListeningEntity
from modality.network.local import Local
from modality.network.query import identifiers
from modality.network.retrieve.receiver import Receive, Receiver
from modality.network.upper_layer.limits import Limits
from modality.protocol.negotiation import FALLBACKS
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from modality.transfer.syntaxes import BY_UID

STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
# The instances that were asked for are held in memory, one by one.
_LIMITS = Limits(largest_message=4 << 30)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where we listen for what an archive moves to us; the archive must know our AE title, host and port.

    Args:
        port: the port; 0 for any free one.
        host: the interface; an archive on another machine needs another than loopback.
    """

    port: int
    host: str = "127.0.0.1"


def move_study(
    archive: DicomAddress,
    study_uid: str,
    sop_classes: Iterable[str],
    local: Local,
    receive: Receive,
    listen: Listen,
    *,
    series: Sequence[str] = (),
) -> None:
    """Have a study, or some of its series, moved to us; each instance is handed to `receive` as it comes.

    Args:
        archive: whom to ask.
        study_uid: Study Instance UID.
        sop_classes: SOP Class UIDs that we take, in every syntax that can be decoded here.
        local: who asks, and the destination.
        receive: takes each instance.
        listen: where the instances come.
        series: Series Instance UIDs; the whole study when empty.

    Raises:
        UnreachableError: nobody answers.
        UsageError: the port cannot be had.
        ContextRefused: the archive offers no C-MOVE.
        QueryRefused: it answered with a failure, for one that our AE title is unknown to it (A801H).
        PeerError: it did not answer properly.
    """
    receiver = Receiver(archive, receive)
    entity = AE(local.aet)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    taken = [build_context(one, list(BY_UID)) for one in dict.fromkeys(sop_classes)]
    contexts = [build_context("1.2.840.10008.1.1", list(FALLBACKS)), *taken]
    handlers = [(evt.EVT_C_STORE, receiver.on_store), (evt.EVT_C_ECHO, lambda _: 0x0000)]
    try:
        listening = ListeningEntity(entity, (listen.host, listen.port), contexts, handlers, limits=_LIMITS)
    except OSError as error:
        raise UsageError(f"cannot listen on {listen.host}:{listen.port}: {error.strerror or error}") from error
    try:
        with associate(archive, [(STUDY_ROOT_MOVE, FALLBACKS)], local) as association:
            for identifier in identifiers(study_uid, series):
                answers = association.request(
                    "C-MOVE", association.raw.send_c_move, identifier, local.aet, STUDY_ROOT_MOVE
                )
                for status, _ in answers:
                    receiver.check()
                    association.checked("C-MOVE", status, QueryRefused)
                    association.waiting()
    finally:
        listening.close()
