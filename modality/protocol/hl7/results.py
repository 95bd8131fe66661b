"""Results that are told to the RIS (ORU^R01): what is kept of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from modality.protocol.hl7.message import Message, Segment, groups
from modality.protocol.hl7.refusal import SEQUENCE, Refusal

# Of an embedded document only its kind and size are kept.
_KEPT_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Observation:
    """One OBX.

    Args:
        code: what was observed, code or else text (OBX-3).
        value_type: its HL7 data type (OBX-2).
        value: the value, or its beginning (OBX-5).
        unit: its unit (OBX-6).
    """

    code: str
    value_type: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Result:
    """One OBR with its observations; whose they are is to be found by the order.

    Args:
        placer_order_number: OBR-2.
        filler_order_number: OBR-3.
        accession_number: OBR-18.
        procedure: code or else text of OBR-4.
        status: P, F, C, ... of table 0123 (OBR-25).
        observations: what was observed.
    """

    placer_order_number: str
    filler_order_number: str
    accession_number: str
    procedure: str
    status: str
    observations: tuple[Observation, ...]

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)


def read(message: Message) -> list[Result]:
    """The results of a message.

    Raises:
        Refusal: it has no OBR.
    """
    results = [_result(group) for group in groups(message.segments, "OBR")]
    if not results:
        raise Refusal(SEQUENCE, "the segment is missing", "OBR")
    return results


def _result(group: list[Segment]) -> Result:
    obr = group[0]
    return Result(
        obr(2)(1).text,
        obr(3)(1).text,
        obr(18).text,
        obr(4)(1).text or obr(4)(2).text,
        obr(25).text,
        tuple(_observation(one) for one in group if one.name == "OBX"),
    )


def _observation(obx: Segment) -> Observation:
    kind = obx(2).text
    # A reference or an embedded document (RP, ED): subtype and encoding, not its data (HL7 v2 chapter 2A).
    parts = obx(5).parts()[1:4] if kind in ("ED", "RP") else [*obx(5).parts()]
    value = "^".join(part(1).text for part in parts)
    return Observation(obx(3)(1).text or obx(3)(2).text, kind, value[:_KEPT_CHARACTERS], obx(6)(1).text)
