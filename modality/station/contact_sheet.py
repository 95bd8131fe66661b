"""A contact sheet: the images of a series, small, windowed and in order, as one PNG."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from modality.errors import MissingExtraError
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom.dataset import Dataset

_MOST_KEPT = 256
_LARGEST_PICTURE = 16 << 20  # bytes: only levels of a slide have more, and need not be read to be told
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
_MULTI_FRAME = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1")  # Enhanced CT and MR Image Storage
_CINE = ("1.2.840.10008.5.1.4.1.1.12.1", "1.2.840.10008.5.1.4.1.1.12.2")  # X-Ray Angiographic, Radiofluoroscopic
_ULTRASOUND = ("1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1")  # Ultrasound Image, Multi-frame Image
_NUCLEAR = "1.2.840.10008.5.1.4.1.1.20"  # Nuclear Medicine Image Storage

_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"  # RT Dose Storage

# UIDs of waveforms, and of what is no picture: structured reports, key objects, documents, RT structure sets and plans
# (PS3.6 Table A-1).
_WAVEFORMS = "1.2.840.10008.5.1.4.1.1.9."
_DOCUMENTS = (
    "1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.104.", "1.2.840.10008.5.1.4.1.1.481.3",
    "1.2.840.10008.5.1.4.1.1.481.5",
)  # fmt: skip


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
        self._strips: list[Any] = []
        self._every = 1
        self._seen = 0

    @property
    def seen(self) -> int:
        """How many pictures it was given."""
        return self._seen

    def add(self, instance: PreparedInstance) -> None:
        """Take an image into account; of very long series every second, fourth, ... is kept."""
        if instance.sop_class_uid == _SLIDE:
            self._add_slide(instance)
        elif instance.sop_class_uid in _MULTI_FRAME:
            dataset = instance.dataset()
            pixels = dataset.pixel_array
            for index in range(int(dataset.NumberOfFrames)):
                self._take(partial(self._tile, _plain(dataset, index), pixels.reshape(-1, *pixels.shape[-2:])[index]))
        elif instance.sop_class_uid in (*_CINE, _NUCLEAR):
            dataset = transcode(instance, EXPLICIT_LITTLE).dataset()
            pixels = dataset.pixel_array
            for frame in pixels.reshape(-1, *pixels.shape[-2:]) if _mask(dataset) is None else _subtracted(dataset):
                self._take(partial(self._tile, _as_it_is(frame) if frame.dtype == np.uint8 else dataset, frame))
        elif instance.sop_class_uid == _DOSE:
            dataset = transcode(instance, EXPLICIT_LITTLE).dataset()
            pixels = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
            dataset.WindowCenter, dataset.WindowWidth = 0.5 * float(pixels.max()), max(1.0, float(pixels.max()))
            for frame in pixels:  # all on one scale: what is bright has much dose
                self._take(partial(self._tile, dataset, frame))
        elif instance.sop_class_uid in _ULTRASOUND:
            dataset = transcode(instance, EXPLICIT_LITTLE).dataset()
            for frame in _coloured(dataset):
                self._take(partial(self._scaled, self._image.fromarray(frame), (1.0, 1.0)))
        elif instance.sop_class_uid.startswith(_WAVEFORMS):
            from modality.station.strip import strip

            if len(self._strips) < self.tiles:
                self._strips.append(strip(instance.dataset()))
            self._seen += 1
        elif not instance.sop_class_uid.startswith(_DOCUMENTS):
            self._take(lambda: self._tile(instance.dataset()))

    def _add_slide(self, instance: PreparedInstance) -> None:
        """Of a slide what is a picture: its label, overview and thumbnail; the levels are tiles."""
        if instance.size > _LARGEST_PICTURE or str(instance.dataset().ImageType[2]) == "VOLUME":
            return
        dataset = transcode(instance, EXPLICIT_LITTLE).dataset()
        self._take(lambda: self._scaled(self._image.fromarray(dataset.pixel_array), (1.0, 1.0)))

    def _take(self, tile: Callable[[], Image]) -> None:
        if self._seen % self._every == 0:
            self._kept.append(tile())
            if len(self._kept) > max(_MOST_KEPT, 2 * self.tiles):
                self._kept, self._every = self._kept[::2], 2 * self._every
        self._seen += 1

    def _tile(self, dataset: Dataset, pixels: np.ndarray[Any, Any] | None = None) -> Image:
        if pixels is None and dataset.get("SamplesPerPixel") == 3:
            coloured: Image = self._image.fromarray(dataset.pixel_array)
            return self._scaled(coloured, (1.0, 1.0))
        grey: Image = self._image.fromarray(windowed(dataset, pixels))
        down, across = map(float, dataset.get("PixelSpacing") or (1, 1))
        return self._scaled(grey, (down, across))

    def _scaled(self, image: Image, spacing: tuple[float, float]) -> Image:
        """An image as a tile; pixels may be oblong, and the tile has the proportions of the field of view."""
        height_mm, width_mm = spacing[0] * image.height, spacing[1] * image.width
        scale = self.tile_px / max(height_mm, width_mm)
        size = (max(1, round(width_mm * scale)), max(1, round(height_mm * scale)))
        return image.resize(size, self._image.Resampling.LANCZOS)

    def image(self, columns: int = 6) -> Image:
        """The sheet: at most `tiles` images, evenly spread; waveforms below each other where there are no images."""
        if self._strips and not self._kept:
            return _below_each_other(self._strips)
        count = min(self.tiles, len(self._kept))
        picked = [self._kept[(2 * index + 1) * len(self._kept) // (2 * count)] for index in range(count)]
        columns = min(columns, max(count, 1))
        rows = max(1, -(-count // columns))
        step = self.tile_px + 4
        coloured = any(tile.mode == "RGB" for tile in picked)
        sheet: Image = self._image.new("L", (columns * step + 4, rows * step + 4), 24)
        sheet = sheet.convert("RGB") if coloured else sheet
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
    return png(_below_each_other([sheet.image() for sheet in sheets]))


def _below_each_other(images: list[Image]) -> Image:
    out: Image = _pillow().new("L", (max(one.width for one in images), sum(one.height for one in images)), 24)
    if any(one.mode == "RGB" for one in images):
        out = out.convert("RGB")
    top = 0
    for one in images:
        out.paste(one, (0, top))
        top += one.height
    return out


def png(image: Image) -> bytes:
    """An image as a PNG file's bytes."""
    out = BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _mask(dataset: Dataset) -> Dataset | None:
    """The item of a Mask module by which a run is meant to be seen subtracted, where one is."""
    items = dataset.get("MaskSubtractionSequence") or []
    wanted = dataset.get("RecommendedViewingMode") == "SUB" and items and items[0].MaskOperation == "AVG_SUB"
    return items[0] if wanted else None


def _subtracted(dataset: Dataset) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """The frames of a run less their mask (PS3.3 C.7.6.10.1), what the agent darkens dark on grey."""
    item = _mask(dataset)
    assert item is not None
    pixels = dataset.pixel_array.astype(np.float64)
    logarithms = np.log(np.maximum(pixels, 1.0))
    numbers = item.MaskFrameNumbers
    masks = [int(number) - 1 for number in ([numbers] if isinstance(numbers, int) else numbers)]
    differences = logarithms - logarithms[masks].mean(axis=0)
    seen = [one for index, one in enumerate(differences) if index not in masks]
    deepest = max(0.1, -float(np.percentile(np.stack(seen), 0.1)))
    return [(np.clip(0.8 + 0.8 * one / deepest, 0.0, 1.0) * 255.0).astype(np.uint8) for one in seen]


def _coloured(dataset: Dataset) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The frames of a picture of 8 bits, a palette's entries as the colours that they stand for (PS3.3 C.7.9)."""
    pixels = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        words = [
            np.frombuffer(dataset[f"{name}PaletteColorLookupTableData"].value, "<u2") >> 8
            for name in ("Red", "Green", "Blue")
        ]
        pixels = np.stack(words, axis=-1).astype(np.uint8)[pixels]
    several = int(dataset.get("NumberOfFrames") or 1) > 1
    return pixels if several else pixels[np.newaxis]


def _as_it_is(frame: np.ndarray[Any, Any]) -> Dataset:
    """How a picture of 8 bits is shown whose values are grey levels."""
    from pydicom.dataset import Dataset

    plain = Dataset()
    plain.PhotometricInterpretation = "MONOCHROME2"
    plain.WindowCenter, plain.WindowWidth = "128", "256"
    plain.Rows, plain.Columns = frame.shape
    return plain


def _plain(dataset: Dataset, index: int) -> Dataset:
    """What a frame's functional groups (PS3.3 C.7.6.16) say of how it is shown, as a single-frame image says it."""
    from pydicom.dataset import Dataset

    frame = Dataset()
    frame.PhotometricInterpretation = dataset.PhotometricInterpretation
    for groups in (dataset.SharedFunctionalGroupsSequence[0], dataset.PerFrameFunctionalGroupsSequence[index]):
        for name in ("PixelMeasuresSequence", "PixelValueTransformationSequence", "FrameVOILUTSequence"):
            if name in groups:
                frame.update(groups[name].value[0])
    return frame


def windowed(dataset: Dataset, pixels: np.ndarray[Any, Any] | None = None) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A monochrome image through its first window (PS3.3 C.11.2.1.2.1).

    Args:
        dataset: says how it is shown.
        pixels: stored values, shape (rows, columns); None takes those of the data set.
    """
    pixels = (dataset.pixel_array if pixels is None else pixels).astype(np.float64)
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
