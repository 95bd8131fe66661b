"""ORU^R01: what is kept of a result."""

from __future__ import annotations

import pytest

from modality.protocol.hl7 import results
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.refusal import Refusal

MSH = "MSH|^~\\&|PACS|RAD|RIS|RAD|20261125||ORU^R01|R1|P|2.5.1\rPID|||P1||Okafor^Grace"


def test_a_report_is_kept_by_its_order_with_status_and_observations() -> None:
    lines = [
        MSH,
        "OBR|1|PL1^HIS|FL1^RIS|P1^Head CT^L||||||||||||||ACC1|||||||F",
        "OBX|1|TX|IMP^Impression^L||No bleed.||||||F",
        "OBX|2|NM|9299^Size^L||6.5|mm",
        "OBR|2|PL2|||||||||||||||||||||||P",
        "OBX|1|ED|PDF^Report^L||RAD^AP^PDF^Base64^JVBERi0",
    ]
    first, second = results.read(Message("\r".join(lines).encode()))
    assert (first.placer_order_number, first.filler_order_number, first.accession_number) == ("PL1", "FL1", "ACC1")
    assert (first.procedure, first.status) == ("P1", "F")
    assert [(one.code, one.value_type, one.value, one.unit) for one in first.observations] == [
        ("IMP", "TX", "No bleed.", ""),
        ("9299", "NM", "6.5", "mm"),
    ]
    assert second.observations[0].value == "AP^PDF^Base64"
    assert first.to_json()["observations"][1] == {"code": "9299", "value_type": "NM", "value": "6.5", "unit": "mm"}


def test_a_result_of_nothing_is_refused() -> None:
    with pytest.raises(Refusal, match="OBR"):
        results.read(Message(f"{MSH}\rOBX|1|TX|A||x".encode()))
