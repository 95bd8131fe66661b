"""C-STORE as user: an archive as a destination (PS3.4 annex B)."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from pynetdicom.dimse_primitives import C_STORE

from modality.errors import (
    AssociationAborted,
    ContextRefused,
    InputError,
    InvalidResponse,
    ModalityError,
    PeerError,
    ResponseTimeout,
    StoreRefused,
    UnreachableError,
    UnsupportedError,
)
from modality.network.address import DicomAddress, parse_dicom
from modality.network.association import Association, associate, connect, succeeded
from modality.network.local import Local
from modality.protocol.negotiation import FALLBACKS, MOST_CONTEXTS, Context, proposals
from modality.transfer.destination import Progress, Receipt
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import syntax, syntax_name

VERIFICATION = "1.2.840.10008.1.1"


def store(association: Association, instance: PreparedInstance) -> int:
    """Store one instance, in the syntax it is in; returns the status: success or a warning.

    Raises:
        ContextRefused: no context for its class and syntax was accepted.
        StoreRefused: the peer answered with a failure.
        PeerError: it did not answer properly.
    """
    association.asking()
    raw: Any = association.raw
    context = next(
        (
            one
            for one in raw.accepted_contexts
            if one.abstract_syntax == instance.sop_class_uid and one.transfer_syntax[0] == instance.transfer_syntax_uid
        ),
        None,
    )
    if context is None:
        raise ContextRefused(f"{association.peer}: no context for {_names(instance)}")
    request = C_STORE()
    request.MessageID = association.next_message_id()
    request.AffectedSOPClassUID = instance.sop_class_uid
    request.AffectedSOPInstanceUID = instance.sop_instance_uid
    request.Priority = 2
    request.DataSet = BytesIO(b"".join(instance.buffers()))
    # The instance is encoded already, and send_c_store() would encode it again: its core, with our bytes.
    if not association.pause():
        raise association.broken("C-STORE")
    raw.dimse.send_msg(request, context.context_id)
    _, response = raw.dimse.get_msg(block=True)
    association.resume()
    if response is None:
        raise association.broken("C-STORE")
    answers = isinstance(response, C_STORE) and response.MessageIDBeingRespondedTo == request.MessageID
    if not answers or response.Status is None:
        raise InvalidResponse(f"{association.peer}: the response to C-STORE is not valid DICOM")
    code = int(response.Status)
    if not succeeded(code):
        comment = str(response.ErrorComment or "")
        detail = f" ({comment})" if comment else ""
        message = f"{association.peer}: C-STORE refused with status {code:04X}H{detail}"
        raise StoreRefused(message, status=code, comment=comment)
    return code


def _names(instance: PreparedInstance) -> str:
    from pydicom.uid import UID

    return f"{UID(instance.sop_class_uid).name} in {syntax_name(instance.transfer_syntax_uid)}"


class DicomArchive:
    """An archive that takes instances by C-STORE.

    Args:
        address: where it is.
        local: who calls.
        never_transcode: an instance goes as it is or not at all.
    """

    def __init__(
        self, address: DicomAddress | str, *, local: Local | None = None, never_transcode: bool = False
    ) -> None:
        self.address = parse_dicom(address) if isinstance(address, str) else address
        self.local = local or Local()
        self.never_transcode = never_transcode

    def echo(self) -> None:
        """C-ECHO.

        Raises:
            UnreachableError: nobody answers.
            PeerError: anything but success.
        """
        with associate(self.address, [(VERIFICATION, FALLBACKS)], self.local) as association:
            association.echo()

    def store(self, instances: Iterable[PreparedInstance], *, progress: Progress | None = None) -> Receipt:
        """Store each instance; a refusal or an abort costs that instance, not the rest.

        Raises:
            UnreachableError: nobody answered, and nothing was stored before.
            PeerError: the peer let no association be, and nothing was stored before.
        """
        sender = _Sender(self)
        try:
            for instance in instances:
                sender.send(instance)
                if progress:
                    progress(sender.receipt.dealt_with)
        except BaseException:
            sender.close(abort=True)
            raise
        sender.close()
        return sender.receipt


class _Sender:
    """One run of stores: opens associations as the instances need them."""

    def __init__(self, archive: DicomArchive) -> None:
        self.archive = archive
        self.receipt = Receipt()
        self.association: Association | None = None
        self.proposed: list[Context] = []
        self.refused: dict[Context, ContextRefused] = {}
        self.gone: ModalityError | None = None

    def send(self, instance: PreparedInstance) -> None:
        """Store one instance and note what became of it."""
        name = instance.sop_instance_uid
        try:
            self._store(instance)
        except StoreRefused as error:
            self.receipt.refused.setdefault(error.status, []).append(name)
        except (UnreachableError, PeerError, UnsupportedError, InputError) as error:
            if not self.receipt.dealt_with and error is self.gone:
                raise
            self.receipt.failed[name] = str(error)
            if isinstance(error, (AssociationAborted, InvalidResponse, ResponseTimeout)):
                self.close(abort=True)

    def _store(self, instance: PreparedInstance) -> None:
        association = self._association_for(instance)
        accepted = association.accepted
        transcoding = not self.archive.never_transcode
        chosen = accepted.choose(instance.sop_class_uid, instance.transfer_syntax_uid, transcode=transcoding)
        if chosen is None:
            offered = ", ".join(map(syntax_name, accepted.syntaxes.get(instance.sop_class_uid, ()))) or "nothing"
            raise ContextRefused(f"{association.peer}: not {_names(instance)}; it accepted {offered} of that class")
        same = chosen == instance.transfer_syntax_uid
        instance = instance if same else transcode(instance, syntax(chosen))
        code = store(association, instance)
        if code:
            self.receipt.warnings.setdefault(code, []).append(instance.sop_instance_uid)
        self.receipt.transcoded += not same
        self.receipt.stored.append(instance.sop_instance_uid)
        self.receipt.bytes += instance.size

    def _association_for(self, instance: PreparedInstance) -> Association:
        """The open association, or a new one when this instance's class and syntax have not been proposed in it."""
        needed = proposals([(instance.sop_class_uid, instance.transfer_syntax_uid)])[0]
        if self.association and self.association.alive and set(needed) <= set(self.proposed):
            return self.association
        for known in (self.gone, self.refused.get(needed[0])):
            if known:
                raise known
        self.close()
        both = list(dict.fromkeys([*self.proposed, *needed]))
        self.proposed = both if len(both) <= MOST_CONTEXTS else needed
        try:
            self.association = connect(self.archive.address, self.proposed, self.archive.local)
        except ContextRefused as error:
            self.refused.update(dict.fromkeys(self.proposed, error))
            raise
        except (UnreachableError, PeerError) as error:
            self.gone = error  # the rest of the run need not wait for it again
            raise
        return self.association

    def close(self, *, abort: bool = False) -> None:
        """End the open association, if any."""
        if self.association and abort:
            self.association.abort()
        elif self.association:
            self.association.release()
        self.association = None
