"""Measurements of eyes and lenses: their names, units, and the range beyond which one is flagged, not dropped."""

from __future__ import annotations

import re
from typing import Any

from firmware_bridge.measurement import Measurement

DIOPTRE, PRISM_DIOPTRE, DEGREE, MM, UM, MMHG = "[diop]", "[p'diop]", "deg", "mm", "um", "mm[Hg]"

# Beyond these a value is implausible; our choice, wider than what the instruments measure.
_PLAUSIBLE = {
    "sphere": (-40.0, 40.0),
    "cylinder": (-20.0, 20.0),
    "axis": (0.0, 180.0),
    "add": (0.0, 10.0),
    "near_sphere": (-40.0, 40.0),
    "spherical_equivalent": (-50.0, 50.0),
    "prism": (0.0, 25.0),
    "pupillary_distance": (15.0, 90.0),
    "vertex_distance": (0.0, 20.0),
    "corneal_radius": (4.0, 14.0),
    "corneal_power": (20.0, 80.0),
    "corneal_cylinder": (-20.0, 20.0),
    "intraocular_pressure": (1.0, 80.0),
    "corneal_thickness": (150.0, 1500.0),
}

_NUMBER = re.compile(r"([+-]?) *([0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})")


def number(text: str) -> float | None:
    """The number that a padded text is, or None."""
    found = _NUMBER.fullmatch(text.strip())
    return float(found[1] + found[2]) if found else None


def measured(name: str, value: float, unit: str, details: dict[str, Any]) -> Measurement:
    """A measurement of an eye or lens, flagged `plausible: False` beyond what can be."""
    low, high = _PLAUSIBLE[name]
    flag = {} if low <= value <= high else {"plausible": False}
    return Measurement(name, int(value) if name == "axis" else value, unit, details | flag)


def corneal_radii(first: float, second: float, axis: float | None, details: dict[str, Any]) -> list[Measurement]:
    """Both radii of a cornea; the axis is the first one's, and the other meridian stands across it."""
    found = []
    for radius, other, turned in ((first, second, 0.0), (second, first, 90.0)):
        meridian = "flat" if radius > other or (radius == other and not turned) else "steep"
        more: dict[str, Any] = {"meridian": meridian}
        if axis is not None:
            more["axis"] = int((axis + turned - 1) % 180 + 1)
        found.append(measured("corneal_radius", radius, MM, details | more))
    return found
