"""Every error that the library raises, as one tree.

::

    ModalityError
    +-- UsageError                  our caller asked for what cannot be          (exit 2)
    |   +-- ConfigurationError      a key or value of a TOML file is wrong       "[archive] adress: unknown key"
    |   +-- AddressError            an address does not parse                    "dicom://host has no port"
    |   +-- UnknownNameError        a name that no table holds                   "phantom 'hed': did you mean 'head'?"
    |   +-- UnsupportedError        an encoding cannot carry these pixels        "12 bits in JPEG baseline"
    |   +-- MissingExtraError       an optional package is not installed         "pip install 'modality-simulator[web]'"
    |   +-- WorkflowError           a step or transaction used out of order      "the step is already COMPLETED"
    +-- InputError                  a file cannot be used                        "x.dcm: truncated"
    +-- StorageFailed               our own disk does not keep something safe    "no space left on device"
    +-- PeerError                   the other side answered, and it does not fit (exit 1)
    |   +-- AssociationRejected     A-ASSOCIATE-RJ                               "calling AE title not recognized"
    |   +-- AssociationAborted      A-ABORT, or the connection broke             "aborted in mid-transfer"
    |   +-- ContextRefused          no presentation context for what we must do  "CT Image Storage in RLE"
    |   +-- InvalidResponse         an answer that no standard allows            "C-FIND response without a status"
    |   +-- ResponseTimeout         associated, then silence                     "no C-STORE response in 30 s"
    |   +-- WebRefused              an HTTP status of failure                    "QIDO-RS refused with 401 Unauthorized"
    |   +-- StatusError             a DIMSE failure status
    |       +-- StoreRefused        C-STORE: A7xx, A9xx, Cxxx
    |       +-- QueryRefused        C-FIND, C-GET, C-MOVE
    |       +-- StepRefused         MPPS N-CREATE, N-SET
    |       +-- CommitmentRefused   N-ACTION
    +-- UnreachableError            nobody answered at that address              (exit 3)
        +-- HandshakeFailed         a connection, but no TLS                     "its certificate is for another host"
"""

from __future__ import annotations


class ModalityError(Exception):
    """The root: catch this to catch all that the library raises on purpose."""

    exit_code = 1
    retryable = False
    """Whether the same request may succeed later, with nothing changed on our side."""


class UsageError(ModalityError):
    """The caller asked for something that cannot be done as asked."""

    exit_code = 2


class ConfigurationError(UsageError):
    """A configuration file has an unknown key, or a value of the wrong type."""


class AddressError(UsageError):
    """An address does not parse."""


class UnknownNameError(UsageError):
    """A name that its table does not hold."""


class UnsupportedError(UsageError):
    """What was asked is outside what an encoding or a class can carry."""


class MissingExtraError(UsageError):
    """An optional package is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional package: pip install 'modality-simulator[{extra}]'")
        self.extra = extra


class WorkflowError(UsageError):
    """A step or a transaction was used out of its order."""


class InputError(ModalityError):
    """A file or a stream cannot be used; the rest of the run goes on."""


class StorageFailed(ModalityError):
    """Something could not be made safe on our own disk: whoever has it keeps it, and may give it again."""

    retryable = True


class PeerError(ModalityError):
    """The other side answered, and the answer does not fit."""


class AssociationRejected(PeerError):
    """The peer answered with A-ASSOCIATE-RJ (PS3.8 9.3.4).

    Args:
        message: one line for people.
        transient: the peer said that trying later may help.
        result: result field of the PDU (1 permanent, 2 transient).
        source: who rejected (1 user, 2 ACSE, 3 presentation).
        reason: reason field of the PDU.
    """

    def __init__(self, message: str, *, transient: bool = False, result: int = 1, source: int = 1, reason: int = 1):
        super().__init__(message)
        self.retryable = self.transient = transient
        self.result, self.source, self.reason = result, source, reason


class AssociationAborted(PeerError):
    """The peer aborted, or the connection broke in the middle."""

    retryable = True


class ContextRefused(PeerError):
    """No accepted presentation context serves what has to be done."""


class InvalidResponse(PeerError):
    """The peer's answer is none that the standard allows."""


class ResponseTimeout(PeerError):
    """The association stood, and the answer did not come in time."""

    retryable = True


class WebRefused(PeerError):
    """A web service answered with a failure.

    Args:
        message: one line for people.
        status: the HTTP status.
    """

    def __init__(self, message: str, *, status: int) -> None:
        super().__init__(message)
        self.status = status
        # Request timeout, too many requests, and what is temporary by name (RFC 9110 15.5, 15.6; RFC 6585 4).
        self.retryable = status in (408, 429, 502, 503, 504)


class StatusError(PeerError):
    """The peer answered with a failure status.

    Args:
        message: one line for people.
        status: the DIMSE status (PS3.7 annex C).
        comment: the peer's Error Comment, if it sent one.
    """

    def __init__(self, message: str, *, status: int, comment: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.comment = comment
        # Out of resources (PS3.4 B.2.3, C.4), processing failure and resource limitation (PS3.7 C.4, C.5).
        self.retryable = status >> 8 == 0xA7 or status in (0x0110, 0x0213)


class StoreRefused(StatusError):
    """C-STORE failed (PS3.4 B.2.3)."""


class QueryRefused(StatusError):
    """C-FIND, C-GET or C-MOVE failed (PS3.4 C.4)."""


class StepRefused(StatusError):
    """MPPS N-CREATE or N-SET failed (PS3.4 F.7.2)."""


class CommitmentRefused(StatusError):
    """Storage commitment N-ACTION failed (PS3.4 J.3.2)."""


class UnreachableError(ModalityError):
    """Nobody answers at the address."""

    exit_code = 3
    retryable = True


class HandshakeFailed(UnreachableError):
    """Somebody answers at the address, and no TLS connection comes of it: what certificates and settings decide."""

    retryable = False


def counted(number: int, noun: str) -> str:
    """A number of things as a message says it: "1 image", "2 images"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
