"""The worklist asked of a RIS by C-FIND (PS3.4 annex K, IHE RAD-5)."""

from __future__ import annotations

from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local
from modality.network.query import find
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.worklist import MODALITY_WORKLIST_FIND, ScheduledStep, WorklistQuery


def query_worklist(ris: DicomAddress, query: WorklistQuery, local: Local) -> list[ScheduledStep]:
    """The scheduled steps that match, in the order of their scheduled start.

    Raises:
        UnreachableError: nobody answers.
        QueryRefused: the RIS answered with a failure.
        PeerError: it did not answer properly.
    """
    with associate(ris, [(MODALITY_WORKLIST_FIND, FALLBACKS)], local) as association:
        items = find(association, MODALITY_WORKLIST_FIND, query.identifier())
    return sorted(map(ScheduledStep, items), key=lambda step: (step.start, step.step_id))
