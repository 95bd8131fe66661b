"""PID, PV1, AL1 and OBX as a patient in a worklist item (IHE RAD TF-2x Appendix B, HL7 to DICOM mapping)."""

from __future__ import annotations

from dataclasses import dataclass

from modality.protocol.hl7.message import Message, Part, Segment, groups
from modality.protocol.hl7.refusal import REQUIRED, TABLE_VALUE
from modality.protocol.hl7.values import (
    Values,
    authority,
    birth_date,
    code,
    fitted,
    identifier,
    name,
    person_name,
    provider,
)

# HL7 table 0001 to PS3.3 C.7.1.1: ambiguous and not applicable are "other", unknown is empty.
_SEX = {"M": "M", "F": "F", "O": "O", "A": "O", "N": "O", "U": ""}
# What an OBX may tell of the patient: LOINC codes, and the words that IHE's mapping has. To kg and m (UCUM units).
_WEIGHT = ("29463-7", "3141-9", "BODY WEIGHT")
_HEIGHT = ("8302-2", "3137-7", "BODY HEIGHT")
_TO_KG = {"KG": 1.0, "G": 0.001, "[LB_AV]": 0.45359237, "LB": 0.45359237, "LBS": 0.45359237}
_TO_M = {"M": 1.0, "CM": 0.01, "MM": 0.001, "[IN_I]": 0.0254, "IN": 0.0254}
# LOINC 82810-3 with the answers of its list, from memory; to Pregnancy Status (PS3.3 C.7.2.2).
_PREGNANCY = ("82810-3", "PREGNANCY STATUS")
_PREGNANT = {"LA15173-0": 3, "LA26683-5": 1, "LA4489-6": 4}


@dataclass(frozen=True, slots=True)
class PatientId:
    """Whom a message is about.

    Args:
        value: Patient ID.
        issuer: Issuer of Patient ID, empty when not known.
    """

    value: str
    issuer: str = ""

    def same(self, other: PatientId) -> bool:
        """Whether both name one patient; an issuer that is not known stands against nothing."""
        return self.value == other.value and (self.issuer == other.issuer or not (self.issuer and other.issuer))


def identifiers(segment: Segment, field: int) -> list[PatientId]:
    """The patient identifiers of a field (HL7 CX: PID-3, MRG-1).

    Raises:
        Refusal: there is none, or Patient ID cannot hold it.
    """
    found = []
    for part in segment.all(field):
        value = identifier(segment, field, part(1), "PatientID")
        if value:
            found.append(PatientId(value, _issuer(part)))
    if not found:
        raise segment.refuse(REQUIRED, "has no value", field)
    return found


def identification(pid: Segment) -> Values:
    """Patient ID, its issuer and other IDs: the first of PID-3 is the one (PS3.3 C.2.2)."""
    identifiers(pid, 3)
    parts = [part for part in pid.all(3) if part(1).text]
    made = _identified(parts[0])
    # Type of Patient ID is Type 1 in this sequence.
    others = [{**_identified(part), "TypeOfPatientID": "TEXT"} for part in parts[1:]]
    made["OtherPatientIDsSequence"] = others or None
    return made


def demographics(pid: Segment) -> Values:
    """What PID tells of the patient beside the IDs; what it leaves out is left out, what it erases is None.

    Raises:
        Refusal: a value is none of its kind.
    """
    made: Values = {}
    if pid.all(5):
        written, others = person_name(pid.all(5))
        made["PatientName"] = written or None
        if others:
            made["OtherPatientNames"] = others
    if pid.all(6):
        made["PatientMotherBirthName"] = name(pid(6).parts()) or None
    if pid.all(7):
        made["PatientBirthDate"] = (birth_date(pid, 7, pid(7)) if pid(7).text else "") or None
    if pid.all(8):
        sex = pid(8)(1).text.upper()
        if sex and sex not in _SEX:
            raise pid.refuse(TABLE_VALUE, "no administrative sex of table 0001", 8)
        made["PatientSex"] = _SEX.get(sex) or None
    return made


def visit(pid: Segment, pv1: Segment | None) -> Values:
    """What PV1 tells: where the patient is, who refers, what is known of pregnancy and confidentiality."""
    made: Values = {}
    # PV1-19, or PID-18 where a country uses that (the table's note on Admission ID).
    source, field = (pv1, 19) if pv1 and pv1.all(19) else (pid, 18)
    if source.all(field):
        number = source(field)
        made["AdmissionID"] = identifier(source, field, number(1), "AdmissionID") or None
        made["IssuerOfAdmissionIDSequence"] = [issuer] if (issuer := authority(number(4))) else None
    if pv1 is None:
        return made
    if pv1.all(3):
        place = " ".join(part(1).text for part in pv1(3).parts()[:4] if part(1).text)
        made["CurrentPatientLocation"] = fitted(place, "CurrentPatientLocation") or None
    if pv1.all(8):
        made["ReferringPhysicianName"] = provider(pv1(8)) or None
    if pv1.all(15):
        states = [part(1).text.upper() for part in pv1.all(15)]
        # Table 0009: B6 is pregnant; the mapping makes it "definitely pregnant".
        made["PregnancyStatus"] = 3 if "B6" in states else None
    if pv1.all(16):  # from memory: dcm4chee leaves it out
        keyword = "ConfidentialityConstraintOnPatientDataDescription"
        made[keyword] = fitted(pv1(16)(1).text, keyword) or None
    return made


def allergies(segments: list[Segment]) -> Values:
    """AL1-3 of each AL1: the text of its code, else the code."""
    found = [_worded(segment(3)) for segment in segments]
    texts = list(dict.fromkeys(fitted(one, "Allergies") for one in found if one))
    return {"Allergies": texts} if texts else {}


def observed(segments: list[Segment]) -> Values:
    """Weight, height and pregnancy from OBX; what has a unit that is not known here is left out, not guessed."""
    made: Values = {}
    for segment in segments:
        what = {segment(3)(place).text.upper() for place in (1, 2, 4, 5)}
        unit, value = segment(6)(1).text.upper(), segment(5)(1).text
        if what.intersection(_WEIGHT) and (measured := _number(value, _TO_KG.get(unit))):
            made["PatientWeight"] = measured
        elif what.intersection(_HEIGHT) and (measured := _number(value, _TO_M.get(unit))):
            made["PatientSize"] = measured
        elif what.intersection(_PREGNANCY) and value in _PREGNANT:
            made["PregnancyStatus"] = _PREGNANT[value]
    return made


def patient_of(message: Message) -> Values:
    """All that the message tells of its patient.

    Raises:
        Refusal: there is not exactly one PID, or a value is none of its kind.
    """
    pid = message.first("PID")
    if len(message.named("PID")) > 1:
        raise message.named("PID")[1].refuse(TABLE_VALUE, "one patient a message")
    pv1 = next(iter(message.named("PV1")), None)
    before = []
    for segment in message.segments:
        if segment.name == "ORC":
            break
        before.append(segment)
    return {
        **identification(pid),
        **demographics(pid),
        **visit(pid, pv1),
        **allergies(message.named("AL1")),
        **observed([one for one in before if one.name == "OBX"]),
    }


def merges(message: Message) -> list[tuple[Segment, Segment]]:
    """PID and MRG of each pair of a merge.

    Raises:
        Refusal: a PID has no MRG.
    """
    pairs = []
    for group in groups(message.segments, "PID"):
        merged = next((one for one in group if one.name == "MRG"), None)
        if merged is None:
            raise group[0].refuse(REQUIRED, "no MRG follows")
        pairs.append((group[0], merged))
    message.first("PID")
    return pairs


def _identified(part: Part) -> Values:
    # PS3.3 Table 10-18: what goes beyond the local name of the issuer.
    qualifiers = {key: value for key, value in authority(part(4)).items() if key != "LocalNamespaceEntityID"}
    return {
        "PatientID": fitted(part(1).text, "PatientID"),
        "IssuerOfPatientID": _issuer(part) or None,
        "IssuerOfPatientIDQualifiersSequence": [qualifiers] if qualifiers else None,
    }


def _issuer(part: Part) -> str:
    return fitted(part(4)(1).text or part(4)(2).text, "IssuerOfPatientID")


def _worded(part: Part) -> str:
    coded = code(part.parts()[:3])
    return str(coded["CodeMeaning"]) if coded else part(2).text


def _number(text: str, factor: float | None) -> float | None:
    """A positive number in the unit of DICOM; rounded, so that it is a DS of 16 characters at most."""
    try:
        value = round(float(text) * factor, 4) if factor else 0.0
    except ValueError:
        return None
    return value if 0 < value < 1000 else None
