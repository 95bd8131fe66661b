"""Text in the pixels of a picture that attributes of its data set give: what is written, where, and what of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from modality.acquisition import lettering

PERSONAL = ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber", "InstitutionName")
"""What tells whom a picture is of, or helps to."""


@dataclass(frozen=True, slots=True)
class Text:
    """A line.

    Args:
        row: of its upper edge.
        column: of its left edge.
        text: as it can be read in the picture: capitals, and a question mark for what has no letter.
        keyword: of the attribute that it shows; empty for a setting.
        value: of that attribute.
        scale: pixels of a dot.
    """

    row: int
    column: int
    text: str
    keyword: str
    value: str
    scale: int

    @property
    def covered(self) -> Any:
        """Which pixels it covers."""
        return lettering.lettered(self.text, self.scale)

    def write(self, picture: Any, colour: Any) -> None:
        """Write it into a picture, cut at its edges.

        Args:
            picture: shape (rows, columns[, samples]); is changed.
            colour: a value, or one for each sample.
        """
        covered = self.covered
        part = picture[self.row : self.row + covered.shape[0], self.column : self.column + covered.shape[1]]
        part[covered[: part.shape[0], : part.shape[1]]] = colour


def value_of(dataset: Dataset, keyword: str) -> str:
    """An attribute's value as text; empty where there is none."""
    return str(dataset.get(keyword) or "")


def readable(text: str) -> str:
    """A text without the marks on its letters, in capitals; what the letters lack is a question mark."""
    plain = unicodedata.normalize("NFKD", text.partition("=")[0].replace("^", " "))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter)).upper()
    return " ".join("".join(letter if lettering.has(letter) else "?" for letter in bare).split())


def dated(day: str) -> str:
    """A date (DA) as people read it; nothing where there is none."""
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else ""


def timed(time: str) -> str:
    """A time (TM) as people read it, to the second, or as far as it is told."""
    return ":".join(filter(None, (time[:2], time[2:4], time[4:6])))


def told(texts: Iterable[Text]) -> list[dict[str, Any]]:
    """Where each line is, in pixels from the upper left corner, and what it tells: plain data, ready for JSON."""
    return [
        {
            "row": one.row,
            "column": one.column,
            "rows": lettering.HEIGHT * one.scale,
            "columns": len(one.text) * lettering.WIDTH * one.scale,
            "text": one.text,
            "keyword": one.keyword,
            "value": one.value,
            "identifies": one.keyword in PERSONAL,
        }
        for one in texts
    ]
