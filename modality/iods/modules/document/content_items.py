"""PS3.3 C.17.3 SR Document Content: items of the content tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pydicom.dataset import Dataset

from modality.errors import InputError
from modality.identity import uid
from modality.iods.coded import Code, finite, unit, words
from modality.iods.context import Equipment
from modality.iods.documents.content import Reference, Result
from modality.iods.macros.reference import reference
from modality.iods.modules.waveform.identification import date_time_with_offset
from modality.iods.values import decimal

LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
_OBSERVER_TYPE = Code("121005", "DCM", "Observer Type")
_DEVICE = Code("121007", "DCM", "Device")
_DEVICE_UID = Code("121012", "DCM", "Device Observer UID")
_DEVICE_TEXTS = (
    ("manufacturer", Code("121014", "DCM", "Device Observer Manufacturer")),
    ("model_name", Code("121015", "DCM", "Device Observer Model Name")),
    ("device_serial_number", Code("121016", "DCM", "Device Observer Serial Number")),
)
_FINDING_SITE = Code("363698007", "SCT", "Finding Site")
_NORMAL_RANGE = Code("121407", "DCM", "Normal Range description")
_NORMALITY = Code("121402", "DCM", "Normality")
_COMMENT = Code("121106", "DCM", "Comment")
_NO_UNITS = unit("1", "no units")
_KINDS = ("IMAGE", "WAVEFORM", "COMPOSITE")


def container(dataset: Dataset, name: Code, items: Iterable[Dataset]) -> Dataset:
    """Make a data set a container: the root, or a section."""
    dataset.ValueType = "CONTAINER"
    dataset.ConceptNameCodeSequence = [name.item()]
    dataset.ContinuityOfContent = "SEPARATE"
    dataset.ContentSequence = list(items)
    return dataset


def section(name: Code, items: Iterable[Dataset]) -> Dataset:
    """A container within another."""
    item = Dataset()
    item.RelationshipType = "CONTAINS"
    return container(item, name, items)


def _item(relationship: str, value_type: str, name: Code | None) -> Dataset:
    item = Dataset()
    item.RelationshipType = relationship
    item.ValueType = value_type
    if name is not None:
        item.ConceptNameCodeSequence = [name.item()]
    return item


def code_item(relationship: str, name: Code, value: Code) -> Dataset:
    """A CODE item."""
    item = _item(relationship, "CODE", name)
    item.ConceptCodeSequence = [value.item()]
    return item


def text_item(relationship: str, name: Code, value: str) -> Dataset:
    """A TEXT item."""
    item = _item(relationship, "TEXT", name)
    item.TextValue = words(value)
    return item


def number_item(name: Code, value: float, of: Code) -> Dataset:
    """A NUM item that a container holds."""
    return result_item(Result(name, value, of))


def uid_item(relationship: str, name: Code, value: str) -> Dataset:
    """A UIDREF item."""
    item = _item(relationship, "UIDREF", name)
    item.UID = value
    return item


def moment_item(relationship: str, name: Code, value: datetime) -> Dataset:
    """A DATETIME item."""
    item = _item(relationship, "DATETIME", name)
    item.DateTime = date_time_with_offset(value)
    return item


def device_observer(equipment: Equipment) -> Iterator[Dataset]:
    """Who observed: the device, by a UID that is its own (PS3.16 TID 1002 and 1004)."""
    yield code_item("HAS OBS CONTEXT", _OBSERVER_TYPE, _DEVICE)
    device = uid("device", equipment.manufacturer, equipment.model_name, equipment.device_serial_number)
    yield uid_item("HAS OBS CONTEXT", _DEVICE_UID, device)
    for attribute, name in _DEVICE_TEXTS:
        value = getattr(equipment, attribute)
        if value:
            yield text_item("HAS OBS CONTEXT", name, value)


def reference_item(to: Reference, name: Code | None = None) -> Dataset:
    """An IMAGE, WAVEFORM or COMPOSITE item.

    Raises:
        InputError: the kind is none of these.
    """
    if to.kind not in _KINDS:
        raise InputError(f"a reference of kind {to.kind!r}: give one of {', '.join(_KINDS)}")
    item = _item("CONTAINS", to.kind, name)
    referenced = reference(to.sop_class_uid, to.sop_instance_uid)
    if to.frames:
        referenced.ReferencedFrameNumber = [str(frame) for frame in to.frames]
    item.ReferencedSOPSequence = [referenced]
    return item


def result_item(result: Result) -> Dataset:
    """A NUM, TEXT or CODE item with what qualifies it.

    Raises:
        InputError: the value is no finite number, or no text.
    """
    item = _value(result)
    if result.at is not None:
        item.ObservationDateTime = date_time_with_offset(result.at)
    children = []
    if result.site is not None:
        children.append(code_item("HAS CONCEPT MOD", _FINDING_SITE, result.site))
    if isinstance(result.flag, Code):
        children.append(code_item("HAS PROPERTIES", _NORMALITY, result.flag))
    if words(result.reference):
        children.append(text_item("HAS PROPERTIES", _NORMAL_RANGE, result.reference))
    flag = f"Flag of the device: {result.flag}" if isinstance(result.flag, str) and result.flag else ""
    children += [text_item("HAS PROPERTIES", _COMMENT, said) for said in (flag, result.comment) if words(said)]
    if children:
        item.ContentSequence = children
    return item


def _value(result: Result) -> Dataset:
    name, value = result.name, result.value
    if isinstance(value, Code):
        return code_item("CONTAINS", name, value)
    if isinstance(value, str):
        if not words(value).strip():
            raise InputError(f"{name.meaning}: the result has no value")
        return text_item("CONTAINS", name, value)
    number = finite(name.meaning, value)
    item = _item("CONTAINS", "NUM", name)
    measured = Dataset()
    measured.MeasurementUnitsCodeSequence = [(result.unit or _NO_UNITS).item()]
    measured.NumericValue = decimal(number)
    item.MeasuredValueSequence = [measured]
    return item
