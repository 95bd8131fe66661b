"""HL7's data types as DICOM values (HL7 v2 chapter 2A; IHE RAD TF-2x Appendix B; PS3.5 6.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time
from typing import Any

from pydicom.datadict import dictionary_VR

from modality.protocol.hl7.message import Part, Segment
from modality.protocol.hl7.refusal import DATA_TYPE

Values = dict[str, Any]
"""DICOM values by keyword: texts, numbers, lists of texts, lists of `Values` for a sequence; None erases."""

# PS3.5 Table 6.2-1: the longest value, in characters; of a name, its component group.
LONGEST = {"AE": 16, "CS": 16, "SH": 16, "LO": 64, "PN": 64, "UI": 64, "ST": 1024, "LT": 10240}
# These may be as long as they like (2^32 - 2 bytes); our choice.
LONGEST.update(dict.fromkeys(("UC", "UT"), 10240))
_FORMATTED = ("LT", "ST", "UT")
_MOMENT = re.compile(r"(\d{8})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.\d{1,4})?)?)?)?(?:[+-]\d{4})?", re.ASCII)
_SHAPES = {
    "AE": re.compile(r"[ -\[\]-~]{1,16}"),
    "CS": re.compile(r"[A-Z0-9_ ]{1,16}"),
    "UI": re.compile(r"(?=.{1,64}$)(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+"),
}


def fitted(text: str, keyword: str) -> str:
    """A text as a value of an attribute: what its VR does not allow is replaced, what is too long is cut.

    Only for what people read: an identifier that is cut would be another one (see `identifier`).
    """
    vr = dictionary_VR(keyword)
    formatted = vr in _FORMATTED
    kept = "".join(one if one.isprintable() or (formatted and one == "\n") else " " for one in text)
    if not formatted:
        kept = kept.replace("\\", "/")
    return kept.strip()[: LONGEST[vr]].strip()


def identifier(segment: Segment, field: int, part: Part, keyword: str) -> str:
    """A text that has to be kept as it is.

    Raises:
        Refusal: the attribute cannot hold it.
    """
    text = part.text
    vr = dictionary_VR(keyword)
    shape = _SHAPES.get(vr)
    if text and (not shape.fullmatch(text) if shape else fitted(text, keyword) != text):
        what = f"longer than the {LONGEST[vr]} characters" if len(text) > LONGEST.get(vr, 64) else "not what"
        raise segment.refuse(DATA_TYPE, f"{what} that {keyword} ({vr}) holds", field)
    return text


def moment(segment: Segment, field: int, part: Part) -> tuple[str, str]:
    """A time stamp as DA and TM (HL7 TS, DTM): local time as it is written, its offset from UTC left aside.

    Raises:
        Refusal: it is none, or less than a day.
    """
    found = _MOMENT.fullmatch(part.text)
    try:
        if not found:
            raise ValueError
        day = date(int(found[1][:4]), int(found[1][4:6]), int(found[1][6:]))
        at = time(int(found[2] or 0), int(found[3] or 0), int(found[4] or 0))
    except ValueError:
        raise segment.refuse(DATA_TYPE, "no time stamp YYYYMMDD[HH[MM[SS]]]", field) from None
    return f"{day:%Y%m%d}", f"{at:%H%M%S}"


def birth_date(segment: Segment, field: int, part: Part) -> str:
    """A date of birth as DA; empty when only its year or month is known, which DA cannot say.

    Raises:
        Refusal: it is no date.
    """
    return "" if re.fullmatch(r"\d{4}(\d\d)?", part.text, re.ASCII) else moment(segment, field, part)[0]


def name(parts: Sequence[Part]) -> str:
    """The components family, given, middle, suffix, prefix, degree (of XPN and XCN) as a component group of PN.

    HL7 has the suffix before the prefix, DICOM after it (PS3.5 6.2.1.1); a degree is a suffix in DICOM.
    """
    family, given, middle, suffix, prefix, degree = (_component(one) for one in (*parts, *[None] * 6)[:6])
    after = " ".join(part for part in (suffix, degree) if part)
    return "^".join((family, given, middle, prefix, after)).rstrip("^")[: LONGEST["PN"]]


def person_name(repetitions: Sequence[Part]) -> tuple[str, list[str]]:
    """A patient's name in its writings (HL7 XPN), and other names that the patient has or had.

    The name is the first one that is legal (XPN-7 L), else the first; what is marked as ideographic or phonetic (XPN-8)
    stands in the second and third component group (PS3.5 6.2.1.2).
    """
    writings: dict[str, list[Part]] = {"A": [], "I": [], "P": []}
    for one in repetitions:
        writings.get(one(8).text.upper(), writings["A"]).append(one)
    alphabetic = [(one(7).text.upper(), name(one.parts())) for one in writings["A"] if one.text]
    legal = next((kind for kind in ("L", "") if any(had == kind for had, _ in alphabetic)), None)
    chosen = next((place for place, (kind, _) in enumerate(alphabetic) if legal is None or kind == legal), None)
    first = "" if chosen is None else alphabetic[chosen][1]
    others = [text for place, (_, text) in enumerate(alphabetic) if place != chosen and text and text != first]
    written = [first, *(name(writings[kind][0].parts()) if writings[kind] else "" for kind in ("I", "P"))]
    return "=".join(written).rstrip("="), list(dict.fromkeys(others))


def provider(part: Part) -> str:
    """A person with an identifier before the name (HL7 XCN), as PN; the identifier where there is no name."""
    return name(part.parts()[1:]) or name(part.parts()[:1])


def technician(part: Part) -> str:
    """The person of OBR-34 (HL7 NDL, CM before 2.5), whose first component is identifier and name, as PN."""
    person = part(1).parts()
    # Many write the person as an XCN all the same; a NDL has a time stamp there.
    if len(person) == 1 and part(2).text and not part(2).text.isdigit():
        return provider(part)
    return name(person[1:]) or name(person[:1])


def code(parts: Sequence[Part]) -> Values | None:
    """Identifier, text and coding system (half of HL7 CE) as an item of a code sequence; None when it names no code.

    A code needs its scheme in DICOM (PS3.3 Table 8.8-1): one without gets 99LOCAL, which is our choice.
    """
    value, meaning, scheme = ((one.text if one else "") for one in (*parts, *[None] * 3)[:3])
    if not value:
        return None
    # A Code Value holds 16 characters, what is longer is a Long Code Value.
    keyword = "CodeValue" if fitted(value, "CodeValue") == value else "LongCodeValue"
    return {
        keyword: fitted(value, keyword),
        "CodingSchemeDesignator": fitted(scheme, "CodingSchemeDesignator") or "99LOCAL",
        "CodeMeaning": fitted(meaning, "CodeMeaning") or fitted(value, "CodeMeaning"),
    }


def authority(holder: Part, begins: int = 1) -> Values:
    """An assigning authority (HL7 HD) as the HL7v2 Hierarchic Designator Macro (PS3.3 Table 10-17); empty when none.

    Args:
        holder: what has namespace, universal ID and its type as its parts.
        begins: which of its parts is the namespace.
    """
    namespace, universal, kind = (holder(begins + place) for place in range(3))
    made = {"LocalNamespaceEntityID": fitted(namespace.text, "LocalNamespaceEntityID")}
    if universal.text:
        made["UniversalEntityID"] = fitted(universal.text, "UniversalEntityID")
        if kind.text.upper() in ("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500"):
            made["UniversalEntityIDType"] = kind.text.upper()
    return {keyword: value for keyword, value in made.items() if value}


def _component(part: Part | None) -> str:
    """A component of a name: nothing in it may look like a delimiter of PN."""
    text = part.text if part else ""
    return " ".join("".join(" " if one in "^=\\" or not one.isprintable() else one for one in text).split())
