"""Turns captures into objects, one after the other in the order of their capture."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from modality import __version__
from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Item, Moment, NewObject
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import DeviceConfig, EdgeConfig
from modality.edge.describing.content import Captured, Content, Part, Reader
from modality.edge.events import Events
from modality.edge.matching.matching import Matcher, Subject, Undecided, remembered
from modality.edge.naming import seed
from modality.errors import InputError, ModalityError, StorageFailed, UsageError, counted
from modality.identity import Identity, uid
from modality.iods.captured import prepared
from modality.iods.context import Context, Equipment, Series, Study
from modality.iods.values import day, time
from modality.registry import DEVICES
from modality.transfer.instance import PreparedInstance

READERS: Mapping[str, str] = {
    "pdf": "modality.edge.describing.files:pdf",
    "photo": "modality.edge.describing.files:photo",
    "sc": "modality.edge.describing.files:secondary",
    "video": "modality.edge.describing.files:video",
    "joia-xml": "modality.edge.describing.eyes:read",
    "nidek-lm": "modality.edge.describing.eyes:read",
    "nidek-ar": "modality.edge.describing.eyes:read",
    "nidek-km": "modality.edge.describing.eyes:read",
    "nidek-nt": "modality.edge.describing.eyes:read",
    "cms50d-recorded": "modality.edge.describing.vitals:read",
    "astm": "modality.edge.describing.laboratory:read",
    "hl7-oru": "modality.edge.readers.hl7_results:read",
    "edf": "modality.edge.readers.edf:read",
    "gdt": "modality.edge.readers.gdt:read",
    "aecg": "modality.edge.readers.aecg:read",
    "scp": "modality.edge.readers.scp:read",
}
"""What understands each kind of bytes, other than a stream of a monitor."""
_STREAM = "modality.edge.describing.vitals:read"


@dataclass(frozen=True, slots=True)
class GivenIdentity(Identity):
    """The identity of what has its SOP Instance UID already.

    Args:
        given: that UID.
    """

    given: str = ""

    def uid(self, role: str, *index: int) -> str:
        """The UID given, for the instance; for anything else as ever."""
        return self.given if role == "instance" else Identity.uid(self, role, *index)


class Describer:
    """Reads captures, finds out whose they are, and puts what is made of them into the outbox.

    Args:
        config: the box's.
        outbox: where captures are, and objects go.
        matcher: knows whose they are.
        clock: the box's.
        events: hears what becomes of each.
    """

    def __init__(self, config: EdgeConfig, outbox: Outbox, matcher: Matcher, clock: BoxClock, events: Events) -> None:
        self._config, self._outbox, self._matcher, self._clock, self._events = config, outbox, matcher, clock, events
        self._seed = seed(outbox)

    def work(self, stop: threading.Event) -> int:
        """Describe what was captured and not described; how many became objects.

        Raises:
            StorageFailed: the disk does not take them.
        """
        made = 0
        for item in self._outbox.items("captured"):
            if stop.is_set():
                break
            made += self.describe(item)
        return made

    def describe(self, item: Item) -> bool:
        """Describe one capture; whether there are objects of it now.

        Raises:
            StorageFailed: the disk does not take them; the capture is as before.
        """
        device = self._config.device_named(item.source)
        if device is None:
            self._wait(item, f"no device is named {item.source!r} in the configuration any more")
            return False
        try:
            return self._describe(item, device)
        except StorageFailed:
            raise  # not this item's fault: none can be described now
        except ModalityError as error:
            self._outbox.set_aside(item.uid, str(error))
            self._events.tell("dead", item.source, str(error), uid=item.uid)
        except Exception as error:  # noqa: BLE001 - a poisoned item never stops the rest
            reason = f"cannot be described: {type(error).__name__}: {error}"
            self._outbox.set_aside(item.uid, reason)
            self._events.tell("dead", item.source, reason, uid=item.uid)
        return False

    def _describe(self, item: Item, device: DeviceConfig) -> bool:
        moment = self._clock.anchored(item.moment)
        try:
            data = item.raw.read_bytes()
        except OSError as error:
            raise InputError(f"{item.raw}: cannot be read: {error.strerror or error}") from error
        contents = _reader(item.kind)(Captured(item, device, data, moment.wall, moment.trusted))
        contents = [one for one in contents if one.parts or one.observed]
        item = replace(item, moment=moment)
        if not contents:
            self._outbox.drop(item.uid, "it holds no measurement")
            self._events.tell("discarded", item.source, "it holds no measurement", uid=item.uid)
            return False
        subjects = []
        for content in contents:
            subject = self._subject(item, device, content, alone=len(contents) == 1)
            if isinstance(subject, Undecided):
                self._undecided(item, subject)
                return False
            subjects.append(subject)
        objects, names = list[NewObject](), set[str]()
        notes = [note for content in contents for note in content.notes]
        for content, subject in zip(contents, subjects, strict=True):
            objects += self._objects(item, device, moment, content, subject, names, notes)
        if not objects:
            said = "".join(f"; {note}" for note in dict.fromkeys(notes))
            raise UsageError(f"nobody takes what {item.source} gives: [fhir] is missing, or report = true{said}")
        matched = remembered(subjects[0]) if device.matched == "worklist" else {}
        self._outbox.describe(item.uid, objects, reason="; ".join(dict.fromkeys(notes)), details=matched)
        self._events.tell("described", item.source, counted(len(objects), "object"), uid=item.uid)
        return True

    def _subject(self, item: Item, device: DeviceConfig, content: Content, *, alone: bool) -> Subject | Undecided:
        """Whose a content is; of several patients' in one capture, what a person said is of those that nobody knows."""
        if item.subject and not alone:
            known = self._matcher.match(replace(item, subject={}), device, content.hints)
            if isinstance(known, Subject):
                return known
        return self._matcher.match(item, device, content.hints)

    def _undecided(self, item: Item, why: Undecided) -> None:
        if why.later:
            self._wait(item, why.reason)
            return
        self._outbox.hold(item.uid, why.reason, {"choices": list(why.choices)})
        self._events.tell("held", item.source, why.reason, uid=item.uid)

    def anchor(self, deliveries: Deliveries) -> int:
        """Take back what was described before the clock could be believed, and is nowhere yet; how many captures.

        They are described anew, under their own UIDs, with the time as it is known now. Nothing may be on its way.

        Args:
            deliveries: of the outbox.
        """
        taken = 0
        for item in self._outbox.items("ready"):
            known = self._clock.anchored(item.moment).trusted and not item.moment.trusted
            if known and not any(one.reached for one in deliveries.of(item.uid)):
                self._outbox.again(item.uid)
                taken += 1
        return taken

    def _wait(self, item: Item, reason: str) -> None:
        if item.reason != reason:
            self._outbox.wait(item.uid, reason)
            self._events.tell("waiting", item.source, reason, uid=item.uid)

    def _objects(
        self,
        item: Item,
        device: DeviceConfig,
        moment: Moment,
        content: Content,
        subject: Subject,
        before: set[str],
        notes: list[str],
    ) -> list[NewObject]:
        archives = [one.name for one in self._config.archives]
        made: list[NewObject] = []
        for part in content.parts if archives else ():
            if part.report and not device.report:
                continue
            given = item.uid if item.uid not in before else uid("edge", item.uid, len(before))
            before.add(given)
            instance = self._instance(item, device, moment, part, subject, given)
            made.append(
                NewObject(
                    instance.sop_instance_uid, "dicom", instance.part10(self._config.edge.aet), archives,
                    instance.sop_class_uid, instance.study_uid,
                )
            )  # fmt: skip
        if content.observed and self._config.fhir:
            transaction = self._transaction(item, device, content, subject, notes)
            if transaction:
                name = uid("edge", item.uid, "fhir", len(before))
                before.add(name)
                made.append(NewObject(name, "fhir", [transaction], [self._config.fhir.name]))
        return made

    def _transaction(
        self, item: Item, device: DeviceConfig, content: Content, subject: Subject, problems: list[str]
    ) -> bytes:
        from modality.edge.describing.observations import bundle, encoded  # loads the tables of FHIR

        zone = self._clock.wall().astimezone().tzinfo
        assert zone is not None
        made = bundle(content, subject, item.uid, device, self._equipment(device), zone, problems)
        return encoded(made) if made else b""

    def _instance(
        self, item: Item, device: DeviceConfig, moment: Moment, part: Part, subject: Subject, given: str
    ) -> PreparedInstance:
        context = self._context(device, moment.wall, part.modality, subject, given)
        dataset = part.describe(replace(part.measurement, number=item.number), context)
        now = self._clock.wall()
        dataset.InstanceCreationDate, dataset.InstanceCreationTime = day(now), time(now)
        return prepared(dataset, source=str(item.details.get("file") or device.name))

    def _context(self, device: DeviceConfig, started: datetime, modality: str, subject: Subject, given: str) -> Context:
        """The entities above the instance: a scheduled step's study, or one study a patient, device and day."""
        step, patient = subject.step, subject.patient
        whose = (self._seed, device.name, patient.issuer, patient.patient_id)
        study_uid = step.study_uid if step else ""
        if not study_uid:
            what = (step.step_id, step.accession_number) if step else (f"{started:%Y%m%d}",)
            study_uid = uid("edge", *whose, "study", *what)
        series_uid = uid("edge", *whose, "series", study_uid, modality)
        study = Study(
            study_uid,
            self._first(f"study {study_uid}", started),
            study_id=(step.requested_procedure_id if step else "") or f"{started:%Y%m%d}",
            accession_number=step.accession_number if step else "",
            description=step.requested_procedure_description if step else "",
            referring_physician=step.referring_physician if step else "",
            requests=(step,) if step else (),
        )
        series = Series(
            series_uid,
            1,
            self._first(f"series {series_uid}", started),
            frame_of_reference_uid="",
            description=device.name,
        )
        return Context(patient, study, series, GivenIdentity(0, ("edge",), given), self._equipment(device))

    def _first(self, name: str, moment: datetime) -> datetime:
        """When a study or series began: the same in each of its instances, and after a restart."""
        known = self._outbox.fact(name)
        return datetime.fromisoformat(known or self._outbox.remember(name, moment.isoformat()))

    def _equipment(self, device: DeviceConfig) -> Equipment:
        return Equipment(
            manufacturer=device.manufacturer or "unknown",
            model_name=device.model or device.driver,
            station_name=self._config.edge.aet,
            device_serial_number=device.serial_number or device.name,
            software_versions=f"modality {__version__}",
            institution_name=self._config.edge.institution,
        )


def _reader(kind: str) -> Reader:
    """What understands a kind of bytes.

    Raises:
        UsageError: nobody does.
    """
    target = READERS.get(kind) or (_STREAM if DEVICES.load(kind).streams else "")
    if not target:
        raise UsageError(f"nothing understands {kind!r}")
    module, _, attribute = target.partition(":")
    reader: Reader = getattr(importlib.import_module(module), attribute)
    return reader
