"""Malformed data sets: valid ones broken in one place each, by a table of named defects with the clause each breaks."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

from modality.errors import UnknownNameError
from modality.load.faults.elements import (
    PIXEL_DATA,
    Element,
    Elements,
    changed,
    elements,
    encode,
    inserted,
    valued,
    without,
)
from modality.registry import unknown
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE

_SOP_CLASS, _SOP_INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_CHARACTER_SET, _STUDY_DATE, _PATIENT_NAME, _PATIENT_ID = 0x00080005, 0x00080020, 0x00100010, 0x00100020
_ROWS, _BITS_STORED, _INSTANCE_NUMBER = 0x00280010, 0x00280101, 0x00200013
_UNDEFINED = 0xFFFFFFFF
_RUBBISH = 4096  # bytes

_INVERSE = bytes(range(255, -1, -1))

Break = Callable[[list[Element]], bytes]


class Defect(NamedTuple):
    """One way in which a data set is wrong.

    Args:
        what: for people.
        clause: what it breaks.
        breaks: the data set's elements to the bytes that are sent.
    """

    what: str
    clause: str
    breaks: Break


def _swapped(parts: Elements) -> bytes:
    found = list(parts)
    found[1], found[2] = found[2], found[1]
    return encode(found)


def _truncated(parts: Elements) -> bytes:
    whole = encode(parts)
    return whole[: len(whole) - max(2, len(parts[-1].value) // 2)]


def _beyond(parts: Elements) -> bytes:
    last = parts[-1]
    return encode([*parts[:-1], last._replace(length=len(last.value) + 0x1000)])


def _half_the_pixels(parts: Elements) -> bytes:
    return encode(changed(parts, PIXEL_DATA, lambda one: (one._replace(value=one.value[: len(one.value) // 4 * 2]),)))


def _unterminated(parts: Elements) -> bytes:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + Element(_SOP_CLASS, b"UI", b"1.2.3\0").encode()
    return encode(inserted(parts, Element(0x00081140, b"SQ", item, _UNDEFINED)))


def _rubbish(_: Elements) -> bytes:
    return random.Random(_RUBBISH).randbytes(_RUBBISH)


def _value(tag: int, value: bytes) -> Break:
    return lambda parts: encode(valued(parts, tag, value))


def _put(tag: int, vr: bytes, value: bytes) -> Break:
    return lambda parts: encode(inserted(parts, Element(tag, vr, value)))


def _without(tag: int) -> Break:
    return lambda parts: encode(without(parts, tag))


def _twice(tag: int) -> Break:
    return lambda parts: encode(changed(parts, tag, lambda one: (one, one)))


def _as(tag: int, vr: bytes) -> Break:
    return lambda parts: encode(changed(parts, tag, lambda one: (one._replace(vr=vr),)))


# The data set goes out in Explicit VR Little Endian; Affected SOP Class and Instance UID of the command stay right.
DEFECTS: dict[str, Defect] = {
    "no-sop-class-uid": Defect("SOP Class UID left out", "PS3.3 C.12.1, Type 1", _without(_SOP_CLASS)),
    "no-sop-instance-uid": Defect("SOP Instance UID left out", "PS3.3 C.12.1, Type 1", _without(_SOP_INSTANCE)),
    "other-sop-class": Defect(
        "SOP Class UID of another class (Verification) than the command's", "PS3.7 9.1.1, PS3.4 B.2.3",
        _value(_SOP_CLASS, b"1.2.840.10008.1.1\0"),
    ),
    "other-sop-instance": Defect(
        "another SOP Instance UID than the command's", "PS3.7 9.1.1",
        lambda parts: encode(changed(parts, _SOP_INSTANCE, lambda one: (one._replace(value=_other_uid(one.value)),))),
    ),
    "no-study-uid": Defect("Study Instance UID left out", "PS3.3 C.7.2.1, Type 1", _without(_STUDY)),
    "empty-study-uid": Defect("Study Instance UID empty", "PS3.5 7.4.1: Type 1 has a value", _value(_STUDY, b"")),
    "no-series-uid": Defect("Series Instance UID left out", "PS3.3 C.7.3.1, Type 1", _without(_SERIES)),
    "long-uid": Defect(
        "a Study Instance UID of 70 characters", "PS3.5 9.1: at most 64", _value(_STUDY, b"2.25." + b"1" * 65),
    ),
    "letters-in-uid": Defect("letters in the Series Instance UID", "PS3.5 9.1", _value(_SERIES, b"1.2.series.01\0")),
    "no-rows": Defect("Rows left out", "PS3.3 C.7.6.3, Type 1", _without(_ROWS)),
    "bits-stored": Defect("99 Bits Stored in fewer allocated", "PS3.5 8.1.1", _value(_BITS_STORED, b"\x63\0")),
    "short-pixels": Defect("half of the Pixel Data that Rows and Columns tell of", "PS3.5 8.1.1", _half_the_pixels),
    "odd-length": Defect(
        "a value of odd length", "PS3.5 7.1.1: even", _put(_PATIENT_ID, b"LO", b"ODD"),
    ),
    "long-value": Defect("a Patient ID of 200 characters", "PS3.5 6.2: LO, 64", _put(_PATIENT_ID, b"LO", b"X" * 200)),
    "bad-date": Defect("Study Date 20261399", "PS3.5 6.2: DA", _put(_STUDY_DATE, b"DA", b"20261399")),
    "bad-number": Defect("an Instance Number of letters", "PS3.5 6.2: IS", _put(_INSTANCE_NUMBER, b"IS", b"two ")),
    "control-characters": Defect(
        "NULL and line feed within the Patient ID", "PS3.5 6.2: LO", _put(_PATIENT_ID, b"LO", b"A\0B\nC "),
    ),
    "bad-character-set": Defect(
        "a Patient's Name that is not in the character set it names", "PS3.5 6.1, PS3.3 C.12.1.1.2",
        lambda parts: encode(inserted(inserted(parts, Element(_CHARACTER_SET, b"CS", b"ISO_IR 192")),
                                      Element(_PATIENT_NAME, b"PN", b"M\xfcller^\xff\xfe "))),
    ),
    "unknown-character-set": Defect(
        "a Specific Character Set that does not exist", "PS3.3 C.12.1.1.2", _put(_CHARACTER_SET, b"CS", b"ISO_IR 999"),
    ),
    "unknown-vr": Defect("value representation ZZ", "PS3.5 6.2", _as(_PATIENT_ID, b"ZZ")),
    "wrong-vr": Defect("Patient's Name as US", "PS3.6 6, PS3.5 7.1.2", _as(_PATIENT_NAME, b"US")),
    "out-of-order": Defect("tags that do not ascend", "PS3.5 7.1", _swapped),
    "twice": Defect("Patient ID twice", "PS3.5 7.1: at most once", _twice(_PATIENT_ID)),
    "private-without-creator": Defect(
        "a private element without its private creator", "PS3.5 7.8.1", _put(0x00991001, b"LO", b"nobody's"),
    ),
    "file-meta": Defect(
        "an element of file meta information in the data set", "PS3.10 7.1",
        lambda parts: encode([Element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0"), *parts]),
    ),
    "unterminated-sequence": Defect("a sequence and an item without their delimiters", "PS3.5 7.5", _unterminated),
    "length-beyond-end": Defect("an element longer than what follows", "PS3.5 7.1", _beyond),
    "truncated": Defect("it ends in the middle of the last element", "PS3.5 7.1", _truncated),
    "rubbish": Defect("4096 random bytes", "PS3.5 7", _rubbish),
    "missing": Defect("no data set, though the command announces one", "PS3.7 9.3.1.1", lambda _: b""),
}  # fmt: skip


UNFINDABLE = frozenset((
    "no-sop-instance-uid", "other-sop-instance", "no-study-uid", "empty-study-uid", "no-series-uid", "long-uid",
    "letters-in-uid", "rubbish", "missing",
))  # fmt: skip
"""Defects after which nobody can say under which UIDs an archive that keeps the object would list it."""


def _other_uid(value: bytes) -> bytes:
    """Another UID of the same length."""
    text = value.rstrip(b"\0")
    return (text[:-1] + (b"1" if text[-1:] != b"1" else b"2")).ljust(len(value), b"\0")


def malformed(instance: PreparedInstance, defect: str) -> PreparedInstance:
    """An instance with one defect, in Explicit VR Little Endian.

    It still names its UIDs as before, which the command of a C-STORE tells; only `buffers` are to be used.

    Args:
        instance: a valid one.
        defect: a name of `DEFECTS`.

    Raises:
        UnknownNameError: there is no such defect.
        InputError: the instance cannot be taken apart.
    """
    if defect not in DEFECTS:
        raise UnknownNameError(unknown("defect", defect, list(DEFECTS)))
    data = DEFECTS[defect].breaks(elements(instance))
    return _bare(instance, EXPLICIT_LITTLE.uid, [data])


def implicit(instance: PreparedInstance) -> PreparedInstance:
    """An instance that says it is in Explicit VR Little Endian, and is in Implicit (PS3.5 A.1, A.2)."""
    return _bare(instance, EXPLICIT_LITTLE.uid, transcode(instance, IMPLICIT_LITTLE).buffers())


def inverted(instance: PreparedInstance) -> PreparedInstance:
    """An instance under the same UIDs with each bit of its pixels turned, in Explicit VR Little Endian."""
    parts = changed(elements(instance), PIXEL_DATA, lambda one: (one._replace(value=one.value.translate(_INVERSE)),))
    return _bare(instance, EXPLICIT_LITTLE.uid, [encode(parts)])


def _bare(
    instance: PreparedInstance, syntax_uid: str, buffers: Sequence[bytes | bytearray | memoryview]
) -> PreparedInstance:
    names = {
        "sop_class_uid": instance.sop_class_uid,
        "sop_instance_uid": instance.sop_instance_uid,
        "study_uid": instance.study_uid,
        "series_uid": instance.series_uid,
    }
    return PreparedInstance(syntax_uid, b"", buffers, instance.source, known=names)
