"""The answer: who it is from and to, what it says, and that it holds nothing of the patient."""

from __future__ import annotations

from datetime import datetime

import hl7
import pytest

from modality.protocol.hl7.acknowledge import acknowledgment, control_id_in
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.refusal import Refusal
from tests.protocol.hl7.messages import OMI, ORM, text

NOW = datetime.fromisoformat("2026-11-25 09:00:01")


def answered(content: str, refusal: Refusal | None = None) -> list[str]:
    return acknowledgment(Message(content.encode()), refusal, NOW, "C1").decode("ascii").split("\r")


def test_an_acceptance_of_2_3_1() -> None:
    assert answered(text(ORM)) == [
        r"MSH|^~\&|RIS|RAD|HIS|HOSP|20261125090001||ACK^O01|C1|P|2.3.1",
        "MSA|AA|M1",
        "",
    ]


def test_an_acceptance_of_2_5_1_names_its_structure() -> None:
    assert answered(text(OMI))[0] == r"MSH|^~\&|RIS|RAD|HIS|HOSP|20261125090001||ACK^O23^ACK|C1|P|2.5.1"


def test_an_error_of_2_3_1_stands_in_components() -> None:
    refusal = Refusal(102, "no date", "PID", 7)
    assert answered(text(ORM), refusal)[1:3] == [
        "MSA|AE|M1|PID-7: no date",
        "ERR|PID^1^7^102&Data type error&HL70357",
    ]


def test_an_error_of_2_5_1_stands_in_fields() -> None:
    refusal = Refusal(204, "no such order", "ORC", 2, occurrence=3)
    assert answered(text(OMI), refusal)[1:3] == [
        "MSA|AE|M1",
        "ERR||ORC^3^2|204^Unknown key identifier^HL70357|E||||ORC-2: no such order",
    ]


@pytest.mark.parametrize(
    ("code", "said"), [(100, "AE"), (101, "AE"), (207, "AE"), (200, "AR"), (201, "AR"), (203, "AR")]
)
def test_what_is_not_for_us_is_rejected_and_what_is_wrong_an_error(code: int, said: str) -> None:
    assert answered(text(ORM), Refusal(code, "so"))[1].startswith(f"MSA|{said}|")


def test_what_cannot_be_read_is_answered_with_the_control_id_that_can_be_seen() -> None:
    content = b"MSH|^^^^|A|B|C|D|2026||ORM^O01|M7|P|2.3.1\rPID"
    refusal = Refusal(100, "no message", rejected=True)
    ack = hl7.parse(acknowledgment(None, refusal, NOW, "C1", control_id_in(content)).decode())
    assert (str(ack.segment("MSA")(1)), str(ack.segment("MSA")(2))) == ("AR", "M7")
    assert control_id_in(b"nothing") == control_id_in(b"") == ""


def test_delimiters_and_letters_beyond_ascii_in_what_is_echoed_do_no_harm() -> None:
    content = text(ORM, MSH_3="Ärzte\\F\\Haus^x", MSH_10="a\\T\\b")
    ack = answered(content)
    assert ack[0].split("|")[4] == r"?rzte\F\Haus^x"
    assert ack[1] == r"MSA|AA|a\T\b"
