"""A contact sheet: the images of a series, small, windowed and in order, as one PNG."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from modality.errors import MissingExtraError
from modality.transfer.instance import PreparedInstance

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom.dataset import Dataset

_MOST_KEPT = 256


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("a contact sheet", "web") from error
    return Image


class ContactSheet:
    """Collects images as they pass, and draws them.

    Args:
        title: stands in front of the sheet's rows in a report; kept with the sheet.
        tiles: how many images the sheet shows, evenly spread over those added.
        tile_px: longer side of each.

    Raises:
        MissingExtraError: Pillow is not installed.
    """

    def __init__(self, title: str = "", *, tiles: int = 12, tile_px: int = 192) -> None:
        self._image = _pillow()
        self.title, self.tiles, self.tile_px = title, tiles, tile_px
        self._kept: list[Any] = []
        self._every = 1
        self._seen = 0

    def add(self, instance: PreparedInstance) -> None:
        """Take an image into account; of very long series every second, fourth, ... is kept."""
        if self._seen % self._every == 0:
            self._kept.append(self._tile(instance.dataset()))
            if len(self._kept) > max(_MOST_KEPT, 2 * self.tiles):
                self._kept, self._every = self._kept[::2], 2 * self._every
        self._seen += 1

    def _tile(self, dataset: Dataset) -> Image:
        grey: Image = self._image.fromarray(windowed(dataset))
        # Pixels may be oblong: the tile has the proportions of the field of view.
        height_mm, width_mm = (
            float(spacing) * size
            for spacing, size in zip(dataset.get("PixelSpacing") or (1, 1), grey.size[::-1], strict=True)
        )
        scale = self.tile_px / max(height_mm, width_mm)
        size = (max(1, round(width_mm * scale)), max(1, round(height_mm * scale)))
        return grey.resize(size, self._image.Resampling.LANCZOS)

    def image(self, columns: int = 6) -> Image:
        """The sheet: at most `tiles` images, evenly spread."""
        count = min(self.tiles, len(self._kept))
        picked = [self._kept[(2 * index + 1) * len(self._kept) // (2 * count)] for index in range(count)]
        columns = min(columns, max(count, 1))
        rows = max(1, -(-count // columns))
        step = self.tile_px + 4
        sheet: Image = self._image.new("L", (columns * step + 4, rows * step + 4), 24)
        for index, tile in enumerate(picked):
            left = 4 + index % columns * step + (self.tile_px - tile.width) // 2
            top = 4 + index // columns * step + (self.tile_px - tile.height) // 2
            sheet.paste(tile, (left, top))
        return sheet

    def png(self) -> bytes:
        """The sheet as a PNG file's bytes."""
        return png(self.image())


def stacked(sheets: list[ContactSheet]) -> bytes:
    """Several sheets below each other, as a PNG file's bytes."""
    images = [sheet.image() for sheet in sheets]
    out: Image = _pillow().new("L", (max(one.width for one in images), sum(one.height for one in images)), 24)
    top = 0
    for one in images:
        out.paste(one, (0, top))
        top += one.height
    return png(out)


def png(image: Image) -> bytes:
    """An image as a PNG file's bytes."""
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def windowed(dataset: Dataset) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The pixels of a monochrome image through its first window (PS3.3 C.11.2.1.2.1), shape (rows, columns)."""
    pixels = dataset.pixel_array.astype(np.float64)
    values = pixels * float(dataset.get("RescaleSlope") or 1) + float(dataset.get("RescaleIntercept") or 0)
    centre, width = (_first(dataset.get(keyword)) for keyword in ("WindowCenter", "WindowWidth"))
    if centre is None or width is None or width < 1:
        low, high = float(values.min()), float(values.max())
    else:
        low, high = centre - 0.5 - (width - 1) / 2, centre - 0.5 + (width - 1) / 2
    scaled = np.clip((values - low) / max(high - low, 1e-6), 0, 1) * 255
    if dataset.get("PhotometricInterpretation") == "MONOCHROME1":
        scaled = 255 - scaled
    return (scaled + 0.5).astype(np.uint8)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return float(value[0]) if hasattr(value, "__len__") and not isinstance(value, str) else float(value)
