"""What the archive knows of its instances, in SQLite: enough to answer C-FIND without opening a file."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

# What is kept of each instance, by level: PS3.4 tables C.6-1, C.6-2, C.6-3 and C.6-4, the keys that viewers ask for.
LEVELS: Mapping[str, tuple[str, ...]] = {
    "PATIENT": ("PatientID", "PatientName", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientComments"),
    "STUDY": (
        "StudyInstanceUID",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "StudyID",
        "StudyDescription",
        "ReferringPhysicianName",
        "PatientAge",
        "PatientSize",
        "PatientWeight",
    ),
    "SERIES": (
        "SeriesInstanceUID",
        "Modality",
        "SeriesNumber",
        "SeriesDescription",
        "SeriesDate",
        "SeriesTime",
        "BodyPartExamined",
        "Laterality",
        "ProtocolName",
        "StationName",
        "Manufacturer",
        "ManufacturerModelName",
        "InstitutionName",
        "OperatorsName",
        "PerformingPhysicianName",
        "FrameOfReferenceUID",
        "PerformedProcedureStepID",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence",
    ),
    "IMAGE": (
        "SOPInstanceUID",
        "SOPClassUID",
        "InstanceNumber",
        "ContentDate",
        "ContentTime",
        "AcquisitionDate",
        "AcquisitionTime",
        "AcquisitionNumber",
        "ImageType",
        "Rows",
        "Columns",
        "BitsAllocated",
        "NumberOfFrames",
    ),
}
KEPT = ("SpecificCharacterSet", *(keyword for keywords in LEVELS.values() for keyword in keywords))
# PS3.4 Table C.6-3 and PS3.18 Table 10.6.1-5: what is kept of an item of Request Attributes Sequence.
REQUEST = ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID", "ScheduledProcedureStepID")
# The column by which a level's entities are told apart.
UNIQUE_KEYS: Mapping[str, str] = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
_NUMBERS = frozenset({"Rows", "Columns", "BitsAllocated"})
_COLUMNS = {key: f'"{key}"' for key in UNIQUE_KEYS.values()}

_SCHEMA = """
CREATE TABLE IF NOT EXISTS instance (
    "SOPInstanceUID" TEXT PRIMARY KEY,
    "SeriesInstanceUID" TEXT NOT NULL,
    "StudyInstanceUID" TEXT NOT NULL,
    "PatientID" TEXT NOT NULL,
    sop_class_uid TEXT NOT NULL,
    transfer_syntax_uid TEXT NOT NULL,
    modality TEXT NOT NULL,
    path TEXT NOT NULL,
    attributes TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_series ON instance ("SeriesInstanceUID");
CREATE INDEX IF NOT EXISTS by_study ON instance ("StudyInstanceUID");
CREATE INDEX IF NOT EXISTS by_patient ON instance ("PatientID");
"""

# An update, not a replacement: what comes again keeps its place in the order.
_PUT = """
INSERT INTO instance VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT ("SOPInstanceUID") DO UPDATE SET
    "SeriesInstanceUID" = excluded."SeriesInstanceUID", "StudyInstanceUID" = excluded."StudyInstanceUID",
    "PatientID" = excluded."PatientID", sop_class_uid = excluded.sop_class_uid,
    transfer_syntax_uid = excluded.transfer_syntax_uid, modality = excluded.modality, path = excluded.path,
    attributes = excluded.attributes
"""

# Counts and lists of PS3.4 C.6.1.1 and C.3.4, per entity.
_SUMMARY = """
SELECT min(rowid), attributes, transfer_syntax_uid,
    count(DISTINCT "StudyInstanceUID"), count(DISTINCT "SeriesInstanceUID"), count(*),
    group_concat(DISTINCT modality), group_concat(DISTINCT sop_class_uid)
FROM instance
"""


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """An instance that the archive keeps.

    Args:
        sop_class_uid: SOP Class UID.
        sop_instance_uid: SOP Instance UID.
        transfer_syntax_uid: the syntax it was received in.
        study_uid: Study Instance UID.
        series_uid: Series Instance UID.
        path: its Part 10 file.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    study_uid: str
    series_uid: str
    path: Path


class Index:
    """The table of instances; one connection, used by one thread at a time.

    Args:
        path: the database file; made when it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database; the index cannot be used after."""
        with self._lock:
            self._database.close()

    def put(self, instance: StoredInstance, attributes: Mapping[str, str]) -> None:
        """Note an instance, in the place of an older one with its UID.

        Args:
            instance: what is kept.
            attributes: values of `KEPT`, several of one joined by a backslash; items of a sequence as a JSON array of
                objects of such values.
        """
        row = (
            instance.sop_instance_uid,
            instance.series_uid,
            instance.study_uid,
            attributes.get("PatientID", ""),
            instance.sop_class_uid,
            instance.transfer_syntax_uid,
            attributes.get("Modality", ""),
            str(instance.path),
            json.dumps(attributes, ensure_ascii=False),
        )
        with self._lock:
            self._database.execute(_PUT, row)

    def entities(self, level: str, within: Mapping[str, Collection[str]]) -> Iterator[Dataset]:
        """The patients, studies, series or instances, each with the attributes of its level and those above.

        Args:
            level: one of `LEVELS`.
            within: unique keys and the values that each may have.
        """
        where, values = _where(within)
        statement = f"{_SUMMARY} {where} GROUP BY {_COLUMNS[UNIQUE_KEYS[level]]} ORDER BY min(rowid)"
        for row in self._rows(statement, values):
            yield _entity(level, row)

    def instances(self, within: Mapping[str, Collection[str]]) -> list[StoredInstance]:
        """The instances below the given unique keys, in the order in which they came."""
        where, values = _where(within)
        columns = 'sop_class_uid, "SOPInstanceUID", transfer_syntax_uid, "StudyInstanceUID", "SeriesInstanceUID", path'
        rows = self._rows(f"SELECT {columns} FROM instance {where} ORDER BY rowid", values)  # noqa: S608 - constants
        return [StoredInstance(row[0], row[1], row[2], row[3], row[4], Path(row[5])) for row in rows]

    def studies(self) -> list[str]:
        """The Study Instance UIDs, in the order in which they came."""
        rows = self._rows('SELECT "StudyInstanceUID" FROM instance GROUP BY 1 ORDER BY min(rowid)', [])
        return [row[0] for row in rows]

    def _rows(self, statement: str, values: list[str]) -> list[tuple[str, ...]]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()


def _where(within: Mapping[str, Collection[str]]) -> tuple[str, list[str]]:
    """A WHERE clause; values stand in one JSON text each, since SQLite limits how many parameters there may be."""
    clauses = [f"{_COLUMNS[key]} IN (SELECT value FROM json_each(?))" for key in within]  # noqa: S608 - constants
    values = [json.dumps(list(values)) for values in within.values()]
    return (f"WHERE {' AND '.join(clauses)}" if clauses else "", values)


def _entity(level: str, row: tuple[str, ...]) -> Dataset:
    _, attributes, transfer_syntax_uid, studies, series, instances, modalities, sop_classes = row
    kept: dict[str, str] = json.loads(attributes)
    values: dict[str, object] = {}
    if kept.get("SpecificCharacterSet"):
        values["SpecificCharacterSet"] = kept["SpecificCharacterSet"].split("\\")
    for upper, keywords in LEVELS.items():
        values.update({keyword: _value(keyword, kept[keyword]) for keyword in keywords if keyword in kept})
        if upper == level:
            break
    if level == "PATIENT":
        values["NumberOfPatientRelatedStudies"] = studies
        values["NumberOfPatientRelatedSeries"] = series
        values["NumberOfPatientRelatedInstances"] = instances
    if level == "STUDY":
        values["NumberOfStudyRelatedSeries"] = series
        values["NumberOfStudyRelatedInstances"] = instances
        values["ModalitiesInStudy"] = sorted(filter(None, modalities.split(",")))
        values["SOPClassesInStudy"] = sorted(sop_classes.split(","))
    if level == "SERIES":
        values["NumberOfSeriesRelatedInstances"] = instances
    if level == "IMAGE":
        values["AvailableTransferSyntaxUID"] = transfer_syntax_uid
    entity = Dataset()
    for keyword, value in values.items():
        tag = Tag(keyword)
        # What was received is given back as it came, be it valid or not; a number that is none is left out.
        with suppress(ValueError, TypeError, ArithmeticError):
            entity[tag] = DataElement(tag, dictionary_VR(tag), value, validation_mode=0)
    return entity


def _value(keyword: str, text: str) -> object:
    if dictionary_VR(keyword) == "SQ":
        return [_item(item) for item in json.loads(text)]
    if keyword in _NUMBERS:
        return int(text) if text else None
    return text.split("\\") if "\\" in text and dictionary_VR(keyword) not in ("LT", "ST", "UT") else text


def _item(values: Mapping[str, str]) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        item[Tag(keyword)] = DataElement(Tag(keyword), dictionary_VR(keyword), value, validation_mode=0)
    return item
