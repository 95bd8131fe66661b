"""Frames of the archive as pictures for the page: scaled, windowed as asked, in JPEG or PNG."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image
from pydicom.dataset import Dataset

from modality.errors import InputError
from modality.protocol.matching import UNREADABLE
from modality.simulated.archive.index import Index, StoredInstance
from modality.simulated.dicomweb.frames import opened
from modality.simulated.dicomweb.pixels import StoredPixels
from modality.simulated.dicomweb.rendering import picture, shown_window

JPEG = "image/jpeg"
_THUMBNAIL, _LARGEST = 144, 1024  # pixels of the longer side; our choice
_MOST_FRAMES = 5000  # that the page scrolls through
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
_POSTERS = {"THUMBNAIL": 0, "OVERVIEW": 1, "LABEL": 2}  # what stands for a slide, best first
_TILED = "VOLUME"  # Image Type, third value: a level of a slide, whose frames are tiles (PS3.3 C.8.12.4.1.1)


def jpeg(stored: StoredInstance, frame: int, window: tuple[float, float] | None, side: int = _LARGEST) -> bytes:
    """A frame in its proportions, no side longer than `side` pixels.

    Args:
        stored: the instance.
        frame: its number, from 0.
        window: centre and width; None for its own.
        side: pixels of the longer side at most; smaller pictures are not enlarged.

    Raises:
        InputError: there are no pixels, or they are damaged.
        UnsupportedError: such pixels are not decoded here.
        MissingExtraError: the codec is not installed.
        LookupError: there is no such frame.
    """
    pixels = opened(stored)
    if not pixels.has_pixels:
        raise InputError("the instance has no pixel data")
    if not 0 <= frame < pixels.frames:
        raise LookupError(f"frame {frame} of {pixels.frames}")
    image = Image.fromarray(picture(pixels, frame, window and (*window, "linear")))
    down, across = _proportions(pixels.header)
    height, width = image.height * down, image.width * across
    scale = min(side / max(height, width), 1 / min(down, across))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    out = BytesIO()
    (image if size == image.size else image.resize(size, Image.Resampling.BILINEAR)).save(out, "JPEG", quality=90)
    return out.getvalue()


def _proportions(header: Dataset) -> tuple[float, float]:
    """Height and width of a pixel against each other; alike where nothing sensible is said."""
    try:
        down, across = map(float, header.get("PixelSpacing") or header.get("PixelAspectRatio") or (1, 1))
    except UNREADABLE:
        return 1.0, 1.0
    return (down, across) if min(down, across) > 0 and 0.1 < down / across < 10 else (1.0, 1.0)


def thumbnail(instances: Sequence[StoredInstance]) -> bytes:
    """A small picture that stands for a series: its middle image, or the overview of a slide.

    Raises:
        InputError: none of its instances has pixels, or they are damaged.
        UnsupportedError: such pixels are not decoded here.
    """
    middle = len(instances) // 2
    around = [*instances[middle:], *instances[:middle]]
    if instances and instances[0].sop_class_uid == _SLIDE:
        around.sort(key=lambda one: _POSTERS.get(_flavour(opened(one)), len(_POSTERS)))
    for one in around:
        pixels = opened(one)
        if pixels.has_pixels:
            return jpeg(one, pixels.frames // 2, None, _THUMBNAIL)
    raise InputError("the series has no pixels")


def _flavour(pixels: StoredPixels) -> str:
    """The third value of Image Type; empty when it has none."""
    kind = pixels.header.get("ImageType")
    return str(kind[2]) if kind and not isinstance(kind, str) and len(kind) > 2 else ""


def scrolled(index: Index, study: str, series: str) -> dict[str, Any]:
    """What the page scrolls through: instance and frame of each image of a series, and how they are shown.

    Of a slide that is its label, overview and thumbnail, where it has them; its levels are tiles.

    Raises:
        LookupError: the archive has no such series.
    """
    within = {"StudyInstanceUID": [study], "SeriesInstanceUID": [series]}
    numbered = {str(one.SOPInstanceUID): _number(one) for one in index.entities("IMAGE", within)}
    stored = sorted(index.instances(within), key=lambda one: numbered.get(one.sop_instance_uid, 0))
    if not stored:
        raise LookupError(series)
    if stored[0].sop_class_uid == _SLIDE:
        stored = [one for one in stored if _flavour(opened(one)) != _TILED] or stored
    images: list[tuple[str, int]] = []
    for one in stored:
        pixels = opened(one)
        if pixels.has_pixels:
            images += [(one.sop_instance_uid, frame) for frame in range(min(pixels.frames, _MOST_FRAMES))]
        if len(images) >= _MOST_FRAMES:
            break
    window = None
    if images:
        first = next(one for one in stored if one.sop_instance_uid == images[len(images) // 2][0])
        window = shown_window(opened(first), images[len(images) // 2][1])
    return {"images": images[:_MOST_FRAMES], "window": window}


def _number(one: Dataset) -> int:
    try:
        return int(one.get("InstanceNumber") or 0)
    except UNREADABLE:
        return 0
