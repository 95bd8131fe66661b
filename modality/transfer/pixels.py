"""Pixel data between its native form and the fragments of an encapsulated syntax, with the attributes that follow it.

The codecs see one frame at a time, colour by pixel; here is what stands around them: frames cut from the native bytes,
encapsulation (PS3.5 A.4), and what the data set has to say afterwards (PS3.3 C.7.6.3, C.7.6.1.1.5; PS3.5 8.2).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, encapsulate_extended, generate_frames

from modality.errors import InputError, UnsupportedError
from modality.transfer.codecs.encoding import Description, Encoding
from modality.transfer.codecs.pixels import Frame, PixelFormat
from modality.transfer.elements import Buffer

_LARGEST_NATIVE = (1 << 32) - 1  # FFFFFFFFH is no length (PS3.5 7.1.1)
_LARGEST_BASIC_OFFSET = 1 << 32  # the Basic Offset Table holds 32 bits (PS3.5 A.4)
# Visible light and ophthalmic images have Planar Configuration 0 (PS3.3 C.8.12.1, C.8.17.2), and RLE may say so too
# (PS3.5 Table 8.2.2-1).
_VISIBLE_LIGHT = "1.2.840.10008.5.1.4.1.1.77.1."
# What counts in stored values, and rises with them (PS3.3 C.7.6.3, C.7.5.1.1.2); and what maps them by a table of its
# own, which would have to follow (PS3.3 C.7.6.16.2.11, C.7.6.19).
_STORED_VALUES = ("SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue", "PixelPaddingRangeLimit")
_LARGEST_STORED = 0xFFFF
_MAPPINGS = ("RealWorldValueMappingSequence", "RedPaletteColorLookupTableDescriptor")
_DESCRIBED = (
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PhotometricInterpretation",
)
_FRAGMENTS_HEADER = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_NO_TABLES = {"ExtendedOffsetTable": None, "ExtendedOffsetTableLengths": None}
_SEQUENCE_DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Pixel data, encoded.

    Args:
        parts: the Pixel Data element, whole; nothing where there is none.
        changes: attributes that follow from the encoding, by keyword; None takes one away.
    """

    parts: list[Buffer]
    changes: dict[str, Any] = field(default_factory=dict)


def pixel_format(dataset: Dataset) -> PixelFormat:
    """What the Image Pixel attributes say.

    Raises:
        InputError: one is missing, or no number.
    """
    missing = [keyword for keyword in _DESCRIBED if dataset.get(keyword) in (None, "")]
    if missing:
        raise InputError(f"no {', '.join(missing)}: the pixels cannot be read")
    try:
        return PixelFormat(
            rows=int(dataset.Rows),
            columns=int(dataset.Columns),
            samples=int(dataset.SamplesPerPixel),
            bits_allocated=int(dataset.BitsAllocated),
            bits_stored=int(dataset.BitsStored),
            signed=bool(int(dataset.PixelRepresentation)),
            photometric=str(dataset.PhotometricInterpretation),
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"the pixel attributes cannot be read: {error}") from error


def encapsulated(dataset: Dataset, data: bytes, encoding: Encoding, quality: float | None = None) -> PixelElement:
    """Native pixel data, encoded.

    Args:
        dataset: says what the pixels are.
        data: Pixel Data, native and little endian.
        encoding: the syntax's row of the table of codecs.
        quality: on the codec's own scale; None takes its default.

    Raises:
        UnsupportedError: the syntax cannot carry these pixels, with the reason.
        UsageError: the quality is outside the codec's scale.
        MissingExtraError: the codec is not installed.
        InputError: the pixel data is shorter than its attributes say.
    """
    pixels = pixel_format(dataset)
    return encapsulated_frames(dataset, _native_frames(dataset, data, pixels), encoding, quality)


def encapsulated_frames(
    dataset: Dataset, frames: Iterable[Frame], encoding: Encoding, quality: float | None = None
) -> PixelElement:
    """Frames, each encoded as it comes, so that they never stand in memory together unencoded.

    Args:
        dataset: says what the pixels are.
        frames: values of the shape and type that its attributes say.
        encoding: the syntax's row of the table of codecs.
        quality: on the codec's own scale; None takes its default.

    Raises:
        UnsupportedError: the syntax cannot carry these pixels, with the reason.
        UsageError: the quality is outside the codec's scale.
        MissingExtraError: the codec is not installed.
        InputError: there are fewer values than the attributes say.
    """
    pixels = pixel_format(dataset)
    high_bit = int(dataset.get("HighBit") or pixels.bits_stored - 1)
    if high_bit != pixels.bits_stored - 1:
        raise UnsupportedError(
            f"{encoding.keyword} wants values in the low bits (PS3.5 8.1.1), and these have High Bit {high_bit} with"
            f" {pixels.bits_stored} bits stored"
        )
    description = encoding.described(pixels, quality)
    changes = _described(dataset, description)
    coded = [encoding.encode(frame, pixels, quality) for frame in frames]
    if description.lossy_method:
        changes |= _lossy(dataset, description.lossy_method, pixels.length * len(coded) / sum(map(len, coded)))
    return _enclosed(coded, changes)


def packed(dataset: Dataset, encoding: Encoding, transfer_syntax_uid: str) -> PixelElement:
    """Encapsulated pixel data of a syntax that `encoding` packs, frame by frame and without decoding.

    Raises:
        InputError: the fragments are damaged, or hold no such stream.
        UnsupportedError: they are of a process that cannot be packed.
        MissingExtraError: the codec is not installed.
    """
    return _enclosed([encoding.pack(frame, transfer_syntax_uid) for frame in _coded_frames(dataset)], dict(_NO_TABLES))


def _enclosed(frames: list[bytes], changes: dict[str, Any]) -> PixelElement:
    size = sum(map(len, frames))
    if size + 8 * len(frames) < _LARGEST_BASIC_OFFSET:
        return PixelElement([_FRAGMENTS_HEADER, encapsulate(frames), _SEQUENCE_DELIMITER], changes)
    body, offsets, lengths = encapsulate_extended(frames)
    changes |= {"ExtendedOffsetTable": offsets, "ExtendedOffsetTableLengths": lengths}
    return PixelElement([_FRAGMENTS_HEADER, body, _SEQUENCE_DELIMITER], changes)


def native(dataset: Dataset, encoding: Encoding) -> dict[str, Any]:
    """Encapsulated pixel data, decoded: the attributes that change, Pixel Data among them.

    Raises:
        InputError: the fragments are damaged, or fewer than there are frames.
        UnsupportedError: no codec here for such pixels.
        MissingExtraError: the codec is not installed.
    """
    coded = pixel_format(dataset)
    decoded = encoding.decoded(coded)
    count = _frame_count(dataset)
    if decoded.length * count >= _LARGEST_NATIVE:
        raise UnsupportedError(f"{count} frames of {decoded.length} bytes are more than native pixel data can hold")
    frames = (encoding.decode(frame, coded) for frame in _coded_frames(dataset))
    data = b"".join(frame.astype(decoded.dtype, copy=False).tobytes() for frame in frames)
    if len(data) != decoded.length * count:
        raise InputError(f"{len(data)} bytes of pixels where {decoded.length * count} are due")
    changes: dict[str, Any] = {"PixelData": data, "PhotometricInterpretation": decoded.photometric}
    if decoded.samples > 1:
        changes["PlanarConfiguration"] = 0
    return changes | _NO_TABLES


def _frame_count(dataset: Dataset) -> int:
    return int(dataset.get("NumberOfFrames") or 1)


def _coded_frames(dataset: Dataset) -> Iterator[bytes]:
    """Each frame's fragments, joined."""
    tables = (dataset.get("ExtendedOffsetTable"), dataset.get("ExtendedOffsetTableLengths"))
    extended = (tables[0], tables[1]) if tables[0] and tables[1] else None
    return generate_frames(dataset.PixelData, number_of_frames=_frame_count(dataset), extended_offsets=extended)


def _native_frames(dataset: Dataset, data: bytes, pixels: PixelFormat) -> Iterator[Frame]:
    count = _frame_count(dataset)
    if len(data) < pixels.length * count:
        raise InputError(f"{len(data)} bytes of pixels where {pixels.length * count} are due")
    if len(data) >= pixels.length * (count + 1):  # anything shorter pads
        due = pixels.length * count
        raise InputError(f"{len(data)} bytes of pixels where {due} are due: more frames than Number of Frames says")
    values = np.frombuffer(data, pixels.dtype, count * pixels.length // pixels.dtype.itemsize)
    overlays = any(dataset.get((group, 0x0102)) and dataset[group, 0x0102].value for group in range(0x6000, 0x601F, 2))
    for frame in values.reshape(count, -1):
        if pixels.samples > 1 and dataset.get("PlanarConfiguration"):
            yield np.ascontiguousarray(frame.reshape(pixels.samples, -1).T).reshape(pixels.shape)
        else:
            whole = frame.reshape(pixels.shape)
            yield whole if overlays else pixels.cleaned(whole)


def _described(dataset: Dataset, description: Description) -> dict[str, Any]:
    """Image Pixel attributes as the codec wants them said."""
    pixels = description.pixels
    changes: dict[str, Any] = {
        "PhotometricInterpretation": pixels.photometric,
        "BitsStored": pixels.bits_stored,
        "HighBit": pixels.bits_stored - 1,
        "PixelRepresentation": int(pixels.signed),
    }
    if description.planar_configuration is not None:
        by_pixel = str(dataset.get("SOPClassUID") or "").startswith(_VISIBLE_LIGHT)
        changes["PlanarConfiguration"] = 0 if by_pixel else description.planar_configuration
    if not description.offset:
        return changes
    if "RescaleIntercept" not in dataset or "ModalityLUTSequence" in dataset:
        raise UnsupportedError("signed pixels without Rescale Intercept cannot be made unsigned for a lossy syntax")
    for keyword in _MAPPINGS:
        if keyword in dataset:
            raise UnsupportedError(f"signed pixels with {keyword} cannot be made unsigned for a lossy syntax")
    slope = float(dataset.get("RescaleSlope") or 1)
    changes["RescaleIntercept"] = f"{float(dataset.RescaleIntercept) - description.offset * slope:.10g}"
    for keyword in _STORED_VALUES:
        if dataset.get(keyword) is not None:
            changes[keyword] = value = int(dataset[keyword].value) + description.offset
            if not 0 <= value <= _LARGEST_STORED:
                raise UnsupportedError(f"{keyword} {value - description.offset} has no place among unsigned pixels")
    return changes


def _lossy(dataset: Dataset, method: str, ratio: float) -> dict[str, Any]:
    """What was lost, in the order of the losses (PS3.3 C.7.6.1.1.5)."""
    before = [
        [str(one) for one in ([value] if isinstance(value, str) or not hasattr(value, "__iter__") else value)]
        for value in (dataset.get("LossyImageCompressionRatio") or [], dataset.get("LossyImageCompressionMethod") or [])
    ]
    return {
        "LossyImageCompression": "01",
        "LossyImageCompressionRatio": [*before[0], f"{ratio:.4g}"],
        "LossyImageCompressionMethod": [*before[1], method],
    }
