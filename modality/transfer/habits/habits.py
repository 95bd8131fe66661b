"""How a machine encodes what may be encoded in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydicom.datadict import dictionary_VR, tag_for_keyword

_WIDTHS = {"AE": 16, "CS": 16, "LO": 64, "SH": 16}  # the VRs whose trailing spaces mean nothing (PS3.5 6.2)
_MOST_PADDING = 1 << 20


@dataclass(frozen=True, slots=True)
class EncodingHabits:
    """How a machine encodes what may be encoded in several ways.

    Args:
        lengths: of sequences and their items: defined, undefined, or mixed: sequences without, items with one (PS3.5
            7.5.1, 7.5.2: decoders take both).
        group_lengths: (gggg,0000) in front of each group (PS3.5 7.2: retired, and may be ignored).
        trailing_padding: bytes of Data Set Trailing Padding (FFFC,FFFC) at the end (PS3.10 7.2); 0 for none.
        padded: text attributes at the top, by keyword, to the characters that spaces fill their value up to.
        preamble: of a file: zero, as long as nothing uses it, or tiff, a directory by which a reader of TIFF finds the
            pixels, where they are native (PS3.10 7.1).
        fragment: bytes of a fragment at most (PS3.5 A.4), 0 for a frame in one; RLE has one a frame (PS3.5 A.4.2).
        offset_table: whether the basic offset table is filled (PS3.5 A.4: it may be empty).
    """

    lengths: Literal["defined", "undefined", "mixed"] = "defined"
    group_lengths: bool = False
    trailing_padding: int = 0
    padded: Mapping[str, int] = field(default_factory=dict)
    preamble: Literal["zero", "tiff"] = "zero"
    fragment: int = 0
    offset_table: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.trailing_padding <= _MOST_PADDING or self.trailing_padding % 2:
            raise ValueError(f"trailing_padding: an even number up to {_MOST_PADDING}, not {self.trailing_padding}")
        if self.fragment < 0 or self.fragment % 2:
            raise ValueError(f"fragment: an even number of bytes, not {self.fragment}")
        for keyword, width in self.padded.items():
            tag = tag_for_keyword(keyword)
            most = _WIDTHS.get(dictionary_VR(tag), 0) if tag is not None else 0
            if not most:
                raise ValueError(f"padded: {keyword}: an attribute of VR {', '.join(_WIDTHS)}")
            if not 0 < width <= most or width % 2:
                raise ValueError(f"padded: {keyword}: an even number up to {most}, not {width}")
