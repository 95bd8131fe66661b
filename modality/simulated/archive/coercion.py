"""What a simulated archive does on purpose to what it stores: attributes changed, elements dropped."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.charset import convert_encodings
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

from modality.protocol.matching import UNREADABLE
from modality.simulated.archive.header import UnreadableDataset
from modality.simulated.archive.storage import IncomingFile
from modality.simulated.fault_text import PRIVATE, number
from modality.simulated.faults import Fault


class CannotCoerce(Exception):
    """A value that the instance cannot hold."""


def change(path: Path, fault: Fault, into: IncomingFile) -> None:
    """Write an instance anew with the attributes changed and the elements dropped that a fault names.

    Args:
        path: the instance as it came.
        fault: what goes wrong.
        into: takes the Part 10 file.

    Raises:
        CannotCoerce: the character set of the instance cannot hold a value.
        UnreadableDataset: the instance cannot be read.
    """
    try:
        dataset = dcmread(path)
        for tag in [element for element in dataset.keys() if _dropped(element, fault.drop)]:  # noqa: SIM118 - as read
            del dataset[tag]
        for keyword, value in fault.coerce:
            _check(dataset, keyword, value)
            setattr(dataset, keyword, number(dictionary_VR(keyword), value))
        buffer = BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
    except UNREADABLE as error:
        raise UnreadableDataset(f"the data set cannot be read: {error}") from error
    into.write(buffer.getbuffer())


def _dropped(tag: int, drop: tuple[str, ...]) -> bool:
    return f"{tag:08X}" in drop or (PRIVATE in drop and bool(tag >> 16 & 1))


def _check(dataset: Dataset, keyword: str, value: str) -> None:
    """Raise where pydicom would warn, and write question marks."""
    terms = dataset.get("SpecificCharacterSet") or ""
    encodings = convert_encodings(terms) if terms else ["ascii"]
    for character in value:
        if not any(_holds(encoding, character) for encoding in encodings):
            name = terms if isinstance(terms, str) else "\\".join(terms)
            raise CannotCoerce(f"coerce {keyword}: {name or 'ISO_IR 6'} cannot hold {character!r}")


def _holds(encoding: str, character: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
