"""JOIA's XML files (NIDEK, Topcon): whole documents one after the other, matched by local names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from firmware_bridge.drivers.driver import Device, Event, Serial
from firmware_bridge.drivers.ophthalmic.tree import Element, XmlRefused, parse
from firmware_bridge.drivers.ophthalmic.values import (
    DEGREE,
    DIOPTRE,
    MM,
    MMHG,
    PRISM_DIOPTRE,
    UM,
    measured,
    number,
)
from firmware_bridge.drivers.stream import Stream
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Complete, Measurement
from firmware_bridge.settings import settings_of

SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "largest": 4_000_000,  # bytes of one file
    }
)

_ROOT_END = re.compile(rb"</(?:[A-Za-z_][\w.\-]*:)?Ophthalmology\s*>")
_ROOT_START = re.compile(rb"<(?:[A-Za-z_][\w.\-]*:)?Ophthalmology[\s>]")
_LONGEST_END = 200  # of the closing tag, prefix and blanks included

Found = Iterator[Measurement]


class Joia(Stream):
    """Takes a file, or several, and gives what each says when its root element has closed.

    Args:
        settings: over `SETTINGS`.

    Raises:
        SettingsError: one is unknown or wrong.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        self._largest = settings_of("joia-xml", settings, SETTINGS)["largest"]
        if self._largest < 1000:
            raise SettingsError("joia-xml: largest has to be 1000 bytes or more")
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[Event]:
        """What these bytes complete."""
        events: list[Event] = []
        for at in range(0, len(data), _LONGEST_END):  # in pieces, so that the limit falls alike for any chunks
            self._buffer += data[at : at + _LONGEST_END]
            while end := _ROOT_END.search(self._buffer, self._searched):
                events += self._document(bytes(self._buffer[: end.end()]))
                del self._buffer[: end.end()]
                self._searched = 0
            self._searched = max(0, len(self._buffer) - _LONGEST_END)
            self._bound()
        return events

    def finish(self) -> list[Event]:
        """The stream has ended; a file without its end is not read."""
        self.skipped_bytes += len(self._buffer.strip())
        self._buffer.clear()
        self._searched = 0
        return []

    def _bound(self) -> None:
        beyond = len(self._buffer) - self._largest
        if beyond > 0:
            self.warn("what is no file of JOIA's, or a larger one than is taken, was dropped")
            self.skipped_bytes += beyond
            del self._buffer[:beyond]
            self._searched = max(0, self._searched - beyond)

    def _document(self, data: bytes) -> list[Event]:
        beyond = max(0, len(data) - self._largest)
        self.skipped_bytes += beyond
        data = data[beyond:]
        start = max(data.rfind(b"<?xml"), 0)
        if not data[start:].startswith(b"<?xml"):
            start = max((one.start() for one in _ROOT_START.finditer(data)), default=0)
        self.skipped_bytes += len(data[:start].strip())
        try:
            root = parse(data[start:])
        except XmlRefused as refused:
            self.rejected_frames += 1
            self.warn(f"a file was refused: {refused}")
            return []
        self.frames += 1
        values = list(_measurements(root))
        if not values:
            self.warn("a file without a measurement that is known was passed over")
        return [*values, Complete("message")] if values else []


def _measurements(root: Element) -> Found:
    details = _common(root)
    for measure in root.all("Measure"):
        kind = measure.attributes.get("type", "").upper()
        read = {"REF": _refraction, "LM": _lenses, "KM": _keratometry, "TM": _tonometry, "SBJ": _subjective}.get(kind)
        if read is not None:
            yield from read(measure, details)


def _common(root: Element) -> dict[str, Any]:
    common = root.child("Common") or Element("Common")
    patient = common.child("Patient") or Element("Patient")
    date, time = common.value("Date"), common.value("Time")
    name = "^".join((patient.value("LastName"), patient.value("FirstName"))).rstrip("^")
    found = {
        "manufacturer": common.value("Company"),
        "model": common.value("ModelName"),
        "serial_number": common.value("MachineNo"),
        "time": f"{date.replace('/', '-')}T{time}" if date and time else "",
        "patient_id": patient.value("ID"),
        "patient_name": name,
    }
    return {"checked": False} | {key: value for key, value in found.items() if value}


def _eyes(parent: Element | None) -> Iterator[tuple[str, Element]]:
    for one in parent.children if parent is not None else []:
        if one.name in {"R", "L"}:
            yield one.name, one


def _values(element: Element, details: dict[str, Any], *wanted: tuple[str, str, str]) -> Found:
    """The numbers among an element's children: (child, measurement, unit)."""
    for child, name, unit in wanted:
        value = number(element.value(child))
        if value is not None:
            yield measured(name, value, unit, details)


_SPHERE = (("Sphere", "sphere", DIOPTRE), ("Cylinder", "cylinder", DIOPTRE), ("Axis", "axis", DEGREE))


def _summary(eye: Element) -> list[tuple[Element, dict[str, Any]]]:
    """The median or average of an eye's readings, or else each reading."""
    for name in ("Median", "Average"):
        found = eye.child(name)
        if found is not None and any(one.text or one.children for one in found.children):
            return [(found, {"statistic": name.lower()})]
    return [(one, {"statistic": "reading"}) for one in eye.all("List")]


def _refraction(measure: Element, details: dict[str, Any]) -> Found:
    yield from _values(measure, details, ("VD", "vertex_distance", MM))
    for letter, eye in _eyes(measure.child("REF")):
        for one, more in _summary(eye):
            wanted = (*_SPHERE, ("SE", "spherical_equivalent", DIOPTRE))
            yield from _values(one, details | {"eye": letter} | more, *wanted)
    for child, far in (("Distance", "far"), ("Near", "near")):
        value = number(measure.value("PD", child))
        if value is not None:
            yield measured("pupillary_distance", value, MM, details | {"distance": far})


def _lenses(measure: Element, details: dict[str, Any]) -> Found:
    parent = measure.child("LM")
    for letter, eye in [*_eyes(parent), *(("S", one) for one in (parent.all("S") if parent is not None else []))]:
        more = details | ({} if letter == "S" else {"eye": letter})
        yield from _values(eye, more, *_SPHERE, ("Add1", "add", DIOPTRE), ("ADD", "add", DIOPTRE))
        for child, direction in (("H", "horizontal"), ("V", "vertical")):
            value = number(eye.value(child))
            if value is not None:  # which sign is which base, no file that was seen has said
                yield measured("prism", abs(value), PRISM_DIOPTRE, more | {"direction": direction, "signed": value})
    for letter in ("B", "R", "L"):
        value = number(measure.value("PD", letter, "Distance"))
        if value is not None:
            yield measured("pupillary_distance", value, MM, details | ({} if letter == "B" else {"eye": letter}))


def _keratometry(measure: Element, details: dict[str, Any]) -> Found:
    for letter, eye in _eyes(measure.child("KM")):
        for one, statistic in _summary(eye):
            more = details | {"eye": letter} | statistic
            first, second = number(one.value("R1", "Radius")), number(one.value("R2", "Radius"))
            meridians = {"R1": "flat", "R2": "steep"}
            if first is not None and second is not None and first < second:
                meridians = {"R1": "steep", "R2": "flat"}
            for name, meridian in meridians.items():
                axis = number(one.value(name, "Axis"))
                where: dict[str, Any] = {"meridian": meridian} | ({} if axis is None else {"axis": int(axis)})
                yield from _curvature(one.child(name), more | where)
            yield from _curvature(one.child("Average"), more | {"meridian": "average"})
            cylinder, axis = number(one.value("Cylinder", "Power")), number(one.value("Cylinder", "Axis"))
            if cylinder is not None:
                across = {} if axis is None else {"axis": int(axis)}
                yield measured("corneal_cylinder", cylinder, DIOPTRE, more | across)


def _curvature(element: Element | None, details: dict[str, Any]) -> Found:
    if element is not None:
        yield from _values(element, details, ("Radius", "corneal_radius", MM), ("Power", "corneal_power", DIOPTRE))


def _tonometry(measure: Element, details: dict[str, Any]) -> Found:
    for parent in measure.all("TM"):
        for letter, eye in _eyes(parent):
            for one, more in _summary(eye):
                wanted = ("IOP_mmHg", "intraocular_pressure", MMHG)
                yield from _values(one, details | {"eye": letter} | more, wanted)
    for letter, eye in _eyes(measure.child("CCT")):
        for one, more in _summary(eye):
            value = number(one.value("CCT_mm"))
            if value is not None:
                yield measured("corneal_thickness", round(value * 1000, 3), UM, details | {"eye": letter} | more)


def _subjective(measure: Element, details: dict[str, Any]) -> Found:
    """The refraction that the patient chose; what kind, and for which distance in cm, stands in the details."""
    test = measure.child("RefractionTest") or Element("")
    for kind in test.all("Type"):
        for at in kind.all("ExamDistance"):
            more = details | {"source": "subjective", "correction": kind.value("TypeName")}
            far = number(at.value("Distance"))
            more |= {} if far is None else {"distance_cm": far}
            for letter, eye in _eyes(at.child("RefractionData")):
                wanted = (("Sph", "sphere", DIOPTRE), ("Cyl", "cylinder", DIOPTRE), ("Axis", "axis", DEGREE))
                yield from _values(eye, more | {"eye": letter}, *wanted)
            value = number(at.value("PD", "B"))
            if value is not None:
                yield measured("pupillary_distance", value, MM, more)


def recognise(data: bytes) -> float:
    """How sure these bytes are a file of JOIA's."""
    if _ROOT_START.search(data):
        return 0.99 if b"joia" in data.lower() or _ROOT_END.search(data) else 0.8
    return 0.0


JOIA_XML = Device(
    name="joia-xml",
    title="JOIA XML files of ophthalmic instruments (NIDEK, Topcon)",
    serial=Serial(),
    driver=Joia,
    settings=SETTINGS,
    streams=False,
    recognise=recognise,
    waveforms={},
    checked=False,
)
