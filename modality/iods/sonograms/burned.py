"""Text that a scanner burns into its pictures: whom they are of, when, and how they were taken."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from modality.acquisition import lettering
from modality.acquisition.frames import Pixels
from modality.acquisition.ultrasound import Sonogram
from modality.acquisition.ultrasound.sonogram import COLOUR

_DOTS_OF = 640  # columns for each pixel of a dot
_GAP = 2  # dots between lines and from the edge


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


_PERSONAL = ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "AccessionNumber", "InstitutionName")
"""What tells whom a picture is of, or helps to."""


def _readable(text: str) -> str:
    """A text without the marks on its letters, in capitals; what the letters lack is a question mark."""
    plain = unicodedata.normalize("NFKD", text.partition("=")[0].replace("^", " "))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter)).upper()
    return " ".join("".join(letter if lettering.has(letter) else "?" for letter in bare).split())


def texts(sonogram: Sonogram, dataset: Dataset) -> tuple[Text, ...]:
    """The lines of a picture, none where no annotation was asked for; cut at the picture's edges.

    Args:
        sonogram: with its settings.
        dataset: whose attributes are written.
    """
    if not sonogram.protocol.annotation:
        return ()
    screen, protocol = sonogram.screen, sonogram.protocol
    known = {keyword: str(dataset.get(keyword) or "") for keyword in _PERSONAL}
    name, day, time = known["PatientName"], known["StudyDate"], str(dataset.get("SeriesTime") or "")
    scale = max(1, screen.columns // _DOTS_OF)
    edge, line = _GAP * scale, (lettering.HEIGHT + _GAP) * scale
    left = [
        ("PatientName", name, _readable(name)),
        ("PatientID", known["PatientID"], "ID " + _readable(known["PatientID"])),
        ("PatientBirthDate", known["PatientBirthDate"], _dated(known["PatientBirthDate"])),
    ]
    right = [
        ("StudyDate", day, f"{_dated(day)} {time[:2]}:{time[2:4]}:{time[4:6]}".rstrip(": ")),
        *((keyword, known[keyword], _readable(known[keyword])) for keyword in ("AccessionNumber", "InstitutionName")),
    ]
    low = [
        ("", "", f"DEPTH {screen.depth_mm / 10.0:.1f} CM"),
        ("", "", f"{sonogram.transducer} {sonogram.probe.frequency_mhz:.1f} MHZ"),
        ("", "", f"DR {protocol.dynamic_range_db:.0f}  GAIN {protocol.gain_db:+.0f} DB"),
    ]
    if protocol.mode == COLOUR:
        low.append(("", "", f"PRF {protocol.prf_hz:.0f} HZ  +-{100.0 * sonogram.nyquist_m_s:.0f} CM/S"))
    most = max(1, (screen.columns - 2 * edge) // (lettering.WIDTH * scale))
    found = []
    for entries, is_right in ((left, False), (right, True)):
        written = [entry for entry in entries if entry[1]]
        for number, (keyword, value, text) in enumerate(written):
            cut = text[: most // 2]
            column = screen.columns - edge - len(cut) * lettering.WIDTH * scale if is_right else edge
            found.append(Text(edge + number * line, column, cut, keyword, value, scale))
    for number, (keyword, value, text) in enumerate(reversed(low)):
        row = screen.rows - edge - number * line - lettering.HEIGHT * scale
        found.append(Text(row, edge, text[: most // 2], keyword, value, scale))
    return tuple(one for one in found if one.text)


def _dated(day: str) -> str:
    """A date as people read it; nothing where there is none."""
    return f"{day[:4]}-{day[4:6]}-{day[6:8]}" if len(day) == 8 else ""


def burned(frames: Iterator[Pixels], sonogram: Sonogram, dataset: Dataset) -> Iterator[Pixels]:
    """Frames with lines burned in: what the data set says when the first of them is made."""
    lines, white = texts(sonogram, dataset), sonogram.white()
    for frame in frames:
        pixels = frame.copy() if lines else frame
        for one in lines:
            covered = one.covered
            part = pixels[one.row : one.row + covered.shape[0], one.column : one.column + covered.shape[1]]
            part[covered[: part.shape[0], : part.shape[1]]] = white
        yield pixels


def burned_truth(sonogram: Sonogram, dataset: Dataset) -> Mapping[str, Any]:
    """Where each line is, in pixels from the upper left corner, in every frame; and what it tells."""
    return {
        "burned_in_text": [
            {
                "row": one.row,
                "column": one.column,
                "rows": lettering.HEIGHT * one.scale,
                "columns": len(one.text) * lettering.WIDTH * one.scale,
                "text": one.text,
                "keyword": one.keyword,
                "value": one.value,
                "identifies": one.keyword in _PERSONAL,
            }
            for one in texts(sonogram, dataset)
        ]
    }
