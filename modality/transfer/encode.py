"""A pydicom data set to a prepared instance, and one transfer syntax to another."""

from __future__ import annotations

import struct
from copy import deepcopy
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.pixels.encoders.base import RLELosslessEncoder

from modality.errors import InputError, UnsupportedError
from modality.transfer.elements import Buffer
from modality.transfer.instance import PreparedInstance, deflated_tail
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, TransferSyntax, syntax_name

_PIXEL_DATA = 0x7FE00010
# Value representations whose words take the byte order of the syntax (PS3.5 6.2, 7.3).
_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


def prepare(dataset: Dataset, syntax: TransferSyntax = EXPLICIT_LITTLE, *, source: str = "") -> PreparedInstance:
    """Encode a data set once.

    Args:
        dataset: its Pixel Data native and little endian, if it has any.
        syntax: what to encode into.
        source: where the data set came from, for messages.

    Raises:
        UnsupportedError: the syntax cannot carry these pixels.
    """
    has_pixels = _PIXEL_DATA in dataset
    pixel_parts: list[Buffer] = []
    extra: dict[str, object] = {}
    if has_pixels:
        pixel_parts = _pixel_element(dataset, bytes(dataset.PixelData), syntax)
        if syntax.codec == "rle" and int(dataset.get("SamplesPerPixel", 1)) > 1:
            extra["PlanarConfiguration"] = 1  # PS3.5 A.4.2: RLE holds the planes one after the other
    elif syntax.encapsulated:
        raise UnsupportedError(f"{syntax.keyword} is for pixel data, and {source or 'this instance'} has none")
    before, after = Dataset(), Dataset()
    for element in dataset:
        if element.tag.group > 0x0002 and element.tag != _PIXEL_DATA:
            (before if element.tag < _PIXEL_DATA or not has_pixels else after)[element.tag] = element
    for keyword, value in extra.items():
        setattr(before, keyword, value)
    head = _write(before, syntax)
    tail = [*pixel_parts, *([_write(after, syntax)] if len(after) else [])]
    if syntax.deflated:
        tail = [deflated_tail(tail)]
    return PreparedInstance(syntax.uid, head, tail, source)


def transcode(instance: PreparedInstance, syntax: TransferSyntax) -> PreparedInstance:
    """The same instance in another transfer syntax, without loss.

    Raises:
        UnsupportedError: the instance's own syntax cannot be decoded here, or the new one cannot carry it.
        InputError: the pixel data is damaged.
    """
    if instance.transfer_syntax_uid == syntax.uid:
        return instance
    current = BY_UID.get(instance.transfer_syntax_uid)
    name = instance.source or instance.sop_instance_uid
    if current is None:
        raise UnsupportedError(f"{name}: {syntax_name(instance.transfer_syntax_uid)} cannot be decoded here")
    try:
        dataset = instance.dataset()
        if current.encapsulated:
            dataset.decompress(as_rgb=False, generate_instance_uid=False)
        elif not current.little_endian:
            _swap_words(dataset)
        return prepare(dataset, syntax, source=instance.source)
    except (ValueError, RuntimeError, AttributeError, KeyError, struct.error) as error:
        raise InputError(f"{name}: cannot be decoded: {error}") from error


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
            width = _WORDS[element.VR]
            if element.tag == _PIXEL_DATA:
                width = max(width, _bytes_per_sample(dataset))
            swapped = np.frombuffer(element.value, f"<u{width}").byteswap().tobytes()
            dataset.add_new(element.tag, element.VR, swapped)


def _bytes_per_sample(dataset: Dataset) -> int:
    return (int(dataset.get("BitsAllocated", 16)) + 7) // 8


def _pixel_element(dataset: Dataset, data: bytes, syntax: TransferSyntax) -> list[Buffer]:
    """The Pixel Data element, encoded: header and value (PS3.5 section 8 and A.1 to A.4)."""
    order = "<" if syntax.little_endian else ">"
    group, element = _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF
    if syntax.codec == "rle":
        frames = _rle_frames(dataset, data)
        return [struct.pack("<HH2sHI", group, element, b"OB", 0, 0xFFFFFFFF), encapsulate(frames), _SEQUENCE_DELIMITER]
    width = _bytes_per_sample(dataset)
    data += b"\0" * (len(data) % 2)
    if not syntax.little_endian and width > 1:
        data = np.frombuffer(data, f"<u{width}").byteswap().tobytes()
    if not syntax.explicit:
        return [struct.pack(order + "HHI", group, element, len(data)), data]
    vr = b"OW" if width > 1 else b"OB"
    return [struct.pack(order + "HH2sHI", group, element, vr, 0, len(data)), data]


_SEQUENCE_DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def _rle_frames(dataset: Dataset, data: bytes) -> list[bytes]:
    """Each frame by RLE (PS3.5 annex G)."""
    bits = int(dataset.BitsAllocated)
    if bits % 8:
        raise UnsupportedError(f"RLELossless holds whole bytes, not {bits} bits a pixel")
    rows, columns, samples = (int(dataset[keyword].value) for keyword in ("Rows", "Columns", "SamplesPerPixel"))
    frames = int(dataset.get("NumberOfFrames") or 1)
    if samples > 1 and dataset.get("PlanarConfiguration"):
        # The encoder wants the samples of a pixel together.
        planes = np.frombuffer(data, f"<u{bits // 8}", frames * samples * rows * columns)
        data = planes.reshape(frames, samples, rows * columns).swapaxes(1, 2).tobytes()
    options: dict[str, Any] = {
        "rows": rows,
        "columns": columns,
        "samples_per_pixel": samples,
        "number_of_frames": frames,
        "bits_allocated": bits,
        "bits_stored": int(dataset.BitsStored),
        "pixel_representation": int(dataset.PixelRepresentation),
        "photometric_interpretation": str(dataset.PhotometricInterpretation),
    }
    if samples > 1:
        options["planar_configuration"] = 0
    try:
        return list(RLELosslessEncoder.iter_encode(data, encoding_plugin="pydicom", **options))
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise UnsupportedError(f"RLELossless cannot carry these pixels: {reason}") from error
