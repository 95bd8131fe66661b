"""What a report is about, by the UIDs that `modality generate` gives for that seed and options: mostly a CT series."""

from __future__ import annotations

from typing import Any

from modality.acquisition.digest import content_digest
from modality.acquisition.reported import Reported
from modality.identity import Identity
from modality.iods.documents.content import Reference
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.registry import KINDS

FIRST = 1
"""Number of the instance of a report that others are about: what its SOP Instance UID is drawn by."""


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
    identity = reported_identity(CT.name, acquisition)
    uids = identity.uid("study"), identity.uid("series")
    return tuple(
        Reference(*uids, CT.sop_class_uid, identity.uid("instance", index)) for index in range(len(acquisition.scan))
    )


def joined_study(kind: Kind, acquisition: Any) -> tuple[Kind, Identity]:
    """The kind of the series whose study a report joins, and what its UIDs come from.

    Args:
        kind: of the report, which may be about another report.
        acquisition: of the report.
    """
    about: Kind = KINDS.load(kind.reports or kind.name)
    while about.reports is not None:
        about, acquisition = KINDS.load(about.reports), acquisition.scan
    return about, reported_identity(about.name, acquisition)


def single(kind: Kind, acquisition: Any) -> Reference:
    """The one instance that a report is about.

    Args:
        kind: of that instance, itself a report.
        acquisition: of the report about it.
    """
    identity = reported_identity(kind.name, acquisition)
    study = joined_study(kind, acquisition.scan)[1].uid("study")
    return Reference(study, identity.uid("series"), kind.sop_class_uid, identity.uid("instance", FIRST))


def frame_of_reference_uid(acquisition: Reported) -> str:
    """The frame of reference of the scan."""
    return reported_identity(CT.name, acquisition).uid("frame of reference")
