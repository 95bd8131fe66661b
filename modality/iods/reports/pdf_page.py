"""A page of PDF 1.4 (ISO 32000-1): lines of text in a standard font, and a grey picture; the same bytes each time.

Nothing is compressed: what a compressor writes depends on its version.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

WIDTH, HEIGHT = 595, 842
"""A4, in points of 1/72 inch."""


class Line(NamedTuple):
    """A line of text.

    Args:
        x: where it begins, in points from the left.
        y: its base line, in points from the top.
        size: of the font, in points.
        text: characters that the font lacks become question marks.
    """

    x: float
    y: float
    size: float
    text: str


def page(
    lines: Sequence[Line], picture: npt.NDArray[np.uint8], corner: tuple[float, float], width: float, title: str
) -> bytes:
    """One page as a file.

    Args:
        lines: of text.
        picture: shape (rows, columns).
        corner: the picture's upper left corner, in points from the left and the top.
        width: of the picture, in points.
        title: of the document.
    """
    rows, columns = picture.shape
    height = width * rows / columns
    drawn = b"".join(
        b"BT /F1 %.1f Tf %.1f %.1f Td (%s) Tj ET\n" % (one.size, one.x, HEIGHT - one.y, _escaped(one.text))
        for one in lines
    )
    drawn += b"q %.2f 0 0 %.2f %.2f %.2f cm /I1 Do Q\n" % (width, height, corner[0], HEIGHT - corner[1] - height)
    image = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> /XObject << /I1 6 0 R >> >> >>" % (WIDTH, HEIGHT),
        _stream(b"", drawn),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _stream(image % (columns, rows), np.ascontiguousarray(picture).tobytes()),
        b"<< /Title (%s) /Producer (modality) >>" % _escaped(title),
    ]
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Info 7 0 R >>\nstartxref\n%d\n%%%%EOF\n"
    count = len(objects) + 1
    return bytes(out) + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer % (count, len(out))


def _stream(entries: bytes, data: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def _escaped(text: str) -> bytes:
    """A literal string (ISO 32000-1 7.3.4.2)."""
    coded = "".join(letter if letter.isprintable() else "?" for letter in text).encode("cp1252", "replace")
    return coded.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
