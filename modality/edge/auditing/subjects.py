"""Whose the box's objects are, read from the objects themselves: what happens is told without patients' data."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from modality.delivery.outbox.outbox import OBJECTS, Outbox
from modality.edge.auditing.message import Transferred, Whose
from modality.edge.matching.matching import key_of
from modality.errors import ModalityError
from modality.protocol.matching import UNREADABLE
from modality.protocol.worklist import ScheduledStep

_READ = ["PatientID", "PatientName", "AccessionNumber", "StudyInstanceUID", "SOPClassUID", "SOPInstanceUID"]


class Subjects:
    """Looks up what an audit message has to say.

    Args:
        outbox: where the objects are.
        steps: gives the scheduled steps that are known.
    """

    def __init__(self, outbox: Outbox, steps: Callable[[], Sequence[ScheduledStep]]) -> None:
        self._outbox, self._steps = outbox, steps

    def objects(self, item_uid: str) -> list[str]:
        """UIDs of the DICOM objects made of a capture."""
        return [uid for uid, form, _ in self._made(item_uid) if form == "dicom"]

    def studies(self, uids: Iterable[str]) -> list[Transferred]:
        """Instances by their study and patient; those that are gone already are left out."""
        found: dict[tuple[str, str, str], list[Dataset]] = {}
        for uid in uids:
            header = _header(self._outbox.folder / OBJECTS / f"{uid}.dcm")
            if header is not None:
                key = (_text(header, "StudyInstanceUID"), _text(header, "PatientID"), _text(header, "PatientName"))
                found.setdefault(key, []).append(header)
        made = []
        for (study, patient_id, name), headers in found.items():
            instances: dict[str, list[str]] = {}
            for one in headers:
                instances.setdefault(_text(one, "SOPClassUID"), []).append(_text(one, "SOPInstanceUID"))
            numbers = dict.fromkeys(number for one in headers if (number := _text(one, "AccessionNumber")))
            made.append(Transferred(study, Whose(patient_id, name), instances, tuple(numbers)))
        return made

    def patients(self, item_uid: str) -> list[Whose]:
        """The patients of what was made of a capture for a FHIR server."""
        found: dict[Whose, None] = {}
        for _, form, name in self._made(item_uid):
            if form == "fhir":
                found.update(dict.fromkeys(_of_bundle(self._outbox.folder / OBJECTS / name)))
        return list(found)

    def assigned(self, item_uid: str) -> list[Whose]:
        """The patient whom a person has named for a capture."""
        try:
            item = self._outbox.item(item_uid)
        except ModalityError:
            return []
        if wanted := item.subject.get("step"):
            return [
                Whose(step.patient.patient_id, step.patient.name) for step in self._steps() if key_of(step) == wanted
            ][:1]
        return [Whose(str(item.subject.get("patient_id", "")), str(item.subject.get("name", "")))]

    def _made(self, item_uid: str) -> list[tuple[str, str, str]]:
        try:
            rows = self._outbox.database.rows("SELECT uid, form, file FROM objects WHERE item_uid = ?", item_uid)
        except ModalityError:
            return []
        return [(row["uid"], row["form"], row["file"]) for row in rows]


def _header(path: Path) -> Dataset | None:
    try:
        return dcmread(path, stop_before_pixels=True, specific_tags=list(_READ))
    except (OSError, InvalidDicomError, *UNREADABLE):
        return None


def _text(header: Dataset, keyword: str) -> str:
    try:
        return str(header.get(keyword) or "")
    except UNREADABLE:
        return ""


def _of_bundle(path: Path) -> list[Whose]:
    try:
        bundle: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return []
    found = []
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource", {})
        if resource.get("resourceType") == "Patient":
            identifiers, names = resource.get("identifier") or [{}], resource.get("name") or [{}]
            parts = [names[0].get("family", ""), " ".join(names[0].get("given", ()))]
            found.append(Whose(str(identifiers[0].get("value", "")), "^".join(filter(None, parts))))
    return found
