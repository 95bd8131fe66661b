"""Dropped files that are documents, pictures and videos already."""

from __future__ import annotations

from modality.edge.describing.content import Captured, Content, Part
from modality.iods.documents.content import Pdf


def _name(captured: Captured) -> str:
    return str(captured.item.details.get("file") or captured.device.name)


def pdf(captured: Captured) -> list[Content]:
    """A PDF, whose bytes stay as they are."""
    from modality.iods.documents import encapsulated_pdf

    document = Pdf(captured.data, captured.started, source=_name(captured))
    return [Content(parts=(Part(encapsulated_pdf.MODALITY, encapsulated_pdf.describe, document),))]


def photo(captured: Captured) -> list[Content]:
    """A picture of a patient, taken by a camera."""
    from modality.iods.photographs import vl_photograph
    from modality.iods.photographs.capture import Picture

    picture = Picture(captured.data, captured.started, source=_name(captured))
    return [Content(parts=(Part(vl_photograph.MODALITY, vl_photograph.describe, picture),))]


def secondary(captured: Captured) -> list[Content]:
    """A picture of a screen, a sheet, or whatever is none of a patient."""
    from modality.iods.photographs import secondary_capture
    from modality.iods.photographs.capture import Picture

    picture = Picture(captured.data, captured.started, source=_name(captured))
    return [Content(parts=(Part(secondary_capture.MODALITY, secondary_capture.describe, picture),))]


def video(captured: Captured) -> list[Content]:
    """A video, whose bytes stay as they are."""
    from modality.iods.photographs import video as video_iod
    from modality.iods.photographs.capture import Video

    made = Video(captured.data, captured.started, source=_name(captured))
    return [Content(parts=(Part(video_iod.MODALITY, video_iod.describe, made),))]
