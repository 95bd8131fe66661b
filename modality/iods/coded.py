"""Concepts, numbers and words of devices, made fit for attributes."""

from __future__ import annotations

import math
from typing import NamedTuple

from pydicom.dataset import Dataset

from modality.errors import InputError

_LONGEST_CODE = 16  # of Code Value, SH; a longer one stands in Long Code Value (PS3.3 Table 8.8-1)
_LONGEST_MEANING = 64  # of Code Meaning, LO
_TEXT_CONTROLS = "\t\n\f\r"  # what ST, LT and UT may hold of control characters (PS3.5 6.1.3)


class Code(NamedTuple):
    """A concept of a coding scheme (PS3.3 section 8).

    Args:
        value: Code Value.
        scheme: Coding Scheme Designator ("LN", "SCT", "DCM", "UCUM", "MDC").
        meaning: Code Meaning.
    """

    value: str
    scheme: str
    meaning: str

    def item(self) -> Dataset:
        """An item of a code sequence (PS3.3 Table 8.8-1); a meaning is cut to what Code Meaning holds.

        Raises:
            InputError: value or scheme is empty, too long, or has a backslash or control characters.
        """
        for what, text, longest in (("value", self.value, None), ("scheme", self.scheme, _LONGEST_CODE)):
            if not text.strip() or "\\" in text or not text.isprintable() or len(text) > (longest or len(text)):
                raise InputError(f"{text!r} cannot be the {what} of a code ({self.meaning!r})")
        item = Dataset()
        setattr(item, "CodeValue" if len(self.value) <= _LONGEST_CODE else "LongCodeValue", self.value)
        item.CodingSchemeDesignator = self.scheme
        meaning = words(self.meaning).replace("\\", "/")
        item.CodeMeaning = " ".join(meaning.split())[:_LONGEST_MEANING].strip() or self.value[:_LONGEST_MEANING]
        return item


def unit(ucum: str, meaning: str = "") -> Code:
    """A unit of measurement (PS3.16 CID 82); its meaning is the code itself where none is given."""
    return Code(ucum, "UCUM", meaning or ucum)


def words(text: str) -> str:
    """Text without the control characters that no text attribute holds."""
    return "".join(letter for letter in text if letter.isprintable() or letter in _TEXT_CONTROLS)


def finite(what: str, value: float) -> float:
    """A number as a float.

    Raises:
        InputError: it is none, or not finite.
    """
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise InputError(f"{what}: {str(value)[:40]} is no number that can be kept")
    return number
