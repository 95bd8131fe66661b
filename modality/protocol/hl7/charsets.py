"""MSH-18: how a message's bytes are read, and the Specific Character Set that says the same in DICOM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from modality.protocol.hl7.refusal import DATA_TYPE, TABLE_VALUE, Refusal
from modality.protocol.matching import UNREADABLE
from modality.protocol.repertoire import UTF_8, character_set_for


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """How texts are written.

    Args:
        codec: Python's codec for the bytes.
        dicom: values of Specific Character Set; none for the default repertoire.
    """

    codec: str
    dicom: tuple[str, ...] = ()


_ASCII = CharacterSet("ascii")
_JAPANESE = CharacterSet("iso2022_jp_ext", ("", "ISO 2022 IR 87"))
# HL7 table 0211, beside PS3.3 Tables C.12-2 to C.12-5. Sets of which DICOM has none become UTF-8.
_SETS = {
    "": _ASCII,
    "ASCII": _ASCII,
    "ISO IR6": _ASCII,
    "8859/1": CharacterSet("latin_1", ("ISO_IR 100",)),
    "8859/2": CharacterSet("iso8859_2", ("ISO_IR 101",)),
    "8859/3": CharacterSet("iso8859_3", ("ISO_IR 109",)),
    "8859/4": CharacterSet("iso8859_4", ("ISO_IR 110",)),
    "8859/5": CharacterSet("iso8859_5", ("ISO_IR 144",)),
    "8859/6": CharacterSet("iso8859_6", ("ISO_IR 127",)),
    "8859/7": CharacterSet("iso8859_7", ("ISO_IR 126",)),
    "8859/8": CharacterSet("iso8859_8", ("ISO_IR 138",)),
    "8859/9": CharacterSet("iso8859_9", ("ISO_IR 148",)),
    "8859/15": CharacterSet("iso8859_15", (UTF_8,)),
    "UNICODE UTF-8": CharacterSet("utf_8", (UTF_8,)),
    "GB 18030-2000": CharacterSet("gb18030", ("GB18030",)),
    "BIG-5": CharacterSet("big5", (UTF_8,)),
    "KS X 1001": CharacterSet("euc_kr", (UTF_8,)),
    "ISO IR14": _JAPANESE,
    "ISO IR87": _JAPANESE,
    "ISO IR159": _JAPANESE,
}

NAMES = {name: one.dicom for name, one in _SETS.items()}
"""Specific Character Set by the name in MSH-18."""


def named(names: Sequence[str]) -> CharacterSet:
    """The character set that the repetitions of MSH-18 name: the first is the default, others come by escape sequences.

    Raises:
        Refusal: a name is not known, or there is no way to read them together.
    """
    known = [_SETS.get(_plain(name)) for name in names] or [_ASCII]
    if None in known:
        raise Refusal(TABLE_VALUE, "no character set of table 0211 that is read here", "MSH", 18)
    sets = [one for one in dict.fromkeys(known) if one is not None and one is not _ASCII]
    if len(sets) > 1 or (sets and len(known) > 1 and sets[0] is not _JAPANESE):
        raise Refusal(TABLE_VALUE, "character sets that are not read together here", "MSH", 18)
    return sets[0] if sets else _ASCII


def decoded(content: bytes, declared: CharacterSet) -> tuple[str, CharacterSet]:
    """A message as text, and the character set it turned out to be in.

    What is beyond ASCII and declared nowhere is read as UTF-8 if it is that, else as ISO 8859-1: our choice.

    Raises:
        Refusal: the bytes do not fit the character set that is declared.
    """
    guesses = [declared] if declared is not _ASCII else [_ASCII, _SETS["UNICODE UTF-8"], _SETS["8859/1"]]
    for one in guesses:
        try:
            return content.decode(one.codec), one
        except UnicodeDecodeError:
            continue
    raise Refusal(DATA_TYPE, "the message is not in the character set that it declares", "MSH", 18)


def declare(item: Dataset, preferred: Sequence[str]) -> None:
    """Set an item's Specific Character Set: the preferred one if every text survives in it, else UTF-8."""
    chosen = character_set_for(item, preferred if any(preferred) else None)
    item.pop("SpecificCharacterSet", None)
    if chosen is None:
        return
    item.SpecificCharacterSet = chosen
    # Of several sets, each text may need its own: what counts is what comes back (PS3.5 6.1.2.5).
    if isinstance(chosen, list) and not _survives(item):
        item.SpecificCharacterSet = UTF_8


def _survives(item: Dataset) -> bool:
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = True, True
    try:
        write_dataset(stream, item, item.SpecificCharacterSet)
        back = pydicom.dcmread(BytesIO(stream.getvalue()), force=True)
        back.decode()
        return back.to_json_dict() == item.to_json_dict()
    except UNREADABLE:
        return False


def _plain(name: str) -> str:
    """A name as in table 0211, whatever its case; some senders write "ISO IR 87", and "UTF-8" for "UNICODE UTF-8"."""
    upper = " ".join(name.upper().split()).replace("ISO IR ", "ISO IR").replace("ISO_IR", "ISO IR").replace("IR ", "IR")
    return {"UTF-8": "UNICODE UTF-8", "UTF8": "UNICODE UTF-8", "UNICODE": "UNICODE UTF-8"}.get(upper, upper)
