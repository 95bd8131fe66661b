"""ImagingStudy (hl7.org/fhir/R4/imagingstudy.html), from what is known of a study or from its instances' headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA, TM

from modality.errors import InputError, UsageError
from modality.fhir.datatypes import (
    URI,
    Resource,
    coding,
    dicom_uid,
    identifier,
    moment,
    named,
    reference,
    without_empty,
)
from modality.fhir.equipment import modality_name
from modality.fhir.orders import ACCESSION_SYSTEM
from modality.fhir.terminology import DICOM, SNOMED_CT, anatomic_regions, body_parts
from modality.protocol.worklist import text

Target = Mapping[str, Any] | str
"""What a reference points to: a resource, or where one is stored."""


@dataclass(frozen=True, slots=True)
class ImageInstance:
    """One SOP instance.

    Args:
        uid: SOP Instance UID.
        sop_class_uid: SOP Class UID.
        number: Instance Number.
    """

    uid: str
    sop_class_uid: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class ImageSeries:
    """One series.

    Args:
        uid: Series Instance UID.
        modality: Modality (PS3.16 CID 33).
        instances: what it holds.
        number: Series Number.
        description: Series Description.
        body_part: Body Part Examined, or the SNOMED CT code of an anatomic region.
        started: Series Date and Time.
    """

    uid: str
    modality: str
    instances: tuple[ImageInstance, ...]
    number: int | None = None
    description: str = ""
    body_part: str = ""
    started: datetime | None = None


def imaging_study(
    *,
    uid: str,
    series: Sequence[ImageSeries],
    subject: Target,
    started: datetime | None = None,
    accession_number: str = "",
    accession_system: str = ACCESSION_SYSTEM,
    description: str = "",
    referrer: str = "",
    based_on: Target | None = None,
    endpoints: Sequence[Target] = (),
    status: str = "available",
    zone: tzinfo = timezone.utc,
) -> Resource:
    """An ImagingStudy.

    Args:
        uid: Study Instance UID.
        series: what it holds.
        subject: the Patient.
        started: Study Date and Time.
        accession_number: Accession Number; empty without an order.
        accession_system: the system of that number.
        description: Study Description.
        referrer: Referring Physician's Name.
        based_on: the ServiceRequest.
        endpoints: where the images can be had (see `equipment.wado_endpoint`).
        status: a code of R4's imaging study status.
        zone: the time zone of naive times.

    Raises:
        UsageError: a modality is none of CID 33, or a body part has no code.
    """
    modalities = list(dict.fromkeys(one.modality for one in series))
    identifiers = [dicom_uid(uid)]
    if accession_number:
        identifiers.append(identifier(accession_system, accession_number, "ACSN"))
    return without_empty(
        {
            "resourceType": "ImagingStudy",
            "identifier": identifiers,
            "status": status,
            "modality": [coding(DICOM, one, modality_name(one)) for one in modalities],
            "subject": reference(subject),
            "started": moment(started, zone) if started else None,
            "basedOn": [reference(based_on)] if based_on else [],
            "referrer": named(referrer),
            "endpoint": [reference(one) for one in endpoints],
            "numberOfSeries": len(series),
            "numberOfInstances": sum(len(one.instances) for one in series),
            "description": description,
            "series": [_series(one, zone) for one in series],
        }
    )


def _series(one: ImageSeries, zone: tzinfo) -> Resource:
    return without_empty(
        {
            "uid": one.uid,
            "number": one.number,
            "modality": coding(DICOM, one.modality, modality_name(one.modality)),
            "description": one.description,
            "numberOfInstances": len(one.instances),
            "bodySite": body_site(one.body_part) if one.body_part else None,
            "started": moment(one.started, zone) if one.started else None,
            "instance": [
                without_empty(
                    {
                        "uid": instance.uid,
                        "sopClass": coding(URI, f"urn:oid:{instance.sop_class_uid}"),
                        "number": instance.number,
                    }
                )
                for instance in one.instances
            ],
        }
    )


def body_site(body_part: str) -> dict[str, str]:
    """The SNOMED CT coding of a body part.

    Args:
        body_part: Body Part Examined, or the code itself.

    Raises:
        UsageError: it has no code here.
    """
    code = body_parts().get(body_part, body_part)
    if code not in anatomic_regions():
        raise UsageError(f"body part {body_part!r} has no SNOMED CT code here (PS3.16 Table L-1, CID 4)")
    return coding(SNOMED_CT, code, anatomic_regions()[code])


def imaging_study_of(headers: Iterable[Dataset], subject: Target, **options: Any) -> Resource:
    """The ImagingStudy that instances make up.

    Args:
        headers: their data sets, of one study, in any order and without pixels if so wished; an instance that comes
            twice counts once.
        subject: the Patient.
        **options: further arguments of `imaging_study`, which take the place of what the headers say.

    Raises:
        InputError: there is no instance, one lacks a UID, or they are of several studies.
    """
    series: dict[str, ImageSeries] = {}
    found: dict[str, dict[str, ImageInstance]] = {}
    first: Dataset | None = None
    for header in headers:
        first = header if first is None else first
        if _uid(header, "StudyInstanceUID") != _uid(first, "StudyInstanceUID"):
            raise InputError("these instances are of several studies: an ImagingStudy is of one")
        uid = _uid(header, "SeriesInstanceUID")
        instance = ImageInstance(
            _uid(header, "SOPInstanceUID"), _uid(header, "SOPClassUID"), _number(header, "Instance")
        )
        found.setdefault(uid, {})[instance.uid] = instance
        if uid not in series:
            series[uid] = ImageSeries(
                uid=uid,
                modality=text(header, "Modality"),
                instances=(),
                number=_number(header, "Series"),
                description=text(header, "SeriesDescription"),
                body_part=_region(header),
                started=_moment(header, "Series"),
            )
    if first is None:
        raise InputError("no instance: an ImagingStudy is made from at least one")
    return imaging_study(
        subject=subject,
        **{
            "uid": _uid(first, "StudyInstanceUID"),
            "series": [_filled(one, found[one.uid].values()) for one in _in_order(series.values())],
            "started": _moment(first, "Study"),
            "accession_number": text(first, "AccessionNumber"),
            "description": text(first, "StudyDescription"),
            "referrer": text(first, "ReferringPhysicianName"),
            **options,
        },
    )


def _in_order(series: Iterable[ImageSeries]) -> list[ImageSeries]:
    return sorted(series, key=lambda one: (one.number is None, one.number or 0, one.uid))


def _filled(series: ImageSeries, instances: Iterable[ImageInstance]) -> ImageSeries:
    ordered = sorted(instances, key=lambda one: (one.number is None, one.number or 0, one.uid))
    return replace(series, instances=tuple(ordered))


def _uid(header: Dataset, keyword: str) -> str:
    value = text(header, keyword)
    if not value:
        raise InputError(f"an instance without {keyword} belongs to no ImagingStudy")
    return value


def _number(header: Dataset, what: str) -> int | None:
    try:
        number = int(text(header, f"{what}Number"))
    except ValueError:
        return None
    return number if number >= 0 else None  # R4 has unsignedInt here


def _region(header: Dataset) -> str:
    """The SNOMED CT code of the region if one is coded and known, else Body Part Examined if it has a code."""
    for item in header.get("AnatomicRegionSequence") or []:
        if text(item, "CodingSchemeDesignator") == "SCT" and text(item, "CodeValue") in anatomic_regions():
            return text(item, "CodeValue")
    part = text(header, "BodyPartExamined")
    return part if part in body_parts() else ""


def _moment(header: Dataset, what: str) -> datetime | None:
    """Date and Time of the study or the series; None when there is no whole one."""
    try:
        day, time = DA(text(header, f"{what}Date")), TM(text(header, f"{what}Time"))
    except ValueError:
        return None
    if not day or not time:
        return None
    when = datetime.combine(day, time)
    offset = text(header, "TimezoneOffsetFromUTC")
    if len(offset) == 5 and offset[0] in "+-" and offset[1:].isdigit():  # PS3.3 C.12.1.1.8: &ZZXX
        sign = -1 if offset[0] == "-" else 1
        when = when.replace(tzinfo=timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:]))))
    return when
