"""Pixels of a picture's file: a JPEG stream as it is, or decoded pages."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.errors import InputError, MissingExtraError
from modality.iods.photographs.capture import Picture
from modality.iods.photographs.jpeg import SOI, JpegStream, parse

MOST_BYTES = 1 << 29
"""Decoded pages of one file at most: our choice, since they stand in memory."""
_MOST_SIDE = 65535  # of Rows and Columns, VR US
_FORMATS = ("JPEG", "PNG", "TIFF")

_SILENT = logging.NullHandler()

Page = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """What is seen.

    Args:
        pages: decoded, of shape (rows, columns) or (rows, columns, 3), all alike; none where the stream goes as it is.
        stream: a JPEG baseline stream that goes as it is.
        markers: what the stream's markers say; of a decoded JPEG too.
        ratio: how far the file was compressed with loss; None where it was not.
    """

    pages: tuple[Page, ...]
    stream: bytes | None
    markers: JpegStream | None
    ratio: float | None

    @property
    def rows(self) -> int:
        """Rows."""
        return self.markers.rows if self.stream is not None and self.markers else int(self.pages[0].shape[0])

    @property
    def columns(self) -> int:
        """Columns."""
        return self.markers.columns if self.stream is not None and self.markers else int(self.pages[0].shape[1])

    @property
    def samples(self) -> int:
        """Samples per pixel."""
        if self.stream is not None and self.markers:
            return self.markers.components
        return 1 if self.pages[0].ndim == 2 else 3

    @property
    def bits(self) -> int:
        """Bits of a sample."""
        return 8 if self.stream is not None else 8 * self.pages[0].dtype.itemsize


def read_pixels(picture: Picture) -> Pixels:
    """The pixels of a file.

    A baseline JPEG that stands upright goes as it is. Any other one, PNG and TIFF are decoded, turned upright where
    Exif says how, and brought to grey of 8 or 16 bits or RGB of 8; what is transparent is laid on white.

    Raises:
        InputError: it is no JPEG, PNG or TIFF, it is damaged or too large, or its pages differ.
        MissingExtraError: Pillow is not installed, and the file has to be decoded.
    """
    markers = None
    if picture.data.startswith(SOI):
        markers = parse(picture.data)
        if markers is None:
            raise InputError(f"{picture.source}: the JPEG is damaged or breaks off; was it copied as a whole?")
        if _goes_as_it_is(markers):
            stream = picture.data[: markers.length]
            size = markers.rows * markers.columns * markers.components
            return Pixels((), stream, markers, size / len(stream))
    pages, lossy = _decoded(picture)
    ratio = sum(page.nbytes for page in pages) / len(picture.data) if lossy else None
    return Pixels(pages, None, markers, ratio)


def _goes_as_it_is(markers: JpegStream) -> bool:
    return (
        markers.baseline
        and markers.components in (1, 3)
        and markers.orientation == 1
        and markers.rows > 0
        and markers.columns > 0
    )


def _decoded(picture: Picture) -> tuple[tuple[Page, ...], bool]:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("a PNG, a TIFF or a JPEG that is not baseline", "edge") from error
    logging.getLogger("PIL").addHandler(_SILENT)  # what it says of damaged files is in the error, too
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags that do not matter here; the size is checked below
            with Image.open(io.BytesIO(picture.data), formats=_FORMATS) as image:
                return _pages(image, picture.source), image.format in ("JPEG", "MPO") or _lossy_tiff(image)
    except InputError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        if "cannot identify" in reason:
            reason = "it is none"
        raise InputError(f"{picture.source}: cannot be read as JPEG, PNG or TIFF: {reason}") from error


def _lossy_tiff(image: Any) -> bool:
    return image.format == "TIFF" and "jpeg" in str(image.info.get("compression", ""))


def _pages(image: Any, source: str) -> tuple[Page, ...]:
    count = 1 if image.format == "MPO" else getattr(image, "n_frames", 1)
    columns, rows = image.size
    if not 0 < rows <= _MOST_SIDE or not 0 < columns <= _MOST_SIDE:
        raise InputError(f"{source}: {rows} x {columns} pixels do not fit in an image: {_MOST_SIDE} a side at most")
    if rows * columns * 3 * count > MOST_BYTES:
        raise InputError(f"{source}: {count} pages of {rows} x {columns} are more than {MOST_BYTES >> 20} MB of pixels")
    pages = []
    for index in range(count):
        if index:
            image.seek(index)
            if image.size != (columns, rows):
                raise InputError(f"{source}: page {index + 1} is of another size than the first")
        pages.append(_page(image, source))
    if len({(page.shape, page.dtype) for page in pages}) > 1:
        raise InputError(f"{source}: some pages are of colour or depth other than the first's")
    return tuple(pages)


def _page(image: Any, source: str) -> Page:
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(image)
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N", "I"):
        values = np.asarray(image)
        if values.min() < 0 or values.max() > 65535:
            raise InputError(f"{source}: its grey values are no unsigned numbers of 16 bits")
        return values.astype(np.uint16)
    if image.mode == "F":
        raise InputError(f"{source}: its values are floating-point numbers, which no photograph holds")
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"))
    if "A" in image.getbands() or "transparency" in image.info:
        above = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
    return np.asarray(image.convert("RGB"))
