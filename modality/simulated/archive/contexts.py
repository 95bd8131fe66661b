"""What the archive accepts: every storage class in every syntax, and the services around it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

from pydicom.uid import (
    AllTransferSyntaxes,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.presentation import AllStoragePresentationContexts, PresentationContext, build_context
from pynetdicom.sop_class import StorageCommitmentPushModel  # type: ignore[attr-defined]

from modality.simulated.archive import queries

# pydicom's table lacks these two: PS3.6 Table A-1, and JPEG XL of supplement 232.
ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"
JPEG_XL = ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112")
_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
# Real-time video of PS3.22 travels by RTP, not in a C-STORE.
_STREAMED = "1.2.840.10008.1.2.7."


def all_transfer_syntaxes() -> tuple[str, ...]:
    """Every syntax in which an instance can be stored, the plain ones first."""
    others = [str(syntax) for syntax in AllTransferSyntaxes if syntax not in _PLAIN]
    stored = [syntax for syntax in others if not syntax.startswith(_STREAMED)]
    return (*map(str, _PLAIN), *stored, ENCAPSULATED_UNCOMPRESSED, *JPEG_XL)


def supported_contexts(transfer_syntaxes: Sequence[str]) -> list[PresentationContext]:
    """The presentation contexts of an archive.

    Args:
        transfer_syntaxes: UIDs of the syntaxes it stores, the preferred one first.
    """
    # Each syntax is checked once, not once for each of the 170 classes: that alone would take the time to start.
    template = build_context(StorageCommitmentPushModel, list(transfer_syntaxes))
    # C-GET sends on the requestor's own association, by role selection (PS3.4 C.5.3).
    template.scu_role = template.scp_role = True
    contexts = []
    for storage in AllStoragePresentationContexts:
        context = copy(template)
        context.abstract_syntax = storage.abstract_syntax
        contexts.append(context)
    others = (*queries.FIND, *queries.GET, *queries.MOVE, StorageCommitmentPushModel)
    return [*contexts, *(build_context(sop_class, list(map(str, _PLAIN))) for sop_class in others)]
