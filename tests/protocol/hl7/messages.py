"""Messages to take apart, each field to be changed by whoever tests it."""

from __future__ import annotations

from modality.protocol.hl7 import orders
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.orders import Order

ORM = {
    "MSH": "MSH|^~\\&|HIS|HOSP|RIS|RAD|20261125080000||ORM^O01|M1|P|2.3.1",
    "PID": "PID|1||P1^^^ISS||Okafor^Grace||19570312|F",
    "PV1": "PV1|1|I|WARD^101^A^HOSP|||||R1^Referrer^Rita^^^Dr.",
    "ORC": "ORC|NW|PL1^HIS|FL1^RIS||SC||1^once^^20261126093015^^S",
    "OBR": "OBR|1|PL1^HIS|FL1^RIS|P1^Procedure one^ERL^X1^Head scan^DSS||||||||||||||ACC1|RP1|SPS1||||CT|||"
    "1^once^^20261126093015^^S",
    "ZDS": "ZDS|1.2.3.4^100^Application^DICOM",
}
OMI = {
    "MSH": "MSH|^~\\&|HIS|HOSP|RIS|RAD|20261125080000||OMI^O23^OMI_O23|M1|P|2.5.1",
    "PID": "PID|1||P1^^^ISS||Okafor^Grace||19570312|F",
    "PV1": "PV1|1|O",
    "ORC": "ORC|NW|PL1^HIS|||SC",
    "TQ1": "TQ1|1||||||20261126101500||A",
    "OBR": "OBR|1|PL1^HIS||P1^Procedure one^ERL",
    "IPC": "IPC|ACC2|RP2|1.2.3.5|SPS2|MR|X2^Brain routine^DSS~X3^Brain contrast^DSS|MR ROOM 1|R1^Room one^99L|MR07",
}


def field(segment: str, number: int, value: str) -> str:
    """A segment with one field in place of what it had; MSH-1 is the separator itself."""
    fields = segment.split("|")
    place = number - 1 if fields[0] == "MSH" else number
    fields += [""] * (place + 1 - len(fields))
    fields[place] = value
    return "|".join(fields)


def text(kind: dict[str, str], *more: str, **changes: str) -> str:
    """A message with fields changed, each named like ``PID_5``, and segments added at its end."""
    segments = dict(kind)
    for name, value in changes.items():
        segment, number = name.split("_")
        segments[segment] = field(segments.get(segment, segment), int(number), value)
    return "\r".join([*segments.values(), *more]) + "\r"


def read(kind: dict[str, str], *more: str, codec: str = "utf-8", **changes: str) -> Order:
    """The one order of such a message."""
    (order,) = orders.read(Message(text(kind, *more, **changes).encode(codec)))
    return order
