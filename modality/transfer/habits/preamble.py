"""A preamble by which a reader of TIFF finds native pixels: one file of both formats (PS3.10 7.1).

TIFF 6.0: a header, one directory of baseline tags, and the depths of colour behind it; there is room for nine entries.
"""

from __future__ import annotations

import struct

from pydicom.dataset import Dataset

from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import write_meta

_SHORT, _LONG = 3, 4
_PHOTOMETRIC = {"MONOCHROME1": 0, "MONOCHROME2": 1, "RGB": 2}
_PREAMBLE = 128
_DIRECTORY = 8  # where it stands: behind the header
_LARGEST = 0xFFFFFFFF


def tiff_opening(instance: PreparedInstance, head: Dataset) -> bytes | None:
    """Preamble and file meta information of a file that is also a TIFF of its first frame.

    Args:
        instance: whose pixels it points to.
        head: what the instance says of them.

    Returns:
        None where TIFF cannot tell of such pixels: there are none, or they are encapsulated, deflated or big endian.
    """
    meta = write_meta(instance.sop_class_uid, instance.sop_instance_uid, instance.transfer_syntax_uid)
    syntax, photometric = instance.syntax, str(head.get("PhotometricInterpretation", ""))
    offset = len(meta) + len(instance.head) + (12 if syntax.explicit else 8)
    plain = syntax.little_endian and not (syntax.encapsulated or syntax.deflated)
    if not plain or not instance.tail or photometric not in _PHOTOMETRIC or offset > _LARGEST:
        return None
    samples, bits = int(head.SamplesPerPixel), int(head.BitsAllocated)
    rows, columns = int(head.Rows), int(head.Columns)
    if bits not in (8, 16, 32) or head.get("PlanarConfiguration"):
        return None
    entries = [
        (256, _LONG, 1, columns),
        (257, _LONG, 1, rows),
        (258, _SHORT, samples, bits),
        (259, _SHORT, 1, 1),  # not compressed
        (262, _SHORT, 1, _PHOTOMETRIC[photometric]),
        (273, _LONG, 1, offset),
        (277, _SHORT, 1, samples),
        (279, _LONG, 1, rows * columns * samples * bits // 8),
    ]
    if samples == 1:  # of colour all samples are unsigned, which is what a reader takes for granted
        entries.append((339, _SHORT, 1, 2 if head.PixelRepresentation else 1))
    behind = _DIRECTORY + 2 + 12 * len(entries) + 4
    made = struct.pack("<2sHIH", b"II", 42, _DIRECTORY, len(entries))
    for tag, kind, count, value in entries:
        made += struct.pack("<HHII", tag, kind, count, value if count == 1 else behind)
    made += struct.pack("<I", 0)
    if samples > 1:
        made += struct.pack(f"<{samples}H", *([bits] * samples))
    return made.ljust(_PREAMBLE, b"\0") + meta[_PREAMBLE:]
