"""An ICC profile of sRGB (ICC.1:2010, version 4.3), written here: always the same bytes, and no library to need.

Colorants and white point are those of IEC 61966-2-1, adapted to D50 by the Bradford matrix that stands beside them
(ICC.1:2010 annex E).
"""

from __future__ import annotations

import struct
from functools import lru_cache

_D50 = (0.9642, 1.0, 0.8249)
_COLORANTS = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
_BRADFORD = (1.04788, 0.02292, -0.05022, 0.02959, 0.99048, -0.01707, -0.00925, 0.01508, 0.75168)
# IEC 61966-2-1: Y = (a X + b)^g above d, c X below; function type 3 of ICC.1:2010 10.16.
_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def _fixed(values: tuple[float, ...]) -> bytes:
    """Numbers as s15Fixed16Number (ICC.1:2010 4.6)."""
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _text(text: str) -> bytes:
    """MultiLocalizedUnicodeType with one record (ICC.1:2010 10.13)."""
    coded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(coded), 28) + coded


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """The profile, of an even number of bytes."""
    curve = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(_CURVE)
    tags = {
        b"desc": _text("sRGB IEC61966-2.1"),
        b"cprt": _text("No copyright"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(_D50),
        b"chad": b"sf32\0\0\0\0" + _fixed(_BRADFORD),
        **{name: b"XYZ \0\0\0\0" + _fixed(xyz) for name, xyz in _COLORANTS.items()},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    places: dict[bytes, int] = {}
    table, body = b"", b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        if data not in places:  # the three curves are one
            places[data] = start + len(body)
            body += data + b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sIIIQI12s4s16s28s",
        *(start + len(body), b"\0\0\0\0", 0x04300000, b"mntr", b"RGB ", b"XYZ "),
        *(2010, 12, 1, 0, 0, 0),  # no moment of its own: the standard's
        *(b"acsp", b"\0\0\0\0", 0, 0, 0, 0, 0, _fixed(_D50), b"\0\0\0\0", bytes(16), bytes(28)),
    )
    return header + struct.pack(">I", len(tags)) + table + body
