"""Evidence from files: DICOM files and data sets, DICOM JSON (PS3.18 F), and our own `worklist --json`."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pydicom
from pydicom.charset import python_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_keyword, dictionary_VR
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from modality.errors import InputError
from modality.protocol.matching import UNREADABLE
from modality.protocol.received_text import decode
from modality.protocol.repertoire import TEXT_VRS
from modality.protocol.step_states import changed
from modality.station.consistency.case import Image, Report, Step
from modality.station.consistency.values import Part, text
from modality.transfer.part10 import is_uid
from modality.transfer.reading import read

_BROKEN = (InvalidDicomError, RecursionError, *UNREADABLE)
_DEFERRED = 65536  # pixels are counted, not read
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_UNDEFINED_LENGTH = 0xFFFFFFFF
_NAMES_OF_A_STEP = ("SOPInstanceUID", "AffectedSOPInstanceUID", "RequestedSOPInstanceUID")
# A key of `modality worklist --json` to a keyword, of the item and of its scheduled step.
_ITEM_KEYS = {
    "patient_id": "PatientID",
    "patient_name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "accession_number": "AccessionNumber",
    "study_uid": "StudyInstanceUID",
    "requested_procedure_id": "RequestedProcedureID",
    "requested_procedure": "RequestedProcedureDescription",
}
_STEP_KEYS = {
    "modality": "Modality",
    "station_aet": "ScheduledStationAETitle",
    "step_id": "ScheduledProcedureStepID",
    "description": "ScheduledProcedureStepDescription",
}


def read_image(path: Path) -> Image:
    """An instance of a study; its pixel data is measured, and not kept.

    Raises:
        InputError: the file is no DICOM, or cannot be read.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values are what the rules are for
        try:
            try:
                dataset = pydicom.dcmread(path, defer_size=_DEFERRED)
            except InvalidDicomError:
                return _image(path, read(path).dataset(), Dataset())
            return _image(path, dataset, getattr(dataset, "file_meta", None) or Dataset())
        except _BROKEN as error:
            raise InputError(f"{path}: cannot be read as DICOM: {_one_line(error)}") from error


def _image(path: Path, dataset: Dataset, meta: Dataset) -> Image:
    pixel_bytes, encapsulated = None, False
    for keyword in _PIXELS:
        if keyword in dataset:
            raw: Any = dataset.get_item(keyword, keep_deferred=True)
            length = raw.length if hasattr(raw, "length") else len(raw.value or b"")
            encapsulated = length == _UNDEFINED_LENGTH
            pixel_bytes = None if encapsulated else length
            del dataset[keyword]
    if not len(dataset):
        raise InputError(f"{path}: holds no attribute")
    undecodable = _undecodable(dataset, "")
    undeclared = decode(dataset)
    part = Part(str(path), dataset, tuple(undeclared))
    return Image(part, meta, pixel_bytes, encapsulated, tuple(dict.fromkeys(undecodable)))


def _undecodable(dataset: Dataset, term: str) -> list[str]:
    """Keywords of texts whose bytes are not of the one character set declared; code extensions are not followed."""
    own = dataset.get("SpecificCharacterSet")
    term = own if isinstance(own, str) else term if own is None else ""
    codec, found = python_encoding.get(term or ""), []
    for tag in sorted(dataset.keys()):
        raw: Any = dataset.get_item(tag)
        vr = raw.VR or (dictionary_VR(tag) if dictionary_has_tag(tag) else "UN")
        if vr == "SQ":
            for item in dataset[tag].value:
                found += _undecodable(item, term)
        elif term and codec and vr in TEXT_VRS and isinstance(raw.value, bytes):
            try:
                raw.value.decode(codec)
            except UnicodeDecodeError:
                found.append(dictionary_keyword(tag) if dictionary_has_tag(tag) else str(tag))
    return found


def read_parts(path: Path) -> list[Part]:
    """The data sets of a file, or of a folder in the order of names: a DICOM file, a bare data set, or JSON.

    Raises:
        InputError: there is nothing, or it is none of these; the message names the file.
    """
    if path.is_dir():
        files = sorted(one for one in path.iterdir() if one.is_file() and not one.name.startswith("."))
        if not files:
            raise InputError(f"{path}: an empty folder")
        return [part for one in files for part in read_parts(one)]
    try:
        content = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if content.lstrip()[:1] in (b"{", b"["):
                return _from_json(path, json.loads(content))
            dataset = pydicom.dcmread(path, force=True)
            undeclared = tuple(decode(dataset))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except _BROKEN as error:
        raise InputError(f"{path}: cannot be read as a data set: {_one_line(error)}") from error
    if not len(dataset):
        raise InputError(f"{path}: holds no data set")
    return [Part(str(path), dataset, undeclared)]


def _from_json(path: Path, document: Any) -> list[Part]:
    if isinstance(document, dict) and isinstance(document.get("steps"), list):
        return [Part(f"{path}[{place}]", _scheduled(step)) for place, step in enumerate(document["steps"])]
    parts = []
    several = isinstance(document, list)
    for place, one in enumerate(document if several else [document]):
        if not isinstance(one, dict) or not one:
            raise InputError(f"{path}: no DICOM JSON: an object of tags, or a list of such")
        dataset = Dataset.from_json(one)
        for element in dataset.iterall():
            _ = element.value
        parts.append(Part(f"{path}[{place}]" if several else str(path), dataset))
    return parts


def _scheduled(step: Any) -> Dataset:
    """A worklist item from what `modality worklist --json` says of it."""
    item, scheduled = Dataset(), Dataset()
    for keys, dataset in ((_ITEM_KEYS, item), (_STEP_KEYS, scheduled)):
        for key, keyword in keys.items():
            if step.get(key):
                setattr(dataset, keyword, step[key])
    codes = []
    for one in step.get("protocol_codes") or []:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator = one.get("value", ""), one.get("scheme", "")
        code.CodeMeaning = one.get("meaning", "")
        codes.append(code)
    if codes:
        scheduled.ScheduledProtocolCodeSequence = codes
    item.ScheduledProcedureStepSequence = [scheduled]
    return item


def worklist_items(parts: Iterable[Part], problems: dict[str, str]) -> list[Part]:
    """The parts that are worklist items; the others are noted by their source."""
    return _having(parts, problems, "a worklist item", "ScheduledProcedureStepSequence")


def reports(parts: Iterable[Part], problems: dict[str, str]) -> list[Report]:
    """The parts that are storage commitment results; the others are noted by their source."""
    keywords = ("TransactionUID", "ReferencedSOPSequence", "FailedSOPSequence")
    return [Report(part) for part in _having(parts, problems, "a storage commitment result", *keywords)]


def performed_steps(parts: Iterable[Part], problems: dict[str, str]) -> list[Step]:
    """The performed steps of the parts: each whole, or an N-CREATE with the N-SETs that follow it.

    What is none, and an N-SET without its N-CREATE before it, is noted by its source.
    """
    made: list[Step] = []
    keywords = ("ScheduledStepAttributesSequence", "PerformedProcedureStepStatus", "PerformedSeriesSequence")
    for part in _having(parts, problems, "a performed step", *keywords):
        uid = _step_uid(part)
        if "ScheduledStepAttributesSequence" in part.dataset or "PerformedStationAETitle" in part.dataset:
            made.append(Step(part, uid))
            continue
        place = next((at for at, step in enumerate(made) if uid and step.uid == uid), len(made) - 1)
        if place < 0:
            problems[part.source] = f"{part.source}: an N-SET without its N-CREATE, which has to come before it"
            continue
        made[place] = _after(made[place], part, uid)
    return made


def _after(step: Step, change: Part, uid: str) -> Step:
    """A step after an N-SET."""
    whole = Part(step.part.source, changed(step.part.dataset, change.dataset))
    return Step(whole, step.uid or uid, step.created or step.part, (*step.changes, change))


def _step_uid(part: Part) -> str:
    """The SOP Instance UID of a step, which its attributes do not hold: as stored, as commanded, or the file's name."""
    meta = getattr(part.dataset, "file_meta", None) or Dataset()
    named = [text(part.dataset, keyword) for keyword in _NAMES_OF_A_STEP]
    stem = Path(part.source).stem
    named += [text(meta, "MediaStorageSOPInstanceUID"), stem if is_uid(stem) and stem.count(".") > 1 else ""]
    return next((one for one in named if one), "")


def _having(parts: Iterable[Part], problems: dict[str, str], what: str, *keywords: str) -> list[Part]:
    found = []
    for part in parts:
        if any(keyword in part.dataset for keyword in keywords):
            found.append(part)
        else:
            problems[part.source] = f"{part.source}: not {what}: it has no {' or '.join(keywords)}"
    return found


def _one_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
