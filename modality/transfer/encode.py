"""A pydicom data set to a prepared instance, and one transfer syntax to another."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from modality.errors import InputError, UnsupportedError
from modality.transfer.deflation import deflated_tail
from modality.transfer.derived import derive_lossy
from modality.transfer.elements import Buffer
from modality.transfer.instance import PreparedInstance
from modality.transfer.pixels import PixelElement, encapsulated, encapsulated_frames, native, packed
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, TransferSyntax

_PIXEL_DATA = 0x7FE00010
# What pydicom and codecs raise for values that make no sense.
_NONSENSE = (
    ValueError,
    TypeError,
    RuntimeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    OSError,
    EOFError,
    struct.error,
)
_LARGEST_NATIVE = 0xFFFFFFFE  # a length is even, and of 32 bits (PS3.5 7.1)
# Value representations whose words take the byte order of the syntax (PS3.5 6.2, 7.3). Samples of 32 bits in OW stand
# in two words, the lower one first in either byte order (PS3.5 8.1.1, annex D): only the bytes of each word turn.
_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


def prepare(
    dataset: Dataset,
    syntax: TransferSyntax = EXPLICIT_LITTLE,
    *,
    quality: float | None = None,
    source: str = "",
) -> PreparedInstance:
    """Encode a data set once.

    Args:
        dataset: its Pixel Data native and little endian, if it has any.
        syntax: what to encode into.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        source: where the data set came from, for messages.

    Raises:
        UnsupportedError: the syntax cannot carry these pixels.
        UsageError: the quality is outside the codec's scale, or there is nothing to choose.
        MissingExtraError: the codec is not installed.
    """
    syntax.check_quality(quality)
    if _PIXEL_DATA in dataset:
        data = bytes(dataset.PixelData or b"")  # pydicom gives None for one of no length
        if syntax.encoding:
            pixels = encapsulated(dataset, data, syntax.encoding, quality)
        else:
            pixels = PixelElement(pixel_element(data, _bytes_per_sample(dataset), syntax))
    elif syntax.encapsulated:
        raise UnsupportedError(f"{syntax.keyword} is for pixel data, and {source or 'this instance'} has none")
    else:
        pixels = PixelElement([])
    return _assembled(dataset, syntax, pixels, source)


def prepare_frames(
    dataset: Dataset,
    frames: Iterable[npt.NDArray[np.generic]],
    syntax: TransferSyntax = EXPLICIT_LITTLE,
    *,
    quality: float | None = None,
) -> PreparedInstance:
    """Encode a multi-frame image whose frames are made one after the other.

    Natively the frames are kept as they come, without a copy in one piece; encapsulated, only their codes are.

    Args:
        dataset: all but the Pixel Data.
        frames: as many as Number of Frames says, or one; each of shape (rows, columns), or (rows, columns, 3).
        syntax: what to encode into.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.

    Raises:
        UnsupportedError: the syntax cannot carry these pixels.
        UsageError: the quality is outside the codec's scale, or there is nothing to choose.
        MissingExtraError: the codec is not installed.
    """
    syntax.check_quality(quality)
    if syntax.encoding:
        return _assembled(dataset, syntax, encapsulated_frames(dataset, frames, syntax.encoding, quality), "")
    width, count = _bytes_per_sample(dataset), int(dataset.get("NumberOfFrames") or 1)
    length = count * int(dataset.Rows) * int(dataset.Columns) * int(dataset.SamplesPerPixel) * width
    if length >= _LARGEST_NATIVE:
        raise UnsupportedError(
            f"{syntax.keyword} holds less than 4 GiB of pixels in one instance, and {count} frames are {length} bytes:"
            " take fewer slices, or an encapsulated syntax"
        )
    parts: list[Buffer] = [_samples(frame, syntax) for frame in frames]
    if length % 2:
        parts.append(b"\0")
    header = pixel_header(length + length % 2, width, syntax)
    return _assembled(dataset, syntax, PixelElement([header, *parts]), "")


def _samples(frame: npt.NDArray[np.generic], syntax: TransferSyntax) -> Buffer:
    plain = np.ascontiguousarray(frame, dtype=frame.dtype.newbyteorder("<")).reshape(-1)
    if not syntax.little_endian and plain.itemsize > 1:
        plain = plain.view("<u2").byteswap()
    return plain.view(np.uint8).data


def _assembled(dataset: Dataset, syntax: TransferSyntax, pixels: PixelElement, source: str) -> PreparedInstance:
    head, after = around_pixels(dataset, syntax, pixels)
    tail = [*pixels.parts, *after]
    if syntax.deflated:
        tail = [deflated_tail(tail)]
    return PreparedInstance(syntax.uid, head, tail, source)


def around_pixels(dataset: Dataset, syntax: TransferSyntax, pixels: PixelElement) -> tuple[bytes, list[Buffer]]:
    """What of a data set stands before its Pixel Data, encoded, and what stands behind."""
    before, after = Dataset(), Dataset()
    for element in dataset:
        if element.tag.group > 0x0002 and element.tag != _PIXEL_DATA:
            (before if element.tag < _PIXEL_DATA or not pixels.parts else after)[element.tag] = element
    _change(before, pixels.changes)
    return _write(before, syntax), [_write(after, syntax)] if len(after) else []


def transcode(instance: PreparedInstance, syntax: TransferSyntax, *, quality: float | None = None) -> PreparedInstance:
    """The same instance in another transfer syntax; in a lossy one, a new instance that names its source.

    Args:
        instance: what is transcoded.
        syntax: what to encode into.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.

    Raises:
        UnsupportedError: the instance's own syntax cannot be decoded here, or the new one cannot carry it.
        UsageError: the quality is outside the codec's scale.
        MissingExtraError: a codec is not installed.
        InputError: the pixel data is damaged.
    """
    if instance.transfer_syntax_uid == syntax.uid:
        return instance
    current = BY_UID.get(instance.transfer_syntax_uid)
    name = instance.source or instance.sop_instance_uid
    if current is None:
        known = UID(instance.transfer_syntax_uid)
        raise UnsupportedError(f"{name}: {known.keyword or known} cannot be decoded here")
    try:
        dataset = instance.dataset()
        if syntax.encoding and current.uid in syntax.encoding.packs and _PIXEL_DATA in dataset:
            return _assembled(dataset, syntax, packed(dataset, syntax.encoding, current.uid), instance.source)
        if current.encoding and _PIXEL_DATA in dataset:
            _change(dataset, native(dataset, current.encoding))
        elif not current.little_endian:
            _swap_words(dataset)
        if not syntax.lossless:
            derive_lossy(dataset, syntax, quality)
        return prepare(dataset, syntax, quality=quality, source=instance.source)
    except _NONSENSE as error:
        raise InputError(f"{name}: cannot be decoded: {error}") from error


def _change(dataset: Dataset, changes: Mapping[str, Any]) -> None:
    for keyword, value in changes.items():
        if keyword in dataset:
            delattr(dataset, keyword)  # a new element: the old one may be the caller's, or of another representation
        if value is not None:
            setattr(dataset, keyword, value)


def _write(dataset: Dataset, syntax: TransferSyntax) -> bytes:
    if not syntax.little_endian:
        dataset = deepcopy(dataset)  # the words of the caller's sequences stay as they are
        _swap_words(dataset)
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = syntax.little_endian, not syntax.explicit
    write_dataset(out, dataset)
    return out.getvalue()


def _swap_words(dataset: Dataset) -> None:
    """Turn the words of every binary element, sequences included, to the other byte order (PS3.5 7.3)."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _swap_words(item)
        elif element.VR in _WORDS and element.value:
            swapped = np.frombuffer(element.value, f"<u{_WORDS[element.VR]}").byteswap().tobytes()
            dataset.add_new(element.tag, element.VR, swapped)


def _bytes_per_sample(dataset: Dataset) -> int:
    return (int(dataset.get("BitsAllocated", 16)) + 7) // 8


def pixel_element(data: Buffer, width: int, syntax: TransferSyntax) -> list[Buffer]:
    """The Pixel Data element, encoded: header and value (PS3.5 section 8 and A.1 to A.4).

    Args:
        data: native samples, little endian; not copied where they can go as they are.
        width: bytes of a sample.
        syntax: a native one.
    """
    if len(data) % 2:
        data = bytes(data) + b"\0"
    if not syntax.little_endian and width > 1:
        data = np.frombuffer(data, "<u2").byteswap().tobytes()
    return [pixel_header(len(data), width, syntax), data]


def pixel_header(length: int, width: int, syntax: TransferSyntax) -> bytes:
    """The header of a Pixel Data element of a native syntax.

    Args:
        length: bytes of the value, even.
        width: bytes of a sample.
        syntax: a native one.
    """
    order = "<" if syntax.little_endian else ">"
    group, element = _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF
    if not syntax.explicit:
        return struct.pack(order + "HHI", group, element, length)
    vr = b"OW" if width > 1 else b"OB"
    return struct.pack(order + "HH2sHI", group, element, vr, 0, length)
