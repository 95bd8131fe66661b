"""Text that a scanner burns into its pictures: whom they are of, when, and how they were taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset

from modality.acquisition import lettering
from modality.acquisition.frames import Pixels
from modality.acquisition.ultrasound import Sonogram
from modality.acquisition.ultrasound.sonogram import COLOUR
from modality.iods.burned import PERSONAL, Text, dated, readable, timed, told, value_of

_DOTS_OF = 640  # columns for each pixel of a dot
_GAP = 2  # dots between lines and from the edge


def texts(sonogram: Sonogram, dataset: Dataset) -> tuple[Text, ...]:
    """The lines of a picture, none where no annotation was asked for; cut at the picture's edges.

    Args:
        sonogram: with its settings.
        dataset: whose attributes are written.
    """
    if not sonogram.protocol.annotation:
        return ()
    screen, protocol = sonogram.screen, sonogram.protocol
    known = {keyword: value_of(dataset, keyword) for keyword in PERSONAL}
    name, day, time = known["PatientName"], known["StudyDate"], value_of(dataset, "SeriesTime")
    scale = max(1, screen.columns // _DOTS_OF)
    edge, line = _GAP * scale, (lettering.HEIGHT + _GAP) * scale
    left = [
        ("PatientName", name, readable(name)),
        ("PatientID", known["PatientID"], "ID " + readable(known["PatientID"])),
        ("PatientBirthDate", known["PatientBirthDate"], dated(known["PatientBirthDate"])),
    ]
    right = [
        ("StudyDate", day, f"{dated(day)} {timed(time)}".strip()),
        *((keyword, known[keyword], readable(known[keyword])) for keyword in ("AccessionNumber", "InstitutionName")),
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


def burned(frames: Iterator[Pixels], sonogram: Sonogram, dataset: Dataset) -> Iterator[Pixels]:
    """Frames with lines burned in: what the data set says when the first of them is made."""
    lines, white = texts(sonogram, dataset), sonogram.white()
    for frame in frames:
        pixels = frame.copy() if lines else frame
        for one in lines:
            one.write(pixels, white)
        yield pixels


def burned_truth(sonogram: Sonogram, dataset: Dataset) -> Mapping[str, Any]:
    """Where each line is, in pixels from the upper left corner, in every frame; and what it tells."""
    return {"burned_in_text": told(texts(sonogram, dataset))}
