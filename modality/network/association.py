"""One association with a peer, and what can go wrong with it turned into errors of its own.

pynetdicom answers a timeout, an abort and rubbish alike with an empty data set; here each becomes what it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from pydicom.dataset import Dataset
from pynetdicom import build_context, build_role, evt
from pynetdicom.association import Association as PynetdicomAssociation
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation, UserIdentityNegotiation

from modality.errors import (
    AssociationAborted,
    AssociationRejected,
    ContextRefused,
    InvalidResponse,
    ModalityError,
    ResponseTimeout,
    StatusError,
    UnreachableError,
)
from modality.network.address import DicomAddress
from modality.network.local import Local, Timeouts, tls_context
from modality.network.upper_layer.adopted import CallingEntity
from modality.network.upper_layer.connection import broken, open_socket
from modality.network.upper_layer.storage import unconfirmed
from modality.protocol.negotiation import Accepted, Context
from modality.protocol.upper_layer.command import succeeded
from modality.protocol.upper_layer.user_information import UserIdentity
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

T = TypeVar("T")

MAXIMUM_PDU = 131072

_REACTOR_S = 10.0  # a handler of ours may be at work within the reactor: our choice


class Association:
    """An established association; use `associate` to open one."""

    def __init__(self, peer: DicomAddress, raw: PynetdicomAssociation, trace: _Trace, timeouts: Timeouts) -> None:
        self.peer = peer
        self.raw = raw
        self.timeouts = timeouts
        self._trace = trace
        self._message_id = 0

    @property
    def accepted(self) -> Accepted:
        """The presentation contexts that the peer accepted."""
        syntaxes: dict[str, list[str]] = {}
        for context in self.raw.accepted_contexts:
            syntaxes.setdefault(str(context.abstract_syntax), []).append(str(context.transfer_syntax[0]))
        return Accepted({sop_class: tuple(found) for sop_class, found in syntaxes.items()})

    @property
    def extended(self) -> dict[str, bytes]:
        """Service class application information that the peer answered with, by SOP Class UID (PS3.7 D.3.3.5)."""
        return {str(uid): answer for uid, answer in self.raw.acceptor.sop_class_extended.items()}

    @property
    def alive(self) -> bool:
        """The association still stands."""
        return bool(self.raw.is_established)

    def next_message_id(self) -> int:
        """A Message ID for the next request (PS3.7 E.1)."""
        self._message_id = self._message_id % 65535 + 1
        return self._message_id

    def echo(self) -> None:
        """C-ECHO (PS3.4 annex A).

        Raises:
            PeerError: anything but success.
        """
        status = self.request("C-ECHO", self.raw.send_c_echo)
        self.checked("C-ECHO", status, StatusError)

    def request(self, what: str, send: Callable[..., T], *arguments: object) -> T:
        """Send a request, under a Message ID of its own, by one of pynetdicom's methods; returns what that returns.

        Raises:
            ContextRefused: the peer accepted no presentation context for it.
            PeerError: the association is gone.
        """
        self.asking()
        try:
            return send(*arguments, msg_id=self.next_message_id())
        except RuntimeError:  # it ended since we looked
            raise self.broken(what) from None
        except ValueError as error:
            raise ContextRefused(f"{self.peer}: {what}: {error}") from error

    def checked(self, what: str, status: Dataset, refusal: type[StatusError]) -> int:
        """The status of a response; a failure becomes `refusal`, silence and rubbish their own errors.

        Raises:
            StatusError: of the class `refusal`, for a failure status.
            PeerError: when there was no proper response.
        """
        if "Status" not in status:
            raise self.broken(what)
        code = int(status.Status)
        if not succeeded(code):
            comment = str(status.get("ErrorComment") or "")
            error_id = status.get("ErrorID")
            detail = f" ({comment})" if comment else ""
            detail += f", error id {int(error_id):04X}H" if error_id else ""
            raise refusal(f"{self.peer}: {what} refused with status {code:04X}H{detail}", status=code, comment=comment)
        return code

    def broken(self, what: str) -> ModalityError:
        """Why a request got no proper response."""
        trace = self._trace
        if trace.aborted_by_peer:
            return AssociationAborted(f"{self.peer}: aborted the association during {what}")
        if trace.broke and not isinstance(trace.broke, TimeoutError):
            return broken(self.peer, trace.broke, secured=self.peer.tls)
        if trace.closed and not trace.aborted_here and not trace.broke:
            return AssociationAborted(f"{self.peer}: closed the connection during {what}")
        # pynetdicom aborts at once when rubbish comes, and still lets the request wait.
        until = trace.aborted_here or time.monotonic()
        if until - trace.last_request >= self.timeouts.response_s * 0.98:
            return ResponseTimeout(f"{self.peer}: no {what} response within {self.timeouts.response_s:g} s")
        return InvalidResponse(f"{self.peer}: the response to {what} is not valid DICOM")

    def asking(self) -> None:
        """Note that a request goes out now, which tells a timeout from rubbish later.

        Raises:
            PeerError: the association is gone already.
        """
        self.waiting()
        if not self.alive:
            raise self.broken("the association")

    def waiting(self) -> None:
        """Note that one more response is due now."""
        self._trace.last_request = time.monotonic()

    def release(self) -> None:
        """A-RELEASE, or nothing when the association is gone."""
        if self.pause():
            self.raw.release()
        self.resume()

    def abort(self) -> None:
        """A-ABORT, or nothing when the association is gone."""
        if self.alive:
            self.raw.abort()

    def pause(self) -> bool:
        """Stop pynetdicom's reactor, which else takes the responses; false when the association has ended instead.

        pynetdicom's own methods wait here without end for a reactor that has ended in the meantime, or that hangs: one
        that does not stop in time is ended with its association.
        """
        self.raw._reactor_checkpoint.clear()
        until = time.monotonic() + max(self.timeouts.response_s, _REACTOR_S)
        while self.alive and self.raw.is_alive():
            if time.monotonic() > until:
                self.raw.kill()
                return False
            if self.raw._is_paused:
                return True
            time.sleep(0.0001)
        return False

    def resume(self) -> None:
        """Let pynetdicom's reactor go on."""
        self.raw._reactor_checkpoint.set()


class _Trace:
    """What pynetdicom does not keep: whether the peer answered, and who ended the association."""

    def __init__(self) -> None:
        self.answered = self.aborted_by_peer = self.closed = False
        self.aborted_here: float | None = None
        self.broke: OSError | None = None
        self.began = self.last_request = time.monotonic()

    def handlers(self) -> list[tuple[Any, Any]]:
        return [
            (evt.EVT_CONN_CLOSE, self._on_close),
            (evt.EVT_PDU_RECV, self._on_pdu),
            (evt.EVT_PDU_SENT, self._on_sent),
        ]

    def on_broken(self, error: OSError) -> None:
        """Note what ended the connection."""
        self.broke = error

    def _on_close(self, _: evt.Event) -> None:
        self.closed = True

    def _on_pdu(self, event: evt.Event) -> None:
        self.aborted_by_peer = self.aborted_by_peer or isinstance(event.pdu, A_ABORT_RQ)
        self.answered = self.answered or isinstance(event.pdu, A_ASSOCIATE_AC)

    def _on_sent(self, event: evt.Event) -> None:
        if isinstance(event.pdu, A_ABORT_RQ):
            self.aborted_here = self.aborted_here or time.monotonic()


@contextmanager
def associate(
    peer: DicomAddress,
    contexts: Iterable[Context | tuple[str, Sequence[str]]],
    local: Local,
    *,
    roles: Sequence[str] = (),
    extended: Mapping[str, bytes] | None = None,
    handlers: Sequence[tuple[Any, Any]] = (),
) -> Iterator[Association]:
    """Open an association; it is released at the end, or aborted when the block raises.

    Args:
        peer: whom to call.
        contexts: SOP Class UID with one transfer syntax, or several for the peer to choose from.
        local: who calls.
        roles: SOP Classes for which we propose to be SCP as well (PS3.7 D.3.3.4).
        extended: service class application information by SOP Class UID (PS3.7 D.3.3.5).
        handlers: pynetdicom event handlers, for requests that the peer makes of us.

    Raises:
        UnreachableError: nobody answers.
        AssociationRejected: the peer does not want us.
        AssociationAborted: it hung up.
        InvalidResponse: its answer is not DICOM.
        ContextRefused: it accepted none of the contexts.
        PeerError: it does not confirm the user identity, as was asked for.
    """
    association = connect(peer, contexts, local, roles=roles, extended=extended, handlers=handlers)
    try:
        yield association
    except (AssociationAborted, InvalidResponse, ResponseTimeout):
        association.abort()  # nobody there, or nobody who would answer a release
        raise
    except ModalityError:
        association.release()
        raise
    except BaseException:
        association.abort()
        raise
    else:
        association.release()


def connect(
    peer: DicomAddress,
    contexts: Iterable[Context | tuple[str, Sequence[str]]],
    local: Local,
    *,
    roles: Sequence[str] = (),
    extended: Mapping[str, bytes] | None = None,
    handlers: Sequence[tuple[Any, Any]] = (),
) -> Association:
    """Like `associate`, for an association that outlives a block: the caller releases it."""
    timeouts = local.timeouts
    connected = open_socket(peer, connect_s=timeouts.connect_s, tls=tls_context(peer, local))
    trace = _Trace()
    entity = CallingEntity(local.aet, connected, timeouts.response_s, trace.on_broken)
    entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
    entity.implementation_version_name = IMPLEMENTATION_VERSION_NAME
    entity.acse_timeout = timeouts.association_s
    entity.dimse_timeout = timeouts.response_s
    entity.network_timeout = None
    raw = entity.associate(
        peer.host,
        peer.port,
        [build_context(one, [syntax] if isinstance(syntax, str) else list(syntax)) for one, syntax in contexts],
        ae_title=peer.aet,
        max_pdu=MAXIMUM_PDU,
        ext_neg=_negotiated(roles, extended or {}, local.user),
        evt_handlers=[*trace.handlers(), *handlers],
    )
    if not raw.is_established:
        connected.close()
        raise _failure(peer, raw, trace, local)
    association = Association(peer, raw, trace, timeouts)
    if local.user and local.user.confirm and raw.acceptor.user_identity is None:
        association.release()
        raise unconfirmed(peer)
    return association


def _negotiated(roles: Sequence[str], extended: Mapping[str, bytes], user: UserIdentity | None) -> list[Any]:
    """Extended negotiation as pynetdicom's items."""
    found: list[Any] = [build_role(sop_class, scu_role=True, scp_role=True) for sop_class in roles]
    for sop_class, information in extended.items():
        found.append(SOPClassExtendedNegotiation())
        found[-1].sop_class_uid, found[-1].service_class_application_information = sop_class, information
    if user:
        identity = UserIdentityNegotiation()
        identity.user_identity_type, identity.positive_response_requested = int(user.type), user.confirm
        identity.primary_field, identity.secondary_field = user.primary, user.secondary
        found.append(identity)
    return found


def _failure(peer: DicomAddress, raw: PynetdicomAssociation, trace: _Trace, local: Local) -> ModalityError:
    if trace.broke and not isinstance(trace.broke, TimeoutError):
        return broken(peer, trace.broke, secured=peer.tls)
    if raw.is_rejected:
        answer: Any = raw.acceptor.primitive
        return AssociationRejected(
            f"{peer}: association rejected: {answer.reason_str} ({answer.result_str}, {answer.source_str})",
            transient=answer.result == 2,
            result=answer.result,
            source=answer.result_source,
            reason=answer.diagnostic,
        )
    if trace.answered and not raw.accepted_contexts:
        return ContextRefused(f"{peer}: accepted none of the proposed presentation contexts")
    hung_up = trace.aborted_by_peer or (trace.closed and not trace.aborted_here and not trace.broke)
    if hung_up or trace.answered:  # the latter: it was established, and has ended before we looked
        when = "as soon as" if trace.answered else "before"
        return AssociationAborted(f"{peer}: hung up {when} the association was established")
    if not trace.broke and time.monotonic() - trace.began < local.timeouts.association_s * 0.98:
        return InvalidResponse(f"{peer}: the answer to A-ASSOCIATE is not valid DICOM")
    return UnreachableError(
        f"{peer}: connected, but no answer to A-ASSOCIATE within {local.timeouts.association_s:g} s"
    )
