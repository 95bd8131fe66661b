"""C-STORE as user: an archive as a destination (PS3.4 annex B)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from modality.errors import (
    AssociationAborted,
    ContextRefused,
    InputError,
    InvalidResponse,
    MissingExtraError,
    ModalityError,
    PeerError,
    ResponseTimeout,
    StatusError,
    StoreRefused,
    UnreachableError,
    UnsupportedError,
    UsageError,
)
from modality.network.address import DicomAddress, parse_dicom
from modality.network.local import Local
from modality.network.upper_layer.storage import StorageAssociation
from modality.protocol.negotiation import (
    DEFAULT,
    FALLBACKS,
    MOST_CONTEXTS,
    Accepted,
    Context,
    Negotiation,
    ProposedContext,
    proposals,
)
from modality.protocol.upper_layer.command import Response, succeeded
from modality.protocol.upper_layer.requestor import VERIFICATION
from modality.transfer.destination import Progress, Receipt
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import syntax, syntax_name


def _refusal(instance: PreparedInstance, accepted: Accepted) -> str:
    """Why an instance cannot be sent: its class, its syntax, and what was accepted."""
    from pydicom.uid import UID

    def keyword(uid: str) -> str:
        return UID(uid).keyword or syntax_name(uid)  # of video, say, which the table has not, and JPEG XL

    offered = ", ".join(map(keyword, accepted.syntaxes.get(instance.sop_class_uid, ()))) or "nothing"
    name = f"{UID(instance.sop_class_uid).name} in {keyword(instance.transfer_syntax_uid)}"
    return f"not {name}; it accepted {offered} of that class"


class DicomArchive:
    """An archive that takes instances by C-STORE.

    Args:
        address: where it is.
        local: who calls.
        negotiation: what is proposed, and what may be done to an instance that is not taken as it is.
        look_ahead: instances taken from the stream before they are needed, so that one association proposes what all of
            them need; 0 for a stream whose instances are made one at a time.
    """

    def __init__(
        self,
        address: DicomAddress | str,
        *,
        local: Local | None = None,
        negotiation: Negotiation = DEFAULT,
        look_ahead: int = 0,
    ) -> None:
        self.address = parse_dicom(address) if isinstance(address, str) else address
        self.local = local or Local()
        self.negotiation = negotiation
        self.look_ahead = look_ahead

    def echo(self) -> None:
        """C-ECHO.

        Raises:
            UnreachableError: nobody answers.
            PeerError: anything but success.
        """
        association = StorageAssociation(self.address, [(VERIFICATION, (uid,)) for uid in FALLBACKS], self.local)
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
        self.proposed: list[ProposedContext] = []
        self.refused: set[ProposedContext] = set()
        self.gone: ModalityError | None = None
        self.silences = 0
        self.out: dict[int, tuple[PreparedInstance, bool]] = {}
        self.covered: set[Context] = set()
        self.as_it_is: set[Context] = set()

    def send(self, instance: PreparedInstance, following: Iterable[PreparedInstance] = ()) -> None:
        """Send one instance.

        With one request out at a time its fate is known afterwards, but for a stream that is looked ahead in: there the
        archive works while more is read, and the answer is taken before the next one is sent.
        """
        self._make_room()
        try:
            association, ready = self._prepared(instance, following)
            message_id = association.send(ready)
        except (UnreachableError, PeerError, UsageError, InputError) as error:
            if not self.receipt.dealt_with and error is self.gone:
                raise
            self.receipt.fail(instance.sop_instance_uid, error)
            if isinstance(error, (AssociationAborted, InvalidResponse, ResponseTimeout)):
                self._broken(error)  # what is half sent can only be ended by closing
            elif self.association and not self.association.alive:
                self._broken(AssociationAborted(f"{self.archive.address}: aborted by us, in the middle of an instance"))
            return
        self.out[message_id] = (ready, ready is not instance)
        if not self.archive.look_ahead:
            self._make_room()

    def _make_room(self) -> None:
        """Take the responses that are there, and wait until one more request may go out."""
        if self.out and self.association and self.association.may_send:
            self._collect(self.association.arrived)
        while self.out and self.association and not self.association.may_send:
            self._collect(self.association.responses)

    def finish(self) -> None:
        """Wait for what is still out, and release."""
        while self.out:
            assert self.association is not None
            self._collect(self.association.responses)
        self.close()

    def _collect(self, responses: Callable[[], list[Response]]) -> None:
        """Take responses; an association that ends instead fails all that is out."""
        try:
            for response in responses():
                self._note(response, *self.out.pop(response.message_id))
        except (PeerError, UnreachableError) as error:  # TLS 1.3 may turn our certificate down this late
            self._broken(error)

    def _note(self, response: Response, instance: PreparedInstance, transcoded: bool) -> None:
        self.silences = 0
        uid = instance.sop_instance_uid
        if not succeeded(response.status):
            message = f"{self.archive.address}: C-STORE refused with status {response.status:04X}H"
            self.receipt.refuse(uid, StoreRefused(message, status=response.status, comment=response.comment))
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
        for instance, _ in self.out.values():
            self.receipt.fail(instance.sop_instance_uid, error)
        self.close(abort=True)

    def _prepared(
        self, instance: PreparedInstance, following: Iterable[PreparedInstance]
    ) -> tuple[StorageAssociation, PreparedInstance]:
        """The association that takes the instance, and the instance in the syntax chosen for it."""
        association = self._association_for(instance, following)
        sop_class, own = context = instance.sop_class_uid, instance.transfer_syntax_uid
        if context in self.as_it_is:
            return association, instance
        accepted = association.accepted
        candidates = accepted.candidates(sop_class, own, self.archive.negotiation)
        if candidates == [own]:
            self.as_it_is.add(context)
            return association, instance
        if not candidates:
            raise self._not_accepted(instance, accepted)
        return association, self._transcoded(instance, candidates, accepted)

    def _not_accepted(self, instance: PreparedInstance, accepted: Accepted) -> ContextRefused:
        return ContextRefused(f"{self.archive.address}: {_refusal(instance, accepted)}")

    def _transcoded(
        self, instance: PreparedInstance, candidates: Sequence[str], accepted: Accepted
    ) -> PreparedInstance:
        """The instance in the first of these syntaxes that can carry it.

        Raises:
            UnsupportedError: none can; it says what was accepted, and what the first of them lacks.
        """
        from modality.transfer.encode import transcode  # loads pydicom, which a plain send does without

        first: UsageError | None = None
        for uid in candidates:
            target = syntax(uid)
            try:
                return transcode(
                    instance, target, quality=None if target.lossless else self.archive.negotiation.quality
                )
            except (UnsupportedError, MissingExtraError) as error:
                first = first or error
        assert first is not None
        raise UnsupportedError(f"{self.archive.address}: {_refusal(instance, accepted)}: {first}") from first

    def _association_for(self, instance: PreparedInstance, following: Iterable[PreparedInstance]) -> StorageAssociation:
        """The open association, or a new one when this instance's class and syntax have not been proposed in it."""
        negotiation = self.archive.negotiation
        wanted_context = instance.sop_class_uid, instance.transfer_syntax_uid
        if self.association and self.association.alive and wanted_context in self.covered:
            return self.association
        needed = proposals([wanted_context], negotiation)[0]
        if self.association and self.association.alive and set(needed) <= set(self.proposed):
            self.covered.add(wanted_context)
            return self.association
        if self.gone:
            raise self.gone
        if needed[0] in self.refused:
            raise self._not_accepted(instance, Accepted())
        self.finish()
        both = list(dict.fromkeys([*self.proposed, *needed]))
        wanted = both if len(both) <= MOST_CONTEXTS else needed
        for one in following:
            more = proposals([(one.sop_class_uid, one.transfer_syntax_uid)], negotiation)[0]
            both = list(dict.fromkeys([*wanted, *more]))
            wanted = both if len(both) <= MOST_CONTEXTS else wanted
        self.proposed = wanted
        self.covered, self.as_it_is = {wanted_context}, set()
        archive = self.archive
        try:
            self.association = StorageAssociation(
                archive.address, self.proposed, archive.local, async_window=negotiation.async_window
            )
        except ContextRefused as error:
            self.refused.update(self.proposed)
            raise self._not_accepted(instance, Accepted()) from error
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
