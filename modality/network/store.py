"""C-STORE as user: an archive as a destination (PS3.4 annex B)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from modality.errors import (
    AssociationAborted,
    ContextRefused,
    InputError,
    InvalidResponse,
    ModalityError,
    PeerError,
    ResponseTimeout,
    StatusError,
    UnreachableError,
    UsageError,
)
from modality.network.address import DicomAddress, parse_dicom
from modality.network.local import Local
from modality.network.upper_layer.storage import StorageAssociation
from modality.protocol.negotiation import FALLBACKS, MOST_CONTEXTS, Context, proposals
from modality.protocol.upper_layer.command import Response, succeeded
from modality.protocol.upper_layer.requestor import VERIFICATION
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import syntax, syntax_name


def _names(instance: PreparedInstance) -> str:
    from pydicom.uid import UID

    return f"{UID(instance.sop_class_uid).name} in {syntax_name(instance.transfer_syntax_uid)}"


class DicomArchive:
    """An archive that takes instances by C-STORE.

    Args:
        address: where it is.
        local: who calls.
        never_transcode: an instance goes as it is or not at all.
        look_ahead: instances taken from the stream before they are needed, so that one association proposes what all of
            them need; 0 for a stream whose instances are made one at a time.
        async_window: requests that may be out at a time where the archive grants it; None does not ask, since some
            archives drop an association that carries the question.
    """

    def __init__(
        self,
        address: DicomAddress | str,
        *,
        local: Local | None = None,
        never_transcode: bool = False,
        look_ahead: int = 0,
        async_window: int | None = None,
    ) -> None:
        self.address = parse_dicom(address) if isinstance(address, str) else address
        self.local = local or Local()
        self.never_transcode = never_transcode
        self.look_ahead = look_ahead
        self.async_window = async_window

    def echo(self) -> None:
        """C-ECHO.

        Raises:
            UnreachableError: nobody answers.
            PeerError: anything but success.
        """
        association = StorageAssociation(self.address, [(VERIFICATION, uid) for uid in FALLBACKS], self.local)
        try:
            response = association.echo()
        except BaseException:
            association.abort()
            raise
        association.release()
        if not succeeded(response.status):
            message = f"{self.address}: C-ECHO refused with status {response.status:04X}H"
            raise StatusError(message, status=response.status, comment=response.comment)

    def store(
        self,
        instances: Iterable[PreparedInstance],
        *,
        progress: Progress | None = None,
        receipt: Receipt | None = None,
    ) -> Receipt:
        """Store each instance; a refusal or an abort costs that instance, not the rest.

        Raises:
            UnreachableError: nobody answered, and nothing was stored before.
            PeerError: the peer let no association be, and nothing was stored before.
        """
        sender = _Sender(self, Receipt() if receipt is None else receipt)
        try:
            for instance, following in _with_following(iter(instances), self.look_ahead):
                sender.send(instance, following)
                if progress:
                    progress(sender.receipt.dealt_with)
            sender.finish()
        except BaseException:
            sender.close(abort=True)
            raise
        if progress:
            progress(sender.receipt.dealt_with)
        return sender.receipt


def _with_following(
    instances: Iterator[PreparedInstance], look_ahead: int
) -> Iterator[tuple[PreparedInstance, Sequence[PreparedInstance]]]:
    """Each instance, and as many as were taken ahead of it."""
    following: deque[PreparedInstance] = deque(islice(instances, look_ahead + 1))
    while following:
        instance = following.popleft()
        yield instance, following
        following.extend(islice(instances, 1))


class _Sender:
    """One run of stores: opens associations as the instances need them, and keeps account of what is out."""

    def __init__(self, archive: DicomArchive, receipt: Receipt) -> None:
        self.archive = archive
        self.receipt = receipt
        self.association: StorageAssociation | None = None
        self.proposed: list[Context] = []
        self.refused: dict[Context, ContextRefused] = {}
        self.gone: ModalityError | None = None
        self.silences = 0
        self.out: dict[int, tuple[PreparedInstance, bool]] = {}

    def send(self, instance: PreparedInstance, following: Iterable[PreparedInstance] = ()) -> None:
        """Send one instance; with one request out at a time, its fate is known afterwards."""
        try:
            association, ready = self._prepared(instance, following)
            message_id = association.send(ready)
        except (UnreachableError, PeerError, UsageError, InputError) as error:
            if not self.receipt.dealt_with and error is self.gone:
                raise
            self.receipt.failed[instance.sop_instance_uid] = str(error)
            if isinstance(error, (AssociationAborted, InvalidResponse, ResponseTimeout)):
                self._broken(error)  # what is half sent can only be ended by closing
            return
        self.out[message_id] = (ready, ready is not instance)
        while self.out and not association.may_send:
            self._collect()

    def finish(self) -> None:
        """Wait for what is still out, and release."""
        while self.out:
            self._collect()
        self.close()

    def _collect(self) -> None:
        """Take one response or more; an association that ends instead fails all that is out."""
        assert self.association is not None
        try:
            for response in self.association.responses():
                self._note(response, *self.out.pop(response.message_id))
        except PeerError as error:
            self._broken(error)

    def _note(self, response: Response, instance: PreparedInstance, transcoded: bool) -> None:
        self.silences = 0
        uid = instance.sop_instance_uid
        if not succeeded(response.status):
            self.receipt.refused.setdefault(response.status, []).append(uid)
            return
        if response.status:
            self.receipt.warnings.setdefault(response.status, []).append(uid)
        self.receipt.stored.append(uid)
        self.receipt.transcoded += transcoded
        self.receipt.bytes += instance.size

    def _broken(self, error: ModalityError) -> None:
        """The association is over; of a peer that fell silent twice on end the rest need not wait for a third time."""
        if isinstance(error, ResponseTimeout):
            self.silences += 1
            self.gone = error if self.silences > 1 else None
        self.receipt.failed.update({instance.sop_instance_uid: str(error) for instance, _ in self.out.values()})
        self.close(abort=True)

    def _prepared(
        self, instance: PreparedInstance, following: Iterable[PreparedInstance]
    ) -> tuple[StorageAssociation, PreparedInstance]:
        """The association that takes the instance, and the instance in the syntax chosen for it."""
        association = self._association_for(instance, following)
        transcoding = not self.archive.never_transcode
        accepted = association.accepted
        chosen = accepted.choose(instance.sop_class_uid, instance.transfer_syntax_uid, transcode=transcoding)
        if chosen is None:
            offered = ", ".join(map(syntax_name, accepted.syntaxes.get(instance.sop_class_uid, ()))) or "nothing"
            raise ContextRefused(f"{association.peer}: not {_names(instance)}; it accepted {offered} of that class")
        if chosen == instance.transfer_syntax_uid:
            return association, instance
        from modality.transfer.encode import transcode  # loads pydicom, which a plain send does without

        return association, transcode(instance, syntax(chosen))

    def _association_for(self, instance: PreparedInstance, following: Iterable[PreparedInstance]) -> StorageAssociation:
        """The open association, or a new one when this instance's class and syntax have not been proposed in it."""
        needed = proposals([(instance.sop_class_uid, instance.transfer_syntax_uid)])[0]
        if self.association and self.association.alive and set(needed) <= set(self.proposed):
            return self.association
        for known in (self.gone, self.refused.get(needed[0])):
            if known:
                raise known
        self.finish()
        both = list(dict.fromkeys([*self.proposed, *needed]))
        wanted = both if len(both) <= MOST_CONTEXTS else needed
        for one in following:
            more = proposals([(one.sop_class_uid, one.transfer_syntax_uid)])[0]
            both = list(dict.fromkeys([*wanted, *more]))
            wanted = both if len(both) <= MOST_CONTEXTS else wanted
        self.proposed = wanted
        archive = self.archive
        try:
            self.association = StorageAssociation(
                archive.address, self.proposed, archive.local, async_window=archive.async_window
            )
        except ContextRefused as error:
            self.refused.update(dict.fromkeys(self.proposed, error))
            raise
        except (UnreachableError, PeerError) as error:
            self.gone = error  # the rest of the run need not wait for it again
            raise
        return self.association

    def close(self, *, abort: bool = False) -> None:
        """End the open association, if any; what is out stays without an answer."""
        if self.association and abort:
            self.association.abort()
        elif self.association:
            self.association.release()
        self.association = None
        self.out.clear()
