"""Each audit message is valid by the schema of PS3.15 A.5.1.1, and says what A.5.3 asks for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from lxml import etree
from pydicom.sr._concepts_dict import concepts

from modality.edge.auditing.message import MINOR, SERIOUS, Box, Remote, Transferred, Whose
from modality.edge.auditing.syslog import line

SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parents[1] / "data" / "audit_message.rng"))
AT = datetime(2026, 11, 25, 14, 3, 7, 250000, tzinfo=timezone(timedelta(hours=1)))
BOX = Box("EDGE", "North <Wing>", host="box1.example.org", process=4711)
ARCHIVE = Remote("ORTHANC", "192.0.2.10", "ORTHANC")
ANN = Remote("ann", "192.0.2.7")
WHOSE = Whose("P1", "Yamada^Tarou=山田^太郎")
WHAT = Transferred("1.2.3", WHOSE, {"1.2.840.10008.5.1.4.1.1.104.1": ["1.2.3.4", "1.2.3.5"]}, ["ACC1"])

MESSAGES = {
    "start": (BOX.application(True, AT), "110100", "E", "110120"),
    "stop": (BOX.application(False, AT), "110100", "E", "110121"),
    "begin": (BOX.begins(WHAT, ARCHIVE, AT), "110102", "E", None),
    "transferred": (BOX.transferred(WHAT, ARCHIVE, AT), "110104", "R", None),
    "given up": (BOX.transferred(WHAT, ARCHIVE, AT, SERIOUS, "refused with status A700H"), "110104", "R", None),
    "export": (BOX.exported(WHOSE, Remote("https://fhir.example.org", "fhir.example.org"), AT), "110106", "R", None),
    "record": (BOX.record(WHOSE, ANN, AT), "110110", "U", None),
    "deleted": (BOX.deleted(WHAT, ANN, AT), "110103", "D", None),
    "login": (BOX.authentication(ANN, True, AT), "110114", "E", "110122"),
    "wrong": (BOX.authentication(ANN, True, AT, MINOR), "110114", "E", "110122"),
    "logout": (BOX.authentication(ANN, False, AT), "110114", "E", "110123"),
}
WITH_PATIENT = {"begin", "transferred", "given up", "export", "record", "deleted"}


def parsed(message: bytes) -> etree._Element:
    """The message, found valid."""
    root = etree.fromstring(message)
    assert SCHEMA.validate(root), SCHEMA.error_log
    return root


@pytest.mark.parametrize("name", MESSAGES)
def test_it_is_valid_and_its_event_is_that_of_the_standard(name: str) -> None:
    message, event, action, kind = MESSAGES[name]
    root = parsed(message)
    assert root.find("EventIdentification/EventID").get("csd-code") == event
    assert root.find("EventIdentification").get("EventActionCode") == action
    found = root.find("EventIdentification/EventTypeCode")
    assert (None if found is None else found.get("csd-code")) == kind
    assert root.find("EventIdentification").get("EventDateTime") == "2026-11-25T13:03:07.250+00:00"
    assert root.find("AuditSourceIdentification").get("AuditSourceID") == "EDGE@box1.example.org"
    assert root.find("AuditSourceIdentification").get("AuditEnterpriseSiteID") == "North <Wing>"
    assert b"\n" not in message
    requestors = [one for one in root.iter("ActiveParticipant") if one.get("UserIsRequestor") == "true"]
    assert len(requestors) == 1, "A.5.2: at most one is the requestor"
    patients = [
        one for one in root.iter("ParticipantObjectIdentification") if one.get("ParticipantObjectTypeCodeRole") == "1"
    ]
    assert len(patients) == (name in WITH_PATIENT)
    for one in patients:
        assert one.get("ParticipantObjectID") == "P1"
        assert one.findtext("ParticipantObjectName") == "Yamada^Tarou=山田^太郎"
        assert (one.find("*").get("csd-code"), one.find("*").get("codeSystemName")) == ("2", "RFC-3881")


def test_the_schema_refuses_what_is_none() -> None:
    root = etree.fromstring(MESSAGES["begin"][0])
    root.find("ActiveParticipant").attrib.pop("UserIsRequestor")
    assert not SCHEMA.validate(root)


def test_codes_have_the_meaning_of_the_standard() -> None:
    known = {code: meaning for values in concepts["DCM"].values() for code, (meaning, _) in values.items()}
    seen = set()
    for message, *_ in MESSAGES.values():
        for coded in etree.fromstring(message).iter():
            if coded.get("codeSystemName") == "DCM":
                assert coded.get("originalText") == known[coded.get("csd-code")]
                seen.add(coded.get("csd-code"))
    assert {"110150", "110152", "110153", "110154", "110180"} <= seen


def test_a_transfer_names_both_sides_the_study_and_its_instances() -> None:
    root = parsed(MESSAGES["transferred"][0])
    source, destination = root.findall("ActiveParticipant")
    assert (source.get("UserID"), source.get("AlternativeUserID")) == ("4711", "AETITLES=EDGE")
    assert source.find("RoleIDCode").get("csd-code") == "110153"
    assert destination.find("RoleIDCode").get("csd-code") == "110152"
    assert (destination.get("NetworkAccessPointID"), destination.get("NetworkAccessPointTypeCode")) == (
        "192.0.2.10",
        "2",
    )
    study = root.find("ParticipantObjectIdentification")
    assert study.get("ParticipantObjectID") == "1.2.3"
    assert study.find(".//SOPClass").get("NumberOfInstances") == "2"
    assert [one.get("UID") for one in study.iter("Instance")] == ["1.2.3.4", "1.2.3.5"]
    assert study.find(".//Accession").get("Number") == "ACC1"
    failed = parsed(MESSAGES["given up"][0]).find("EventIdentification")
    assert (failed.get("EventOutcomeIndicator"), failed.findtext("EventOutcomeDescription")) == (
        "8", "refused with status A700H",
    )  # fmt: skip


def test_what_xml_cannot_hold_does_not_break_it() -> None:
    root = parsed(BOX.record(Whose("A\0B", "x\x1b[2J\ny</AuditMessage>\ud800"), Remote("a\nb"), AT))
    person = root.find("ParticipantObjectIdentification")
    assert person.get("ParticipantObjectID") == "A\ufffdB"
    assert person.findtext("ParticipantObjectName") == "x\ufffd[2J y</AuditMessage>\ufffd"


def test_a_patient_without_an_identifier_has_one_that_says_so() -> None:
    assert (
        parsed(BOX.record(Whose(""), ANN, AT)).find("ParticipantObjectIdentification").get("ParticipantObjectID")
        == "unknown"
    )


def test_the_syslog_line_is_that_of_rfc_5424() -> None:
    made = line(b"<AuditMessage/>", AT, host="box 1ä.example.org")
    head, _, rest = made.partition(b" - ")
    priority, time, host, app, process, msgid = head.decode("ascii").split(" ")
    assert (priority, host, app, msgid) == ("<85>1", "box1.example.org", "modality", "DICOM+RFC3881")
    assert time == "2026-11-25T13:03:07.250000Z"
    assert process.isdigit()
    assert rest == b"\xef\xbb\xbf<AuditMessage/>"
    assert line(b"x", AT, host="", failed=True).startswith(b"<84>1 ")
    assert b" - modality" in line(b"x", AT, host="")
