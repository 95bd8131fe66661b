"""The performed step reported to a RIS: N-CREATE and N-SET (PS3.4 annex F, IHE RAD-6 and RAD-7)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.errors import StepRefused
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.performed_step import PERFORMED_STEP


def create_step(ris: DicomAddress, uid: str, attributes: Dataset, local: Local) -> None:
    """N-CREATE the performed step `uid`.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(PERFORMED_STEP, FALLBACKS)], local) as association:
        status, _ = association.request("MPPS N-CREATE", association.raw.send_n_create, attributes, PERFORMED_STEP, uid)
        association.checked("MPPS N-CREATE", status, StepRefused)


def set_step(ris: DicomAddress, uid: str, changes: Dataset, local: Local) -> None:
    """N-SET the performed step `uid`.

    Raises:
        UnreachableError: nobody answers.
        StepRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(PERFORMED_STEP, FALLBACKS)], local) as association:
        status, _ = association.request("MPPS N-SET", association.raw.send_n_set, changes, PERFORMED_STEP, uid)
        association.checked("MPPS N-SET", status, StepRefused)
