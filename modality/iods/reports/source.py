"""What a report is about, mostly a series of slices, by the UIDs of the series that it was made about.

They are those that `modality generate` gives for that seed and options, unless it was made about another (`about`).
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, Literal

from pydicom.dataset import Dataset

from modality.acquisition.digest import content_digest
from modality.acquisition.reported import Origin, Reported
from modality.identity import Identity
from modality.iods.context import Context
from modality.iods.documents.content import Reference
from modality.iods.kind import Kind
from modality.iods.macros.reference import reference
from modality.registry import KINDS

FIRST = 1
"""Number of the instance of a report that others are about: what its SOP Instance UID is drawn by."""


def about(acquisition: Any, scan: Any, context: Context) -> Any:
    """A report about a series as it was made: its own scan, by its own UIDs.

    Args:
        acquisition: of the report.
        scan: the acquisition of the series.
        context: of the series.
    """
    series = context.series
    origin = Origin(context.study.uid, series.uid, series.frame_of_reference_uid, context.identity)
    return replace(acquisition, scan=scan, origin=origin)


def can_be_about(acquisition: Any) -> bool:
    """Whether a report can be made about a series as it was made; another project's may know its scan otherwise."""
    known = {one.name for one in fields(acquisition)} if is_dataclass(acquisition) else set()
    return {"scan", "origin"} <= known


def reported_identity(kind_name: str, acquisition: Any) -> Identity:
    """What the UIDs of the reported scan come from.

    Args:
        kind_name: the kind of the scan.
        acquisition: of the report.
    """
    origin = _origin(acquisition)
    return origin.identity if origin else Identity(acquisition.seed, (kind_name, content_digest(acquisition.scan)))


def _origin(acquisition: Any) -> Origin | None:
    found: Origin | None = getattr(acquisition, "origin", None)
    return found


def _series(acquisition: Reported) -> Origin:
    """The scan as it is kept."""
    if acquisition.origin:
        return acquisition.origin
    identity = reported_identity(acquisition.about, acquisition)
    return Origin(identity.uid("study"), identity.uid("series"), identity.uid("frame of reference"), identity)


def image(acquisition: Reported, index: int) -> Reference:
    """A picture of the scan: a slice, a frame, an image.

    Args:
        acquisition: of the report.
        index: which, from 0.
    """
    series = _series(acquisition)
    kind: Kind = KINDS.load(acquisition.about)
    place = acquisition.sight.place(index)
    return Reference(
        series.study_uid,
        series.series_uid,
        kind.sop_class(acquisition.scan),
        series.identity.uid("instance", place.instance),
        () if place.frame is None else (place.frame,),
    )


def item(to: Reference) -> Dataset:
    """A reference to a picture, with its frame where it is one of several (PS3.3 Table 10-3)."""
    found = reference(to.sop_class_uid, to.sop_instance_uid)
    if to.frames:
        found.ReferencedFrameNumber = [str(frame) for frame in to.frames]
    return found


def told(acquisition: Reported, index: int) -> dict[str, int]:
    """Which picture of the scan it is, for a report's truth: Instance Number, and the frame where there are several."""
    place = acquisition.sight.place(index)
    frame = {} if place.frame is None else {"frame_number": place.frame}
    return {"instance_number": place.number, **frame}


def said(acquisition: Reported, index: int) -> str:
    """The same in words: image 3, frame 3."""
    return f"{acquisition.sight.word} {index + 1}"


def images(acquisition: Reported) -> tuple[Reference, ...]:
    """All slices of the scan."""
    return tuple(image(acquisition, index) for index in range(len(acquisition.scan)))


def reported_sex(kind: Kind, acquisition: Any) -> Literal["", "F", "M"]:
    """The Patient's Sex of those whom a kind's instances are made of: that of what they are about; empty for any.

    Args:
        kind: any kind, of a report or none.
        acquisition: of its instances.
    """
    return kind.patient_sex if kind.reports is None else joined_study(kind, acquisition)[0].patient_sex


def joined_study(kind: Kind, acquisition: Any) -> tuple[Kind, Identity]:
    """The kind of the series whose study a report joins, and what its UIDs come from.

    Args:
        kind: of the report, which may be about another report.
        acquisition: of the report.
    """
    about = reported_kind(kind, acquisition)
    while about.reports is not None:
        acquisition = acquisition.scan
        about = reported_kind(about, acquisition)
    return about, reported_identity(about.name, acquisition)


def reported_kind(kind: Kind, acquisition: Any) -> Kind:
    """The kind of what a report is about.

    Args:
        kind: of the report; another's is its own.
        acquisition: of the report.
    """
    about = getattr(acquisition, "about", kind.reports) if kind.also_reports else kind.reports
    found: Kind = KINDS.load(about or kind.name)
    return found


def single(kind: Kind, acquisition: Any) -> Reference:
    """The one instance that a report is about.

    Args:
        kind: of that instance, itself a report.
        acquisition: of the report about it.
    """
    identity, origin = reported_identity(kind.name, acquisition), _origin(acquisition)
    if origin:
        uids = origin.study_uid, origin.series_uid
    else:
        uids = joined_study(kind, acquisition.scan)[1].uid("study"), identity.uid("series")
    return Reference(*uids, kind.sop_class_uid, identity.uid("instance", FIRST))


def frame_of_reference_uid(acquisition: Reported) -> str:
    """The frame of reference of the scan."""
    return _series(acquisition).frame_of_reference_uid
