"""Data sets to encode: a small image, and random ones with sequences, private elements and group lengths."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import encoded
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE, TransferSyntax

FILES = Path(pydicom.data.__file__).parent / "test_files"
NATIVE = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG)
BASIC = (*NATIVE, DEFLATED, RLE)  # what needs no optional codec
CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"


def image(**attributes: Any) -> Dataset:
    """A CT image of 4 x 6 pixels, with a reference in a sequence."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = CT_IMAGE
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.StudyDate = "20240102"
    dataset.AccessionNumber = "A1"
    dataset.PatientName = "Müller^Jörg"
    dataset.PatientID = "P1"
    dataset.StudyInstanceUID = "1.2.3"
    dataset.SeriesInstanceUID = "1.2.3.1"
    reference = Dataset()
    reference.ReferencedSOPClassUID = CT_IMAGE
    reference.ReferencedSOPInstanceUID = "1.2.3.4"
    dataset.ReferencedImageSequence = Sequence([reference])
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = 4, 6
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = np.arange(24, dtype="<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def pixels(array: np.ndarray[Any, Any], *, planar: int = 0, bits_stored: int | None = None, **more: Any) -> Dataset:
    """An image of these pixels: (rows, columns[, 3]), or (frames, rows, columns[, 3]) with NumberOfFrames given."""
    frames = int(more.get("NumberOfFrames", 1))
    colour = array.ndim == (4 if frames > 1 else 3)
    dataset = image(**more)
    dataset.Rows, dataset.Columns = array.shape[-3:-1] if colour else array.shape[-2:]
    dataset.SamplesPerPixel = 3 if colour else 1
    bits = array.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored = bits, bits_stored or bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(array.dtype.kind == "i")
    if colour:
        dataset.PhotometricInterpretation = more.get("PhotometricInterpretation", "RGB")
        dataset.PlanarConfiguration = planar
        array = np.moveaxis(array, -1, -3) if planar else array
    dataset.PixelData = array.astype(array.dtype.newbyteorder("<")).tobytes()
    return dataset


def written(dataset: Dataset, syntax: TransferSyntax) -> bytes:
    """What pydicom writes of a data set, without meta information."""
    out = BytesIO()
    dataset.save_as(out, implicit_vr=not syntax.explicit, little_endian=syntax.little_endian)
    return out.getvalue()


def part_10(dataset: Dataset, syntax: TransferSyntax = EXPLICIT_LITTLE) -> bytes:
    """What pydicom writes of a data set, as a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax.uid)
    out = BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()


def decoded(instance: PreparedInstance) -> Dataset:
    """An instance as pydicom reads it, which takes samples of 32 bits in big endian for one word, and they are two."""
    found = dcmread(BytesIO(b"".join(instance.part10())))
    if not instance.syntax.little_endian and found.get("BitsAllocated") == 32:
        found.PixelData = np.frombuffer(found.PixelData, "<u2").reshape(-1, 2)[:, ::-1].tobytes()
    return found


def with_group_length(data: bytes, tag: int, syntax: TransferSyntax) -> bytes:
    """The data set with a (retired) group length in front of the group of `tag`, which stands first in its group."""
    order = "<" if syntax.little_endian else ">"
    group = tag >> 16
    head = struct.pack(order + "HH", group, tag & 0xFFFF)
    begin = data.index(head)
    size = len(encoded(data[:begin], syntax.uid).head)
    end = begin
    while end < len(data) and struct.unpack_from(order + "H", data, end)[0] == group:
        end = _after(data, end, syntax)
    vr = (b"UL" + struct.pack(order + "H", 4)) if syntax.explicit else struct.pack(order + "I", 4)
    length = struct.pack(order + "HH", group, 0) + vr + struct.pack(order + "I", end - begin)
    return data[:size] + length + data[size:]


def group_length(instance: PreparedInstance, group: int) -> tuple[int, int]:
    """The group length that is written, and the one that is right."""
    syntax, data = instance.syntax, instance.head
    order = "<" if syntax.little_endian else ">"
    at = data.index(struct.pack(order + "HH", group, 0))
    said = struct.unpack_from(order + "I", data, at + 8)[0]
    begin = end = at + 12
    while end < len(data) and struct.unpack_from(order + "H", data, end)[0] == group:
        end = _after(data, end, syntax)
    return said, end - begin


def _after(data: bytes, at: int, syntax: TransferSyntax) -> int:
    order = "<" if syntax.little_endian else ">"
    if syntax.explicit and data[at + 4 : at + 6] not in (b"SQ", b"UT", b"OB", b"OW", b"UN"):
        return at + 8 + int(struct.unpack_from(order + "H", data, at + 6)[0])
    offset = 8 if syntax.explicit else 4
    return at + offset + 4 + int(struct.unpack_from(order + "I", data, at + offset)[0])


UIDS = st.integers(1, 10**30).map(lambda number: f"2.25.{number}")
TEXTS = st.text("abcXYZ 0123456789ÄÖüéß", max_size=20).map(str.strip)


@st.composite
def random_datasets(draw: st.DrawFn, depth: int = 2) -> Dataset:
    """Identifiers, other elements, private ones and nested sequences of defined and undefined length."""
    dataset = Dataset()
    if depth == 2:
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.SOPClassUID = CT_IMAGE
        dataset.SOPInstanceUID = draw(UIDS)
        dataset.PatientName = draw(TEXTS)
        dataset.PatientID = draw(TEXTS)
        dataset.StudyInstanceUID = draw(UIDS)
        dataset.SeriesInstanceUID = draw(UIDS)
    if draw(st.booleans()):
        dataset.ReferencedSOPInstanceUID = draw(st.sampled_from(["1.2.3.4", "1.2.3.5"]))
    if draw(st.booleans()):
        dataset.ImageComments = draw(TEXTS)
    if draw(st.booleans()):
        block = dataset.private_block(0x0009, "A VENDOR", create=True)
        block.add_new(1, draw(st.sampled_from(["UN", "OB"])), draw(st.binary(max_size=8)) * 2)
    if depth and draw(st.booleans()):
        items = Sequence(draw(st.lists(random_datasets(depth - 1), max_size=2)))
        for item in items:
            item.is_undefined_length_sequence_item = draw(st.booleans())
        dataset.ReferencedImageSequence = items
        dataset["ReferencedImageSequence"].is_undefined_length = draw(st.booleans())
    return dataset


def with_words() -> Dataset:
    """A CT image with an element of each representation whose words turn with the byte order, one in a sequence."""
    dataset = image()
    icon = pixels(np.arange(0, 1800, 300, "u2").reshape(2, 3))
    for keyword in ("SOPClassUID", "SOPInstanceUID", "PatientName", "SpecificCharacterSet", "ReferencedImageSequence"):
        del icon[keyword]
    icon["PixelData"].VR = "OW"
    dataset.IconImageSequence = [icon]
    dataset.add_new(0x00281201, "OW", b"\1\2\3\4")
    dataset.add_new(0x00660023, "OL", bytes(range(8)))
    dataset.add_new(0x56000020, "OF", bytes(range(8)))
    dataset.add_new(0x00660022, "OD", bytes(range(16)))
    dataset.add_new(0x00091001, "OB", b"\1\2\3\4")
    dataset.add_new(0x00090010, "LO", "A VENDOR")
    return dataset
