"""The CT series that a report is about, by the UIDs that `modality generate ct` gives for that seed and options."""

from __future__ import annotations

from typing import Any

from modality.acquisition.digest import content_digest
from modality.acquisition.reported import Reported
from modality.identity import Identity
from modality.iods.documents.content import Reference
from modality.iods.images.ct import CT


def reported_identity(kind_name: str, acquisition: Any) -> Identity:
    """What the UIDs of the reported scan come from.

    Args:
        kind_name: the kind of the scan.
        acquisition: of the report.
    """
    return Identity(acquisition.seed, (kind_name, content_digest(acquisition.scan)))


def image(acquisition: Reported, index: int) -> Reference:
    """A slice of the scan.

    Args:
        acquisition: of the report.
        index: which slice, from 0.
    """
    identity = reported_identity(CT.name, acquisition)
    uids = identity.uid("study"), identity.uid("series")
    return Reference(*uids, CT.sop_class_uid, identity.uid("instance", index))


def images(acquisition: Reported) -> tuple[Reference, ...]:
    """All slices of the scan."""
    return tuple(image(acquisition, index) for index in range(len(acquisition.scan)))
