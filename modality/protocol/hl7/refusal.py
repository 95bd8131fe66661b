"""Why a message is not taken: a code of HL7 table 0357, and the place in the message; never a value from it."""

from __future__ import annotations

from modality.errors import InputError

# HL7 table 0357, Message Error Condition Codes.
SEQUENCE, REQUIRED, DATA_TYPE, TABLE_VALUE = 100, 101, 102, 103
MESSAGE_TYPE, EVENT, PROCESSING_ID, VERSION = 200, 201, 202, 203
UNKNOWN_KEY, DUPLICATE_KEY, LOCKED, INTERNAL = 204, 205, 206, 207
MEANINGS = {
    SEQUENCE: "Segment sequence error",
    REQUIRED: "Required field missing",
    DATA_TYPE: "Data type error",
    TABLE_VALUE: "Table value not found",
    MESSAGE_TYPE: "Unsupported message type",
    EVENT: "Unsupported event code",
    PROCESSING_ID: "Unsupported processing id",
    VERSION: "Unsupported version id",
    UNKNOWN_KEY: "Unknown key identifier",
    DUPLICATE_KEY: "Duplicate key identifier",
    LOCKED: "Application record locked",
    INTERNAL: "Application internal error",
}
# HL7 v2 chapter 2, response in original mode: what is wrong with type, version or processing ID is rejected; so is
# here what is no message at all.
_REJECTED = (MESSAGE_TYPE, EVENT, PROCESSING_ID, VERSION)


class Refusal(InputError):
    """A message that is answered with AE or AR.

    Args:
        code: a code of table 0357.
        reason: one line for people, without anything that the message holds.
        segment: the name of the segment it is about, if one.
        occurrence: which of the segments of that name, from 1.
        field: the number of the field; 0 for the segment as a whole.
        rejected: answer with AR whatever the code.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        segment: str = "",
        field: int = 0,
        *,
        occurrence: int = 1,
        rejected: bool = False,
    ) -> None:
        self.segment, self.field, self.occurrence = segment, field, occurrence
        self.place = f"{segment}-{field}" if field else segment
        super().__init__(f"{self.place}: {reason}" if self.place else reason)
        self.code = code
        self.acknowledgment = "AR" if rejected or code in _REJECTED else "AE"
