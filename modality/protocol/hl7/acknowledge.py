"""The answer to a message: MSH, MSA and, where it is refused, ERR (HL7 v2 chapter 2, original mode)."""

from __future__ import annotations

import re
from datetime import datetime

from modality.protocol.hl7.message import Message, Part
from modality.protocol.hl7.refusal import MEANINGS, Refusal

_MARKS = r"^~\&"
_ESCAPED = {sign: f"\\{letter}\\" for sign, letter in zip(r"\|^&~", "EFSTR", strict=True)}
# The lengths of MSH-3 to MSH-6, MSH-9, MSH-10 and MSH-12 (HL7 v2.5.1), cut so that an answer never grows without end.
_LONGEST = 199
_VERSION = re.compile(r"2\.(\d)")


def acknowledgment(
    message: Message | None, refusal: Refusal | None, now: datetime, control_id: str, control_id_of: str = ""
) -> bytes:
    """An ACK, in ASCII and without anything of the patient.

    Args:
        message: what is answered; None when it could not be read.
        refusal: why it is not taken; None for AA.
        now: the time of the answer.
        control_id: MSH-10 of the answer.
        control_id_of: MSH-10 of what is answered, where it could not be read.
    """
    header = message.header if message else None
    ours, theirs = ["", ""], ["", ""]
    event, version, processing = "", "2.5.1", "P"
    if header:
        # Whoever was addressed answers (MSH-5, MSH-6) whoever sent (MSH-3, MSH-4).
        ours = [_joined(header(number).parts()) for number in (5, 6)]
        theirs = [_joined(header(number).parts()) for number in (3, 4)]
        control_id_of = header(10).text
        event = header(9)(2).text
        version = header(12)(1).text or version
        processing = header(11)(1).text or processing
    newer = _newer(version)
    kind = "^".join(part for part in ("ACK", _plain(event), "ACK" if newer and event else "") if part)
    code = refusal.acknowledgment if refusal else "AA"
    reason = _plain(str(refusal)) if refusal else ""
    lines = [
        [
            "MSH",
            _MARKS,
            *ours,
            *theirs,
            f"{now:%Y%m%d%H%M%S}",
            "",
            kind,
            control_id,
            _plain(processing),
            _plain(version),
        ],
        # MSA-3 is left empty from 2.5 on, where ERR says it.
        ["MSA", code, _plain(control_id_of), "" if newer else reason],
    ]
    if refusal:
        lines.append(_error(refusal, reason, newer=newer))
    return "".join("|".join(line).rstrip("|") + "\r" for line in lines).encode("ascii")


def control_id_in(content: bytes) -> str:
    """MSH-10 of what could not be read as a message, as far as it is to be seen."""
    fields = content.strip().split(b"\r", 1)[0].split(content.strip()[3:4] or b"|")
    return fields[9].decode("latin-1").strip() if len(fields) > 9 and fields[0] == b"MSH" else ""


def _error(refusal: Refusal, reason: str, *, newer: bool) -> list[str]:
    """ERR: one field of components up to 2.4, fields of their own from 2.5 on."""
    meaning = MEANINGS[refusal.code]
    place = [refusal.segment, str(refusal.occurrence), str(refusal.field or "")] if refusal.segment else []
    if newer:
        return ["ERR", "", "^".join(place).rstrip("^"), f"{refusal.code}^{meaning}^HL70357", "E", "", "", "", reason]
    code = f"{refusal.code}&{meaning}&HL70357"
    return ["ERR", "^".join([*(place or ["", "", ""]), code])]


def _newer(version: str) -> bool:
    """Whether ERR has the fields that 2.5 gave it; what is no version gets the newer form."""
    found = _VERSION.match(version)
    return not found or int(found[1]) >= 5


def _joined(parts: list[Part]) -> str:
    return "^".join(_plain(part.text) for part in parts).rstrip("^")


def _plain(text: str) -> str:
    """A text as it may stand in the answer: printable ASCII, its delimiters escaped."""
    printable = "".join(one if " " <= one <= "~" else "?" for one in text[:_LONGEST])
    return "".join(_ESCAPED.get(one, one) for one in printable)
