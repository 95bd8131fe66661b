"""Audit messages as PS3.15 A.5.1 writes them in XML, with the content that A.5.3 asks for."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import NamedTuple
from xml.etree import ElementTree as ET

# XML 1.0 2.2: what no document may hold, escaped or not.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

SUCCESS, MINOR, SERIOUS = "0", "4", "8"
"""Values of EventOutcomeIndicator."""
_SOURCE_TYPE = "2"  # data acquisition device or instrument (A.5.1.2.1)


class Code(NamedTuple):
    """A coded value; of PS3.16 CID 400 to 404 unless its scheme is another."""

    value: str
    meaning: str
    scheme: str = "DCM"


_APPLICATION = Code("110150", "Application")
_LAUNCHER = Code("110151", "Application Launcher")
_SOURCE = Code("110153", "Source Role ID")
_DESTINATION = Code("110152", "Destination Role ID")
_MEDIA = Code("110154", "Destination Media")
_URI = Code("110037", "URI")
_STUDY = Code("110180", "Study Instance UID")
_PATIENT = Code("2", "Patient Number", "RFC-3881")


@dataclass(frozen=True, slots=True)
class Whose:
    """A patient as messages name one.

    Args:
        patient_id: Patient ID; empty where it is not known.
        name: Patient's Name.
    """

    patient_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Transferred:
    """What of one study goes over at once.

    Args:
        study_uid: Study Instance UID.
        whose: its patient.
        instances: SOP Instance UIDs by SOP Class UID.
        accession_numbers: the orders'.
    """

    study_uid: str
    whose: Whose
    instances: Mapping[str, Sequence[str]] = field(default_factory=dict)
    accession_numbers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Remote:
    """Who is at the other side.

    Args:
        user_id: AE title, address, or a person's name.
        host: name or IP address of the machine.
        aet: AE title, if it is a DICOM application.
    """

    user_id: str
    host: str = ""
    aet: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """Who reports: the box itself.

    Args:
        aet: its AE title.
        site: Audit Enterprise Site ID.
        host: its name.
        process: number of the process.
    """

    aet: str
    site: str = ""
    host: str = field(default_factory=socket.gethostname)
    process: int = field(default_factory=os.getpid)

    def application(self, started: bool, at: datetime) -> bytes:
        """The box has started, or is about to end (A.5.3.1)."""
        kind = Code("110120", "Application Start") if started else Code("110121", "Application Stop")
        message = self._message(Code("110100", "Application Activity"), "E", at, kinds=[kind])
        self._myself(message, _APPLICATION, requestor=False)
        _participant(message, Remote("root" if os.geteuid() == 0 else str(os.geteuid())), _LAUNCHER, requestor=True)
        return self._written(message)

    def begins(self, what: Transferred, to: Remote, at: datetime) -> bytes:
        """Instances are about to be sent (A.5.3.3)."""
        message = self._message(Code("110102", "Begin Transferring DICOM Instances"), "E", at)
        return self._sent(message, what, to)

    def transferred(
        self, what: Transferred, to: Remote, at: datetime, outcome: str = SUCCESS, reason: str = ""
    ) -> bytes:
        """Instances were sent, or given up (A.5.3.7); whether the other side had them before is not known: "R"."""
        message = self._message(Code("110104", "DICOM Instances Transferred"), "R", at, outcome, reason)
        return self._sent(message, what, to)

    def exported(self, whose: Whose, to: Remote, at: datetime) -> bytes:
        """Observations went to a server that is no DICOM node (A.5.3.4)."""
        message = self._message(Code("110106", "Export"), "R", at)
        self._myself(message, _SOURCE, requestor=True)
        element = _participant(message, to, _MEDIA)
        _code(ET.SubElement(element, "MediaIdentifier"), "MediaType", _URI)
        self._audit_source(message)
        _patient(message, whose)
        return self._written(message)

    def record(self, whose: Whose, user: Remote, at: datetime) -> bytes:
        """A person has said whose a capture is (A.5.3.14)."""
        message = self._message(Code("110110", "Patient Record"), "U", at)
        _participant(message, user, requestor=True)
        self._myself(message, requestor=False)
        self._audit_source(message)
        _patient(message, whose)
        return self._written(message)

    def deleted(self, what: Transferred, user: Remote, at: datetime) -> bytes:
        """A person did not want instances delivered (A.5.3.6)."""
        message = self._message(Code("110103", "DICOM Instances Accessed"), "D", at)
        _participant(message, user, requestor=True)
        self._myself(message, requestor=False)
        self._audit_source(message)
        _study(message, what)
        _patient(message, what.whose)
        return self._written(message)

    def authentication(self, user: Remote, arrives: bool, at: datetime, outcome: str = SUCCESS) -> bytes:
        """A person has signed in, tried to, or signed out (A.5.3.12)."""
        kind = Code("110122", "Login") if arrives else Code("110123", "Logout")
        message = self._message(Code("110114", "User Authentication"), "E", at, outcome, kinds=[kind])
        _participant(message, user, requestor=True)
        self._myself(message, requestor=False)
        return self._written(message)

    def _sent(self, message: ET.Element, what: Transferred, to: Remote) -> bytes:
        self._myself(message, _SOURCE, requestor=True)
        _participant(message, to, _DESTINATION)
        self._audit_source(message)
        _study(message, what)
        _patient(message, what.whose)
        return self._written(message)

    def _message(
        self,
        what: Code,
        action: str,
        at: datetime,
        outcome: str = SUCCESS,
        reason: str = "",
        kinds: Sequence[Code] = (),
    ) -> ET.Element:
        message = ET.Element("AuditMessage")
        event = ET.SubElement(message, "EventIdentification", {
            "EventActionCode": action,
            "EventDateTime": at.astimezone(timezone.utc).isoformat(timespec="milliseconds"),
            "EventOutcomeIndicator": outcome,
        })  # fmt: skip
        _code(event, "EventID", what)
        for kind in kinds:
            _code(event, "EventTypeCode", kind)
        if reason:
            ET.SubElement(event, "EventOutcomeDescription").text = _clean(reason)
        return message

    def _myself(self, message: ET.Element, *roles: Code, requestor: bool) -> None:
        _participant(message, Remote(str(self.process), self.host, self.aet), *roles, requestor=requestor)

    def _audit_source(self, message: ET.Element) -> None:
        given = {"AuditSourceID": _clean(f"{self.aet}@{self.host}")}
        if self.site:
            given["AuditEnterpriseSiteID"] = _clean(self.site)
        source = ET.SubElement(message, "AuditSourceIdentification", given)
        ET.SubElement(source, "AuditSourceTypeCode", {"csd-code": _SOURCE_TYPE})

    def _written(self, message: ET.Element) -> bytes:
        if message.find("AuditSourceIdentification") is None:
            self._audit_source(message)
        written: bytes = ET.tostring(message, encoding="utf-8", xml_declaration=True)
        return written.replace(b"\n", b"", 1)  # a syslog message is one line


def _clean(text: str) -> str:
    """A text without what XML cannot carry, on one line."""
    return " ".join(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", text).split())


def _code(parent: ET.Element, name: str, code: Code) -> None:
    ET.SubElement(parent, name, {
        "csd-code": code.value, "codeSystemName": code.scheme, "originalText": code.meaning,
        "displayName": code.meaning,
    })  # fmt: skip


def _participant(message: ET.Element, who: Remote, *roles: Code, requestor: bool = False) -> ET.Element:
    given = {"UserID": _clean(who.user_id), "UserIsRequestor": "true" if requestor else "false"}
    if who.aet:
        given["AlternativeUserID"] = f"AETITLES={_clean(who.aet)}"
    if who.host:
        given["NetworkAccessPointID"] = _clean(who.host)
        given["NetworkAccessPointTypeCode"] = "2" if _is_ip(who.host) else "1"
    element = ET.SubElement(message, "ActiveParticipant", given)
    for role in roles:
        _code(element, "RoleIDCode", role)
    return element


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _object(message: ET.Element, kind: Code, object_id: str, name: str, type_code: str, role: str) -> ET.Element:
    element = ET.SubElement(message, "ParticipantObjectIdentification", {
        "ParticipantObjectID": _clean(object_id) or "unknown",
        "ParticipantObjectTypeCode": type_code,
        "ParticipantObjectTypeCodeRole": role,
    })  # fmt: skip
    _code(element, "ParticipantObjectIDTypeCode", kind)
    ET.SubElement(element, "ParticipantObjectName").text = _clean(name)  # A.5.1.1 wants it, or a query
    return element


def _study(message: ET.Element, what: Transferred) -> None:
    element = _object(message, _STUDY, what.study_uid, "", "2", "3")
    description = ET.SubElement(element, "ParticipantObjectDescription")
    for number in what.accession_numbers:
        ET.SubElement(description, "Accession", {"Number": _clean(number)})
    for class_uid, uids in sorted(what.instances.items()):
        of = {"UID": class_uid, "NumberOfInstances": str(len(uids))}
        sop_class = ET.SubElement(description, "SOPClass", of)
        for uid in uids:
            ET.SubElement(sop_class, "Instance", {"UID": uid})


def _patient(message: ET.Element, whose: Whose) -> None:
    _object(message, _PATIENT, whose.patient_id, whose.name, "1", "1")
