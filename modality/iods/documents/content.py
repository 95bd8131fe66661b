"""What a document holds, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modality.iods.coded import Code

ENGLISH = Code("en", "RFC5646", "English")


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF file.

    Args:
        data: its bytes, which stay as they are.
        created: when it was made or received: Content Date and Time.
        title: Document Title, as it stands in the document; empty where that is not known.
        kind: what kind of document it is, such as a code of LOINC; None where that is not known.
        identified: it names the patient in its pages (Burned In Annotation).
        source: what to call it in messages; a file's name.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    data: bytes
    created: datetime
    title: str = ""
    kind: Code | None = None
    identified: bool = True
    source: str = "document"
    number: int = 1


@dataclass(frozen=True, slots=True)
class Result:
    """One result of a report.

    Args:
        name: what was measured, such as a code of LOINC.
        value: a number, a text, or a code.
        unit: UCUM, of a number; None is one without a unit.
        at: when it was observed; None where that is the report's time.
        site: where, such as an eye.
        reference: the reference range as the device prints it.
        flag: the device's own flag ("H"), or a code of its interpretation.
        comment: what qualifies it in words.
    """

    name: Code
    value: float | str | Code
    unit: Code | None = None
    at: datetime | None = None
    site: Code | None = None
    reference: str = ""
    flag: Code | str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Results under one heading.

    Args:
        heading: its code.
        results: at least one.
    """

    heading: Code
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """An instance elsewhere.

    Args:
        study_uid: Study Instance UID.
        series_uid: Series Instance UID.
        sop_class_uid: SOP Class UID.
        sop_instance_uid: SOP Instance UID.
        frames: numbers of the frames that are meant, from 1; none means all.
        kind: IMAGE, WAVEFORM or COMPOSITE.
    """

    study_uid: str
    series_uid: str
    sop_class_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...] = ()
    kind: str = "IMAGE"


@dataclass(frozen=True, slots=True)
class Report:
    """A structured report of results.

    Args:
        title: its code.
        created: Content Date and Time.
        sections: what it says.
        evidence: instances that the results were taken from.
        language: Language of Content Item and Descendants (RFC 5646).
        complete: Completion Flag; the report is never verified, since no person has seen it.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    title: Code
    created: datetime
    sections: tuple[Section, ...]
    evidence: tuple[Reference, ...] = ()
    language: Code = ENGLISH
    complete: bool = True
    number: int = 1


@dataclass(frozen=True, slots=True)
class KeyObjects:
    """A selection of instances with a reason.

    Args:
        title: a code of PS3.16 CID 7010, such as (113000, DCM, "Of Interest").
        created: Content Date and Time.
        objects: what is selected, at least one.
        description: in words.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    title: Code
    created: datetime
    objects: tuple[Reference, ...]
    description: str = ""
    number: int = 1
