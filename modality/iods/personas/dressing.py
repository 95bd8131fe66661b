"""An instance as a persona's machine would have made it: the same pixels, the same attributes, its own habits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.iods.personas.persona import Persona
from modality.iods.personas.vendor import add_blocks
from modality.protocol.repertoire import character_set_for
from modality.transfer.habits.encoding import encoded_as, head_of
from modality.transfer.instance import PreparedInstance

_OUR_UID = 44  # characters (modality.identity)
_PERFORMED_STEP = 0x00081111  # refers to an MPPS instance, which no persona makes
_REFERRED = {"SOPInstanceUID": "ReferencedSOPInstanceUID", "FrameOfReferenceUID": "ReferencedFrameOfReferenceUID"}


def dressed(instance: PreparedInstance, persona: Persona) -> PreparedInstance:
    """The instance as the persona writes it, in the same transfer syntax.

    Raises:
        UsageError: a private value does not fit its VR.
    """
    head = head_of(instance)
    _tell_times(head, persona.times)
    lengthen_uids(head, persona)
    add_blocks(head, persona.block)
    declared = head.get("SpecificCharacterSet")
    needed = character_set_for(head, declared)
    if needed != declared:
        head.SpecificCharacterSet = needed
    return encoded_as(instance, head, persona.encoding)


def lengthen_uids(dataset: Dataset, persona: Persona) -> None:
    """Give the UIDs that the persona writes long, and references to them, 64 characters; at any depth."""
    keywords = {*persona.long_uids, *(_REFERRED[one] for one in persona.long_uids if one in _REFERRED)}
    if keywords:
        _lengthen(dataset, frozenset(int(Tag(keyword)) for keyword in keywords))


def _lengthen(dataset: Dataset, tags: frozenset[int]) -> None:
    for element in dataset:
        if element.VR == "SQ" and element.tag != _PERFORMED_STEP:
            for item in element.value:
                _lengthen(item, tags)
        elif element.tag in tags and element.value:
            uids = [str(uid) for uid in (element.value if element.VM > 1 else [element.value])]
            longer = [long_uid(uid) for uid in uids]
            element.value = longer if len(longer) > 1 else longer[0]


def long_uid(uid: str) -> str:
    """A UID of 64 characters below one of ours; any other stays as it is.

    What stands below the OID of a UUID (PS3.5 B.2) is given away by who made the UUID, and the number of 19 digits
    follows from it.
    """
    if len(uid) != _OUR_UID or not uid.startswith("2.25."):
        return uid
    number = int.from_bytes(hashlib.sha256(uid.encode("ascii")).digest(), "big") % (9 * 10**18)
    return f"{uid}.{10**18 + number}"


def _tell_times(dataset: Dataset, times: Mapping[str, str]) -> None:
    """Write times as finely as the persona tells them; what is finer is cut off."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _tell_times(item, times)
        elif element.value and element.keyword in times and element.VM == 1:
            day = 8 if element.VR == "DT" else 0
            text = str(element.value)
            element.value = text[:day] + _told(text[day:], times[element.keyword])


def _told(time: str, form: str) -> str:
    whole, _, fraction = time.partition(".")
    digits = form.partition(".")[2].count("F")
    if not digits:
        return whole[: len(form)]
    return f"{whole.ljust(6, '0')}.{fraction[:digits].ljust(digits, '0')}"
