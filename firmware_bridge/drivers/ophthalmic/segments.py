"""The segments within a NIDEK block, by its header.

Spheres, cylinders and axes, additions, prisms and pupillary distances are as NIDEK's interface manuals have them;
of keratometers, tonometers and pachymeters only outputs of single models were seen (TONOREF II, NT-530P).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from firmware_bridge.drivers.ophthalmic.frames import Block, Frame
from firmware_bridge.drivers.ophthalmic.values import (
    DEGREE,
    DIOPTRE,
    MM,
    MMHG,
    PRISM_DIOPTRE,
    UM,
    corneal_radii,
    measured,
    number,
)
from firmware_bridge.measurement import Measurement

_POWER = r"([+\- ][0-9]{2}\.[0-9]{2}|      )"
_SPHERE = re.compile(rf"(OR|OL| R| L|  ){_POWER}(?:{_POWER})?([0-9 ]{{3}})?([0-9E ]?)")
_ADD = re.compile(rf"([AN])([RL ]?){_POWER}")
_PRISM = re.compile(r"P([RL ]?)([0-9]{2}\.[0-9]{2})([IOUD])")
_PD = re.compile(r"PD([0-9]{2}(?:\.[0-9])?)(?:([0-9]{2}\.[0-9])([0-9]{2}\.[0-9]))?")
_VERTEX = re.compile(r"VD([0-9]{2}\.[0-9]{1,2})")
_RADII = re.compile(
    r" ([RL])([0-9]{2}\.[0-9]{2})([0-9]{2}\.[0-9]{2})([0-9]{3})([0-9]{2}\.[0-9]{2})?(?:([+\- ][0-9]{2}\.[0-9]{2}))?"
)
_READINGS = re.compile(r" ?([RL])([0-9]{2})(.*)")
_AVERAGE = re.compile(r"AV *([0-9]{1,4}(?:\.[0-9])?)")
_READING = re.compile(r"([0-9]{1,3}(?:\.[0-9])?)/[0-9]{1,2}\.[0-9]{1,2}")
_THICKNESS = re.compile(r"(?<![0-9.])([0-9]{3,4})(?![0-9.])")
_ERROR = re.compile(r"\b(IE|DE|APL|OVR|ERR|BLK|ALM)\b")
_ERROR_OF_EYE = re.compile(r"[ O]?([RL ])?[0-9]{0,2} *(IE|DE|APL|OVR|ERR|BLK|ALM)\b.*")
_IDENTITY = re.compile(r"ID([^/]*)/?(.*)")
_DATE = re.compile(r"DA *([0-9]{4})\.([0-9]{2})\.([0-9]{2})\.([0-9]{2}):([0-9]{2})")
_NUMBER_OF = re.compile(r"NO *([0-9A-Za-z]{1,16})")

_BASES = {"I": "IN", "O": "OUT", "U": "UP", "D": "DOWN"}

Segment = Iterator[Measurement]


def measurements(frame: Frame, unread: Callable[[str], None]) -> list[Measurement]:
    """What a frame says, each value with its eye, the instrument and the time that the frame names.

    Args:
        frame: it.
        unread: called for each segment that is not understood, with a line for people.
    """
    found: list[Measurement] = []
    shared: dict[str, Any] = {}
    for block in frame.blocks:
        shared |= _shared(block)
        details = {"checked": frame.checked} | shared | ({"source": "wavefront"} if block.header == "DWF" else {})
        for segment in block.segments:
            taken = list(_taken(block.header, segment, details))
            found += taken
            if not taken and not _known(segment):
                unread(f"a segment of {block.header} that is not understood was passed over: {_kind(segment)}")
    return found


def _shared(block: Block) -> dict[str, Any]:
    """What holds for all of a block: the instrument, the time, the patient's or print's number."""
    found: dict[str, Any] = {}
    for segment in block.segments:
        if identity := _IDENTITY.fullmatch(segment):
            found |= {"manufacturer": identity[1].strip(), "model": identity[2].strip()}
        elif date := _DATE.fullmatch(segment.strip()):
            year, month, day, hour, minute = date.groups()
            found["time"] = f"{year}-{month}-{day}T{hour}:{minute}"
        elif printed := _NUMBER_OF.fullmatch(segment.strip()):
            found["number"] = printed[1]
    return found


def _known(segment: str) -> bool:
    """Whether it is understood where it gives no value: single readings beside their median, blank fields."""
    return any(one.fullmatch(segment.strip()) for one in (_IDENTITY, _DATE, _NUMBER_OF)) or any(
        one.fullmatch(segment) for one in (_SPHERE, _ADD, _RADII, _READINGS)
    )


def _kind(segment: str) -> str:
    """The two letters that name a segment, and never what stands in it."""
    return repr(re.sub(r"[^A-Za-z ]", "?", segment[:2]))


def _taken(header: str, segment: str, details: dict[str, Any]) -> Segment:
    if header == "DNT":
        yield from _tonometry(segment, details)
    elif header == "DPM":
        yield from _pachymetry(segment, details)
    elif error := _ERROR_OF_EYE.fullmatch(segment):
        yield Measurement("error", error[2], "", details | _eye(error[1] or ""))
    elif header == "DKM":
        yield from _keratometry(segment, details)
    else:
        yield from _refraction(header, segment, details)


def _eye(letter: str) -> dict[str, Any]:
    """R or L; a lens on its own has no eye."""
    return {"eye": letter} if letter in {"R", "L"} else {}


def _refraction(header: str, segment: str, details: dict[str, Any]) -> Segment:
    if found := _SPHERE.fullmatch(segment):
        if header.upper() == "DLM" or found[1].startswith("O"):  # an autorefractor's single readings stand under R, L
            yield from _sphere(found, details)
    elif found := _ADD.fullmatch(segment):
        value = number(found[3])
        if value is not None:
            name = "add" if found[1] == "A" else "near_sphere"
            yield measured(name, value, DIOPTRE, details | _eye(found[2]))
    elif found := _PRISM.fullmatch(segment):
        yield measured("prism", float(found[2]), PRISM_DIOPTRE, details | _eye(found[1]) | {"base": _BASES[found[3]]})
    elif found := _PD.fullmatch(segment):
        yield measured("pupillary_distance", float(found[1]), MM, details)
        for letter, half in (("R", found[2]), ("L", found[3])):
            if half:
                yield measured("pupillary_distance", float(half), MM, details | _eye(letter))
    elif found := _VERTEX.fullmatch(segment):
        yield measured("vertex_distance", float(found[1]), MM, details)


def _sphere(found: re.Match[str], details: dict[str, Any]) -> Segment:
    more = details | _eye(found[1][1])
    if found[5].strip():
        more["reliability"] = found[5]
    for name, text, unit in (
        ("sphere", found[2], DIOPTRE),
        ("cylinder", found[3], DIOPTRE),
        ("axis", found[4], DEGREE),
    ):
        value = number(text or "")
        if value is not None:
            yield measured(name, value, unit, more)


def _keratometry(segment: str, details: dict[str, Any]) -> Segment:
    found = _RADII.fullmatch(segment)
    if found is None:
        return
    more = details | _eye(found[1])
    axis = float(found[4])
    yield from corneal_radii(float(found[2]), float(found[3]), axis, more)
    if found[5]:
        yield measured("corneal_radius", float(found[5]), MM, more | {"meridian": "average"})
    cylinder = number(found[6] or "")
    if cylinder is not None:
        yield measured("corneal_cylinder", cylinder, DIOPTRE, more | {"axis": int(axis)})


def _tonometry(segment: str, details: dict[str, Any]) -> Segment:
    yield from _averaged("intraocular_pressure", MMHG, _READING, segment, details)


def _pachymetry(segment: str, details: dict[str, Any]) -> Segment:
    yield from _averaged("corneal_thickness", UM, _THICKNESS, segment, details)


def _averaged(name: str, unit: str, reading: re.Pattern[str], segment: str, details: dict[str, Any]) -> Segment:
    """The average with the readings that it is of, or each reading where none is given; and the readings' errors."""
    found = _READINGS.fullmatch(segment)
    if found is None:
        return
    more = details | _eye(found[1])
    for error in _ERROR.findall(segment):
        yield Measurement("error", error, "", more)
    body, _, _ = found[3].partition("AV")
    readings = [float(one) for one in reading.findall(body)]
    average = _AVERAGE.search(found[3])
    if average is not None:
        yield measured(name, float(average[1]), unit, more | {"statistic": "average", "readings": readings})
    else:
        for one in readings:
            yield measured(name, one, unit, more | {"statistic": "reading"})
