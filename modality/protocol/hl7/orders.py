"""Orders as worklist items: ORM^O01 of 2.3.1 with ZDS, and OMI^O23 of 2.5.1 with TQ1 and IPC.

The mapping is IHE's "HL7 order mapping to DICOM MWL" (RAD TF-2x Appendix B; transactions RAD-2 to RAD-4 and RAD-13), as
dcm4chee's HL7 conformance statement gives it; lines that are from memory or our choice say so. Where both places of a
value are filled, IPC and TQ1 come before the fields that they took over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from modality.protocol.hl7 import patients
from modality.protocol.hl7.message import Message, Part, Segment, groups
from modality.protocol.hl7.refusal import SEQUENCE, TABLE_VALUE
from modality.protocol.hl7.values import Values, authority, code, fitted, identifier, moment, provider, technician

ADD, CHANGE, STATUS, CANCEL, DISCONTINUE = "add", "change", "status", "cancel", "discontinue"
# HL7 table 0119, of which IHE uses NW, XO, CA, DC, OC and SC (RAD-2 to RAD-4, RAD-13).
_CONTROLS = {
    "NW": ADD,
    "XO": CHANGE,
    "XX": CHANGE,
    "SC": STATUS,
    "SR": STATUS,
    "CA": CANCEL,
    "OC": CANCEL,
    "DC": DISCONTINUE,
    "OD": DISCONTINUE,
}
# HL7 table 0038: an order in one of these states is on no worklist.
_OVER = {"CM": DISCONTINUE, "DC": DISCONTINUE, "CA": CANCEL}
# HL7 table 0027 and what 2.5.1 writes into TQ1-9, as the mapping's first note has it.
_PRIORITIES = {"S": "STAT", "A": "HIGH", "R": "ROUTINE", "P": "HIGH", "C": "HIGH", "T": "MEDIUM"}


@dataclass(frozen=True, slots=True)
class Order:
    """What a message says of one scheduled procedure step.

    Args:
        action: add, change, status, cancel or discontinue.
        origin: the segment that refusals point to.
        item: values of the worklist item, the patient's among them.
        step: values of its Scheduled Procedure Step Sequence item.
    """

    action: str
    origin: Segment
    item: Values = field(default_factory=dict)
    step: Values = field(default_factory=dict)

    def text(self, keyword: str) -> str:
        """A value of the item or the step as text, empty when there is none."""
        return str(self.item.get(keyword) or self.step.get(keyword) or "")


def read(message: Message) -> list[Order]:
    """The orders of a message, in their order.

    Raises:
        Refusal: a segment or field is missing, or a value is none of its kind.
    """
    patient = patients.patient_of(message)
    orders: list[Order] = []
    for group in groups(message.segments, "ORC"):
        for order in _orders(message, group):
            whole = replace(order, item={**patient, **order.item})
            if orders and _one_step(orders[-1], whole):
                _protocols(orders[-1]).extend(_protocols(whole))
            else:
                orders.append(whole)
    message.first("ORC")
    return orders


def _orders(message: Message, group: list[Segment]) -> list[Order]:
    """The steps of one order: one in ORM, as many as IPC in OMI."""
    orc = group[0]
    control = orc.required(1).text.upper()
    action = _CONTROLS.get(control)
    if action is None:
        raise orc.refuse(TABLE_VALUE, "no order control that is handled here (NW XO XX SC SR CA OC DC OD)", 1)
    if action in (CHANGE, STATUS):
        action = _OVER.get(orc(5).text.upper(), action)
    obr = next((one for one in group if one.name == "OBR"), None)
    if obr is None:
        if action in (ADD, CHANGE):
            raise orc.refuse(SEQUENCE, "no OBR follows")
        return [Order(action, orc, _request(orc, None))]
    timing = _timing(orc, obr, next((one for one in group if one.name == "TQ1"), None))
    item = {
        **_request(orc, obr),
        **_procedure(orc, obr, timing),
        **_study(message, group),
        **patients.observed([one for one in group if one.name == "OBX"]),
    }
    notes = [part.text for one in group if one.name == "NTE" for part in one.all(3)]
    if any(notes):
        item["RequestedProcedureComments"] = fitted("\n".join(notes), "RequestedProcedureComments")
    step = {**_start(timing), **_step(orc, obr)}
    controls = [one for one in group if one.name == "IPC"]
    return [Order(action, orc, {**item, **_from_ipc(one)[0]}, {**step, **_from_ipc(one)[1]}) for one in controls] or [
        Order(action, orc, item, step)
    ]


def _request(orc: Segment, obr: Segment | None) -> Values:
    """Imaging Service Request: the numbers of the order, who asks for it, the accession number."""
    made: Values = {}
    for number, keyword, issuer in (
        (2, "PlacerOrderNumberImagingServiceRequest", "OrderPlacerIdentifierSequence"),
        (3, "FillerOrderNumberImagingServiceRequest", "OrderFillerIdentifierSequence"),
    ):
        source = orc if orc.all(number) or obr is None else obr
        if source.all(number):
            entity = source(number)
            made[keyword] = identifier(source, number, entity(1), keyword) or None
            made[issuer] = [holder] if (holder := authority(entity, begins=2)) else None
    if orc.all(17):
        made["RequestingService"] = fitted(orc(17)(2).text or orc(17)(1).text, "RequestingService") or None
    if obr is None:
        return made
    made.update(_identifiers(obr, {18: "AccessionNumber", 19: "RequestedProcedureID"}))
    source, number = (obr, 16) if obr.all(16) else (orc, 12)
    if source.all(number):
        made["RequestingPhysician"] = provider(source(number)) or None
    return made


def _procedure(orc: Segment, obr: Segment, timing: _Timing) -> Values:
    """Requested Procedure, and the medical alerts that come with it."""
    made: Values = {}
    # OBR-44, else the universal service of OBR-4: the latter is our choice, for those that send no OBR-44.
    service = obr(44).parts() if obr.all(44) else obr(4).parts()[:3]
    requested = code(service)
    worded = requested["CodeMeaning"] if requested else "".join(part.text for part in service[1:2])
    if requested:
        made["RequestedProcedureCodeSequence"] = [requested]
    if worded:
        made["RequestedProcedureDescription"] = fitted(worded, "RequestedProcedureDescription")
    if obr.all(31):
        reason = code(obr(31).parts()[:3])
        # Either a code or a text (the table's note on OBR-31): without a coding system it is a text.
        coded = reason if obr(31)(3).text else None
        text = obr(31)(2).text or obr(31)(1).text
        made["ReasonForTheRequestedProcedure"] = fitted(text, "ReasonForTheRequestedProcedure") or None
        made["ReasonForRequestedProcedureCodeSequence"] = [coded] if coded else None
    for number, keyword in {12: "PatientState", 13: "MedicalAlerts", 30: "PatientTransportArrangements"}.items():
        if obr.all(number):
            text = obr(number)(2).text or obr(number)(1).text
            made[keyword] = fitted(text, keyword) or None
    for part in (timing.priority, obr(5)):
        if part.text:
            priority = _PRIORITIES.get(part.text.upper()[:1])
            if priority is None:
                raise orc.refuse(TABLE_VALUE, "no priority of S, A, R, P, C or T", 7)
            made["RequestedProcedurePriority"] = priority
            break
    return made


def _step(orc: Segment, obr: Segment) -> Values:
    """Scheduled Procedure Step, as far as ORC and OBR tell."""
    made = _identifiers(obr, {20: "ScheduledProcedureStepID", 24: "Modality"})
    # The table leaves the station to the scheduler; dcm4chee reads it in ORC-18.
    if orc.all(18):
        made["ScheduledStationAETitle"] = identifier(orc, 18, orc(18)(1), "ScheduledStationAETitle") or None
    if obr.all(34):
        made["ScheduledPerformingPhysicianName"] = technician(obr(34)) or None
    protocol = code(obr(4).parts()[3:6])
    if protocol:
        made["ScheduledProtocolCodeSequence"] = [protocol]
    worded = obr(4)(5).text or obr(4)(2).text
    if worded:
        made["ScheduledProcedureStepDescription"] = fitted(worded, "ScheduledProcedureStepDescription")
    return made


def _from_ipc(ipc: Segment) -> tuple[Values, Values]:
    """What IPC tells of the item and of the step (HL7 v2.5.1 chapter 4)."""
    item = _identifiers(ipc, {1: "AccessionNumber", 2: "RequestedProcedureID", 3: "StudyInstanceUID"})
    step = _identifiers(
        ipc, {4: "ScheduledProcedureStepID", 5: "Modality", 7: "ScheduledStationName", 9: "ScheduledStationAETitle"}
    )
    protocols = [one for part in ipc.all(6) if (one := code(part.parts()[:3]))]
    if protocols:
        step["ScheduledProtocolCodeSequence"] = protocols
        step["ScheduledProcedureStepDescription"] = protocols[0]["CodeMeaning"]
    if ipc.all(8):
        text = ipc(8)(2).text or ipc(8)(1).text
        step["ScheduledProcedureStepLocation"] = fitted(text, "ScheduledProcedureStepLocation") or None
    return item, step


def _study(message: Message, group: list[Segment]) -> Values:
    """ZDS-1 (RAD-4): of the group, or of the message's end for all of its orders."""
    for segment in (*(one for one in group if one.name == "ZDS"), *message.named("ZDS")[::-1]):
        return _identifiers(segment, {1: "StudyInstanceUID"})
    return {}


def _identifiers(segment: Segment, fields: dict[int, str]) -> Values:
    return {
        keyword: identifier(segment, number, segment(number)(1), keyword) or None
        for number, keyword in fields.items()
        if segment.all(number)
    }


@dataclass(frozen=True, slots=True)
class _Timing:
    """When, as a segment's field, and how urgent."""

    segment: Segment
    field: int
    start: Part
    priority: Part


def _timing(orc: Segment, obr: Segment, tq1: Segment | None) -> _Timing:
    """Start and priority: TQ1-7 and TQ1-9, else ORC-7 and OBR-27 (component 4 and 6), else OBR-36 (our choice)."""
    priorities = [tq1(9)(1)] if tq1 else []
    priorities += [orc(7)(6), obr(27)(6)]
    priority = next((part for part in priorities if part.text), priorities[-1])
    places = [(tq1, 7, tq1(7)(1))] if tq1 else []
    places += [(orc, 7, orc(7)(4)), (obr, 27, obr(27)(4)), (obr, 36, obr(36)(1))]
    segment, number, start = next((one for one in places if one[2].text), places[-1])
    return _Timing(segment, number, start, priority)


def _start(timing: _Timing) -> Values:
    if not timing.start.text:
        return {}
    day, at = moment(timing.segment, timing.field, timing.start)
    return {"ScheduledProcedureStepStartDate": day, "ScheduledProcedureStepStartTime": at}


def _one_step(earlier: Order, later: Order) -> bool:
    """Whether two orders are about one step: a step with several protocol codes is sent as several ORC and OBR."""
    keys = ("ScheduledProcedureStepID", "RequestedProcedureID", "AccessionNumber", "StudyInstanceUID")
    same = all(earlier.text(key) == later.text(key) for key in keys)
    return same and bool(earlier.text(keys[0])) and earlier.action == later.action


def _protocols(order: Order) -> list[Values]:
    found: list[Values] = order.step.setdefault("ScheduledProtocolCodeSequence", [])
    return found
