"""A waveform drawn as on paper: 25 mm a second, 10 mm a millivolt; twelve leads as a page of an ECG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image
    from pydicom.dataset import Dataset

_PX_PER_MM = 4
_MM_PER_S, _MM_PER_MV = 25, 10
_SECONDS = 10.0
_ROW_MM = 25
_MOST_ROWS = 16
# Rows of a page, four leads of 2.5 s each, and the lead that runs below them: the usual format of an ECG.
_PAGE = (("I", "aVR", "V1", "V4"), ("II", "aVL", "V2", "V5"), ("III", "aVF", "V3", "V6"))
_RUNNING = "II"
_PAPER, _FINE, _COARSE, _INK = (255, 250, 247), (252, 226, 220), (240, 178, 168), (20, 20, 40)


@dataclass(frozen=True, eq=False)
class Trace:
    """A channel.

    Args:
        name: Channel Label.
        rate_hz: samples a second.
        values: in its unit.
        millivolts: that unit is mV.
    """

    name: str
    rate_hz: float
    values: np.ndarray[Any, np.dtype[np.float64]]
    millivolts: bool


def traces(dataset: Dataset) -> list[Trace]:
    """The channels of a waveform, each in its unit (PS3.3 C.10.9.1)."""
    found = []
    for number, group in enumerate(dataset.WaveformSequence):
        values = dataset.waveform_array(number)
        for column, channel in enumerate(group.ChannelDefinitionSequence):
            units = channel.get("ChannelSensitivityUnitsSequence")
            named = str(channel.get("ChannelLabel") or channel.ChannelSourceSequence[0].CodeMeaning)
            millivolts = bool(units) and str(units[0].CodeValue) == "mV"
            found.append(Trace(named, float(group.SamplingFrequency), values[:, column], millivolts))
    return found


def strip(dataset: Dataset) -> Image:
    """A picture of the first ten seconds of a waveform."""
    from PIL import Image, ImageDraw

    channels = traces(dataset)
    by_name = {one.name: one for one in channels}
    rows: list[Sequence[tuple[Trace, float]]]
    if all(name in by_name for row in _PAGE for name in row):
        rows = [[(by_name[name], _SECONDS / len(row)) for name in row] for row in _PAGE]
        rows.append([(by_name[_RUNNING], _SECONDS)])
    else:
        rows = [[(one, _SECONDS)] for one in channels[:_MOST_ROWS]]
    step = _ROW_MM * _PX_PER_MM
    width, height = round(_SECONDS * _MM_PER_S) * _PX_PER_MM, len(rows) * step + step // 5
    picture = Image.new("RGB", (width + 1, height + 1), _PAPER)
    draw = ImageDraw.Draw(picture)
    for colour, every in ((_FINE, _PX_PER_MM), (_COARSE, 5 * _PX_PER_MM)):
        for x in range(0, width + 1, every):
            draw.line([(x, 0), (x, height)], fill=colour)
        for y in range(0, height + 1, every):
            draw.line([(0, y), (width, y)], fill=colour)
    for number, row in enumerate(rows):
        begins_s = 0.0
        for trace, seconds in row:
            _draw(draw, trace, begins_s, seconds, number * step + step * 3 // 5)
            begins_s += seconds
    return picture


def _draw(draw: Any, trace: Trace, begins_s: float, seconds: float, middle: int) -> None:
    first, last = round(begins_s * trace.rate_hz), round((begins_s + seconds) * trace.rate_hz)
    values = trace.values[first : last + 1]
    left = begins_s * _MM_PER_S * _PX_PER_MM
    if not len(values):
        return
    scale = float(_MM_PER_MV * _PX_PER_MM)
    if not trace.millivolts:  # as high as its row
        low, high = float(values.min()), float(values.max())
        values = values - (low + high) / 2.0
        scale = 0.8 * _ROW_MM * _PX_PER_MM / max(high - low, 1e-9)
    across = left + np.arange(len(values)) / trace.rate_hz * _MM_PER_S * _PX_PER_MM
    down = middle - values * scale
    draw.line(list(zip(across.tolist(), down.tolist(), strict=True)), fill=_INK, width=1)
    draw.text((left + 4, middle - 14 * _PX_PER_MM), trace.name, fill=_INK)
