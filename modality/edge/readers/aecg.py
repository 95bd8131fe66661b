"""HL7 annotated ECG (aECG, HL7 v3 AnnotatedECG R1) as 12-lead ECG: its waveforms, not what was annotated in them.

Source: "HL7 aECG Implementation Guide" (Brown, Badilini, 2005): series, sequence sets, GLIST and SLIST values.
"""

from __future__ import annotations

import math
import re
from datetime import datetime

import numpy as np
import numpy.typing as npt

from firmware_bridge.drivers.ophthalmic.tree import Element, XmlRefused, parse
from modality.edge.describing.content import Captured, Content
from modality.edge.matching.matching import Hints
from modality.edge.readers import recorded
from modality.errors import InputError
from modality.iods.coded import unit
from modality.iods.waveforms.leads import ECG_LEADS
from modality.iods.waveforms.recording import Channel, Group, Recording

_LARGEST = 50_000_000  # bytes; our choice
_MOST_SAMPLES = 20_000_000
_LEAD = re.compile(r"MDC_ECG_LEAD_(\w{1,16})", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", re.ASCII)
_DIGITS = re.compile(r"\s*[+-]?\d{1,9}(\s+[+-]?\d{1,9})*\s*", re.ASCII)
_MOMENT = re.compile(r"(\d{14})(?:\.(\d{1,6}))?([+-]\d{4})?", re.ASCII)
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}
_32_BIT = np.iinfo(np.int32)


def read(captured: Captured) -> list[Content]:
    """A file.

    Raises:
        InputError: it is no aECG, has a document type, or holds no lead that is known.
    """
    name = str(captured.item.details.get("file") or captured.device.name)
    try:
        if len(captured.data) > _LARGEST:
            raise InputError(f"more than {_LARGEST} bytes")
        root = parse(captured.data)
        if root.name != "AnnotatedECG":
            raise InputError(f"<{root.name[:64]}> is no AnnotatedECG")
        made, others = _recordings(root, captured)
    except (InputError, XmlRefused) as error:
        raise InputError(f"{name}: {error}") from error
    if not made:
        raise InputError(f"{name}: no sequence is of a lead that is known")
    notes = (f"left out: {', '.join(others)[:200]}",) if others else ()
    return [Content(_hints(root), tuple(recorded.ecg(made)), notes=notes)]


def _recordings(root: Element, captured: Captured) -> tuple[list[Recording], list[str]]:
    """Of each series its sequence sets; series derived from one, such as its average beat, are left out."""
    made, others = [], list[str]()
    for component in root.all("component"):
        for series in component.all("series"):
            begun = moment(_attribute(series, "value", "effectiveTime", "low"))
            begun = begun or moment(_attribute(root, "value", "effectiveTime", "low")) or captured.started
            for holder in series.all("component"):
                for one in holder.all("sequenceSet"):
                    recording = _recording(one, begun, others)
                    made += [recording] if recording else []
    return made, list(dict.fromkeys(others))


def _recording(sequences: Element, begun: datetime, others: list[str]) -> Recording | None:
    rate, started = 0.0, begun
    channels: list[Channel] = []
    columns: list[npt.NDArray[np.int64]] = []
    for component in sequences.all("component"):
        for sequence in component.all("sequence"):
            code, value = _attribute(sequence, "code", "code"), sequence.child("value") or Element("value")
            if code in ("TIME_ABSOLUTE", "TIME_RELATIVE"):
                rate = _rate(value)
                started = (code == "TIME_ABSOLUTE" and moment(_attribute(value, "value", "head"))) or begun
                continue
            found = _LEAD.fullmatch(code)
            lead = recorded.lead_of(found[1], ECG_LEADS) if found else ""
            if not lead:
                others.append(code[:32] or "a sequence without a code")
                continue
            channel, samples = _channel(lead, value)
            channels.append(channel)
            columns.append(samples)
    if not columns:
        return None
    if not rate:
        raise InputError("a sequence set does not say its sampling interval (TIME_ABSOLUTE or TIME_RELATIVE)")
    if len({len(one) for one in columns}) > 1:
        raise InputError("the leads of a sequence set do not have the same number of samples")
    if len({one.name for one in channels}) < len(channels):
        raise InputError("a sequence set has a lead twice")
    group = Group(rate, np.stack(columns, axis=1).astype(np.int32), tuple(channels))
    return Recording(started, (group,))


def _rate(value: Element) -> float:
    interval = _number(_attribute(value, "value", "increment"), "sampling interval")
    scale = _SECONDS.get(_attribute(value, "unit", "increment"))
    if scale is None or not interval > 0:
        raise InputError(f"a sampling interval of {interval:g} {_attribute(value, 'unit', 'increment')[:8]!r} is none")
    rate = 1.0 / (interval * scale)
    return float(round(rate)) if abs(rate - round(rate)) < 1e-6 * rate else rate


def _channel(lead: str, value: Element) -> tuple[Channel, npt.NDArray[np.int64]]:
    digits = value.value("digits")
    if not _DIGITS.fullmatch(digits):
        raise InputError(f"lead {lead}: its digits are no whole numbers")
    samples = np.array(digits.split(), np.int64)
    if len(samples) > _MOST_SAMPLES or samples.min() < _32_BIT.min or samples.max() > _32_BIT.max:
        raise InputError(f"lead {lead}: too many samples, or such as are beyond 32 bits")
    step = _number(_attribute(value, "value", "scale"), f"scale of lead {lead}")
    volts = recorded.voltage(_attribute(value, "unit", "scale"))
    origin = _attribute(value, "value", "origin")
    zero = _number(origin, f"origin of lead {lead}") if origin else 0.0
    same = recorded.voltage(_attribute(value, "unit", "origin")) == volts
    if not volts or not step or (zero and not same):
        raise InputError(f"lead {lead}: its scale is no voltage, or its origin is in another unit")
    return Channel(lead, ECG_LEADS[lead], unit(volts), step, zero), samples


def _attribute(element: Element, name: str, *path: str) -> str:
    found = element.child(*path)
    return found.attributes.get(name, "") if found is not None else ""


def _number(text: str, what: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise InputError(f"{what}: {text[:32]!r} is no number")
    return number


def moment(text: str) -> datetime | None:
    """A point in time (HL7 v3 TS); None when it is none, or less than a second is known of it."""
    found = _MOMENT.fullmatch(text)
    if not found:
        return None
    digits, fraction, zone = found[1], (found[2] or "").ljust(6, "0"), found[3] or ""
    try:
        return datetime.strptime(f"{digits}.{fraction}{zone}", f"%Y%m%d%H%M%S.%f{'%z' if zone else ''}")  # noqa: DTZ007
    except ValueError:
        return None


def _hints(root: Element) -> Hints:
    """The subject of the trial, which in a hospital is the patient."""
    subject = root.child(
        "componentOf", "timepointEvent", "componentOf", "subjectAssignment", "subject", "trialSubject"
    ) or Element("trialSubject")
    identifier = _attribute(subject, "extension", "id")
    person = subject.child("subjectDemographicPerson", "name") or Element("name")
    family, given = (re.sub(r"[\\^=]", " ", person.value(one)) for one in ("family", "given"))
    name = f"{family}^{given}".rstrip("^") or re.sub(r"[\\^=]", " ", person.text)
    return Hints(identifier[:64].replace("\\", " ").strip(), " ".join(name.split())[:64])
