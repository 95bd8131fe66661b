"""The one table of transfer syntaxes that this package can read and write (PS3.5 section 10 and annex A)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from modality.errors import UnknownNameError, UsageError
from modality.registry import unknown
from modality.transfer.codecs.keywords import KEYWORDS

if TYPE_CHECKING:
    from modality.transfer.codecs.encoding import Encoding


class TransferSyntax(NamedTuple):
    """How a data set is encoded.

    Args:
        uid: the syntax's UID (PS3.6 Table A-1).
        keyword: its keyword in PS3.6, as pydicom spells it.
        encapsulated: the pixel data stands in fragments (PS3.5 A.4).
        explicit: value representations are written.
        little_endian: byte order.
        deflated: the whole data set is deflated (PS3.5 A.5).
    """

    uid: str
    keyword: str
    explicit: bool = True
    little_endian: bool = True
    deflated: bool = False
    encapsulated: bool = False

    @property
    def encoding(self) -> Encoding | None:
        """What encodes the pixel data; None where it is native."""
        if not self.encapsulated:
            return None
        from modality.transfer.codecs import table  # a plain send does without

        return table.BY_UID[self.uid]

    @property
    def lossless(self) -> bool:
        """Decoding gives back the same pixels."""
        encoding = self.encoding
        return encoding is None or encoding.lossless

    def check_quality(self, quality: float | None) -> None:
        """Check the quality asked of a codec, before there are pixels.

        Raises:
            UsageError: the syntax takes none, or it is outside the codec's scale.
        """
        encoding = self.encoding
        if encoding is not None:
            encoding.chosen_quality(quality)
        elif quality is not None:
            raise UsageError(f"{self.keyword} is lossless and takes no quality")


IMPLICIT_LITTLE = TransferSyntax("1.2.840.10008.1.2", "ImplicitVRLittleEndian", explicit=False)
EXPLICIT_LITTLE = TransferSyntax("1.2.840.10008.1.2.1", "ExplicitVRLittleEndian")
DEFLATED = TransferSyntax("1.2.840.10008.1.2.1.99", "DeflatedExplicitVRLittleEndian", deflated=True)
EXPLICIT_BIG = TransferSyntax("1.2.840.10008.1.2.2", "ExplicitVRBigEndian", little_endian=False)

NATIVE: tuple[TransferSyntax, ...] = (EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG, DEFLATED)
TABLE: tuple[TransferSyntax, ...] = (
    *NATIVE,
    *(TransferSyntax(uid, keyword, encapsulated=True) for uid, keyword in KEYWORDS.items()),
)
BY_UID = {syntax.uid: syntax for syntax in TABLE}
BY_KEYWORD = {syntax.keyword: syntax for syntax in TABLE}
RLE = BY_KEYWORD["RLELossless"]


def syntax(name: str) -> TransferSyntax:
    """The syntax of a keyword or a UID.

    Raises:
        UnknownNameError: the table has none of that name.
    """
    found = BY_KEYWORD.get(name) or BY_UID.get(name)
    if found is None:
        raise UnknownNameError(unknown("transfer syntax", name, sorted(BY_KEYWORD)))
    return found


def syntax_name(uid: str) -> str:
    """What to call the syntax of a UID in a message: its keyword, or the UID where the table has none."""
    return BY_UID[uid].keyword if uid in BY_UID else uid
