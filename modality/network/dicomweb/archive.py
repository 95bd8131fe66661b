"""STOW-RS as user: an archive on the web as a destination (PS3.18 10.5)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from typing import cast

from modality.errors import (
    AddressError,
    AssociationAborted,
    InvalidResponse,
    ModalityError,
    PeerError,
    ResponseTimeout,
    StoreRefused,
    UnreachableError,
    WebRefused,
)
from modality.network.address import WebAddress, parse, without_password
from modality.network.dicomweb.account import Account
from modality.network.dicomweb.client import DicomWebClient
from modality.network.local import Local
from modality.protocol import multipart
from modality.transfer.destination import Progress, Receipt
from modality.transfer.elements import Buffer
from modality.transfer.instance import PreparedInstance

_DICOM = "application/dicom"
_PIECE = 1 << 18  # bytes handed to the connection at a time
# Instances of one request: few enough that their mapped files do not use up the descriptors of a process.
_MOST_INSTANCES = 64
_MOST_BYTES = 32 << 20
# What one instance can bring upon a whole request (RFC 9110 15.5, 15.6): the others may pass by themselves.
_INFECTIOUS = frozenset((400, 409, 413, 415, 422, 500))


class WebArchive:
    """An archive that takes instances by STOW-RS.

    Several instances, of whatever studies, go in one request, each in the transfer syntax that it has: nothing is
    negotiated. An instance that failed among others, and may succeed later (`Receipt.retryable`), is sent once more by
    itself; so are those of which nothing is said, and those of a request that failed as a whole for what may be one
    instance's fault.

    Args:
        address: the service root.
        local: who calls, on whose behalf, and what secures the connection.
        request_bytes: bytes of instances in one request; a larger instance goes alone.

    Raises:
        AddressError: the address is none of a web service.
    """

    def __init__(
        self, address: WebAddress | str, *, local: Local | None = None, request_bytes: int = _MOST_BYTES
    ) -> None:
        found = parse(address) if isinstance(address, str) else address
        if not isinstance(found, WebAddress):
            raise AddressError(f"{without_password(str(address))}: no web service: give https://host/dicom-web")
        self.address = found
        self.local = local or Local()
        self.request_bytes = request_bytes

    def store(
        self,
        instances: Iterable[PreparedInstance],
        *,
        progress: Progress | None = None,
        receipt: Receipt | None = None,
    ) -> Receipt:
        """Store each instance; one that fails does not stop the others.

        Raises:
            UnreachableError: nobody answered, and nothing was stored before.
            PeerError: the service let nobody in, or is none, and nothing was stored before.
            MissingExtraError: httpx is not installed.
        """
        receipt = Receipt() if receipt is None else receipt
        with DicomWebClient(self.address, self.local) as client:
            sender = _Sender(client, receipt)
            for batch in _batches(instances, self.request_bytes):
                sender.send(batch)
                if progress:
                    progress(receipt.dealt_with)
        return receipt


def _batches(instances: Iterable[PreparedInstance], most_bytes: int) -> Iterator[list[PreparedInstance]]:
    """The instances in groups, none with a SOP Instance UID twice: the answer could not tell the two apart."""
    batch: list[PreparedInstance] = []
    uids: set[str] = set()
    size = 0
    for instance in instances:
        full = len(batch) >= _MOST_INSTANCES or size + instance.size > most_bytes
        if batch and (full or instance.sop_instance_uid in uids):
            yield batch
            batch, uids, size = [], set(), 0
        batch.append(instance)
        uids.add(instance.sop_instance_uid)
        size += instance.size
    if batch:
        yield batch


class _Sender:
    """One run of stores, which keeps account."""

    def __init__(self, client: DicomWebClient, receipt: Receipt) -> None:
        self._client = client
        self._receipt = receipt
        self._gone: ModalityError | None = None
        self._silences = 0

    def send(self, batch: list[PreparedInstance]) -> None:
        """Send instances in one request; afterwards the fate of each is known."""
        if self._gone:
            self._fail(batch, self._gone)
            return
        try:
            account = self._request(batch)
        except (UnreachableError, PeerError) as error:
            self._broken(batch, error)
            return
        self._silences = 0
        again = self._note(batch, account)
        for instance in again:
            self.send([instance])

    def _request(self, batch: list[PreparedInstance]) -> Account:
        boundary = secrets.token_hex(16)
        # Without the transfer syntax: it stands in the file, and Orthanc passes over a part whose type has a parameter.
        headers = [{"Content-Type": _DICOM}] * len(batch)
        parts = [one.part10() for one in batch]
        sizes = [sum(len(buffer) for buffer in part) for part in parts]
        length = multipart.written_length(boundary, zip(headers, sizes, strict=True))
        body = multipart.written(boundary, zip(headers, parts, strict=True))
        return self._client.store(_pieces(body), multipart.content_type(boundary, _DICOM), length)

    def _note(self, batch: list[PreparedInstance], account: Account) -> list[PreparedInstance]:
        """Enter an answer; what is worth a second try by itself is not entered yet."""
        again = []
        unnamed = [one for one in batch if one.sop_instance_uid not in account.stored | account.failed]
        others = iter(account.others)
        for one in batch:
            uid = one.sop_instance_uid
            if uid in account.stored:
                if account.stored[uid]:
                    self._receipt.warnings.setdefault(account.stored[uid], []).append(uid)
                self._receipt.stored.append(uid)
                self._receipt.bytes += one.size
                continue
            # Which of the others it is does not matter where there are as many reasons as instances without one.
            reason = account.failed.get(uid)
            if reason is None and len(unnamed) == len(account.others):
                reason = next(others)
            if reason is None:
                if len(batch) > 1:
                    again.append(one)  # some services stop at the first that they cannot read
                else:
                    said = f"{self._client.root}: the answer to STOW-RS says nothing of this instance"
                    self._receipt.fail(uid, InvalidResponse(said))
                continue
            message = f"{self._client.root}: STOW-RS failed with reason {reason:04X}H"
            refusal = StoreRefused(message, status=reason)
            if refusal.retryable and len(batch) > 1:
                again.append(one)
            else:
                self._receipt.refuse(uid, refusal)
        return again

    def _broken(self, batch: list[PreparedInstance], error: ModalityError) -> None:
        """A request failed as a whole."""
        infectious = isinstance(error, AssociationAborted) or (
            isinstance(error, WebRefused) and error.status in _INFECTIOUS
        )
        if infectious:
            if len(batch) > 1:
                for one in batch:
                    self.send([one])
                return
        elif isinstance(error, ResponseTimeout):
            # Of a service that fell silent twice on end the rest need not wait for a third time.
            self._silences += 1
            self._gone = error if self._silences > 1 else None
        elif isinstance(error, UnreachableError) or (isinstance(error, WebRefused) and not error.retryable):
            self._gone = error
            if not self._receipt.dealt_with:
                raise error
        self._fail(batch, error)

    def _fail(self, batch: list[PreparedInstance], error: ModalityError) -> None:
        for one in batch:
            self._receipt.fail(one.sop_instance_uid, error)


def _pieces(body: Iterable[Buffer]) -> Iterator[bytes]:
    """The body in pieces of a size: what is large in slices of where it lies, what is small together."""
    small = bytearray()
    for buffer in body:
        if len(small) + len(buffer) <= _PIECE:
            small += buffer
            continue
        if small:
            yield bytes(small)
            small = bytearray()
        view = memoryview(buffer)
        for at in range(0, len(view), _PIECE):
            yield cast(bytes, view[at : at + _PIECE])
    if small:
        yield bytes(small)
