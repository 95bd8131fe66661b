"""What lies in the outbox: a capture, the objects made of it, and the delivery of each to each destination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from modality.transfer.elements import Buffer

State = Literal["captured", "held", "ready", "stored", "delivered", "dead", "discarded"]
"""How far an item is.

    captured: safe here; nothing made of it yet.
    held: a person has to say whose it is.
    ready: described; not yet stored at every destination.
    stored: stored at every destination, and not yet confirmed by each.
    delivered: stored and confirmed at every destination.
    dead: set aside with its reason; it can be repaired and sent again under the same UID.
    discarded: a person did not want it delivered.
"""

STATES: tuple[State, ...] = ("captured", "held", "ready", "stored", "delivered", "dead", "discarded")
OVER: tuple[State, ...] = ("delivered", "discarded")
"""States in which retention may take an item."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was captured, as far as the box knew.

    Args:
        wall: local time.
        monotonic_s: seconds of the monotonic clock, which goes on through corrections of the wall clock.
        boot: which start of the machine the monotonic clock counts from.
        trusted: the wall clock was known to be right.
    """

    wall: datetime
    monotonic_s: float = 0.0
    boot: str = ""
    trusted: bool = True


@dataclass(frozen=True, slots=True)
class Capture:
    """What a source hands in, beside its bytes.

    Args:
        source: the device's name in the configuration.
        kind: format of the bytes: a driver's name ("nonin-2"), or a kind of file ("pdf").
        moment: when it began.
        uid: its SOP Instance UID, where the source had to give it before; a new one by default.
        origin: what tells it from every other that the source still holds ("inode:mtime:size:digest" of a file): a
            second capture of the same origin is the first one.
        details: what goes with the bytes and fits into JSON: a file's name, an identifier of the patient.
    """

    source: str
    kind: str
    moment: Moment
    uid: str = ""
    origin: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One capture in the outbox.

    Args:
        number: order of capture.
        uid: SOP Instance UID, given at capture, of what is made of it; of the first of several.
        source: the device's name.
        kind: format of the bytes.
        state: how far it is.
        moment: when it began.
        details: what goes with the bytes.
        reason: why it is held or dead; else what is worth knowing.
        subject: whose it is, as a person has said; empty when nobody had to.
        acknowledged: the source has been told, and holds it no more.
        raw: the file of its bytes.
        size: bytes of it.
        changed: when its state last changed (local time).
    """

    number: int
    uid: str
    source: str
    kind: str
    state: State
    moment: Moment
    details: Mapping[str, Any]
    reason: str
    subject: Mapping[str, Any]
    acknowledged: bool
    raw: Path
    size: int
    changed: datetime


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object made of a capture.

    Args:
        uid: SOP Instance UID; of what is no DICOM, a UID of its own.
        form: "dicom", or "fhir".
        parts: its bytes.
        destinations: names of where it goes.
        class_uid: SOP Class UID.
        study_uid: Study Instance UID.
    """

    uid: str
    form: Literal["dicom", "fhir"]
    parts: Sequence[Buffer]
    destinations: Sequence[str]
    class_uid: str = ""
    study_uid: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An object on its way to one destination.

    Args:
        number: its place in the order of the destination.
        destination: its name.
        uid: the object's UID.
        item_uid: the capture's.
        form: "dicom", or "fhir".
        state: "ready", "stored", "delivered", "dead".
        class_uid: SOP Class UID.
        study_uid: Study Instance UID.
        path: the object's file.
        refusals: how often the destination has refused it.
        reason: what it said last.
        confirmed: how the delivery was confirmed: "commitment", "query", "answer", "none"; empty while it is not.
        reached: some of it may have come to the destination.
    """

    number: int
    destination: str
    uid: str
    item_uid: str
    form: str
    state: State
    class_uid: str
    study_uid: str
    path: Path
    refusals: int
    reason: str
    confirmed: str
    reached: bool
