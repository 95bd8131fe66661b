"""What Storage and Query/Retrieve say of themselves in SOP Class Extended Negotiation (PS3.4 B.3.1, C.5)."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class StorageSupport:
    """How a storage SCP keeps instances (PS3.4 Tables B.3-1 and B.3-2); the defaults are those of an SCU.

    Args:
        level: 0 keeps a subset of the attributes, 1 those of type 1 and 2, 2 all of them; 3 is no SCP.
        signature_level: what it does with digital signatures, 1 to 3; 0 leaves it open.
        coercion: 0 changes no element, 1 may change some; 2 is no SCP.
    """

    level: int = 3
    signature_level: int = 0
    coercion: int = 2

    def encode(self) -> bytes:
        """Service class application information."""
        return bytes((self.level, 0, self.signature_level, 0, self.coercion, 0))

    @classmethod
    def read(cls, information: bytes) -> StorageSupport:
        """From service class application information; what a short one leaves out has its default."""
        standing = information[:6:2]
        return cls(*standing, *astuple(cls())[len(standing) :])


@dataclass(frozen=True, slots=True)
class QuerySupport:
    """What a query may ask beyond the baseline (PS3.4 Table C.5-1).

    Args:
        relational: queries without the unique keys of the levels above.
        date_time: date and time matched as one.
        fuzzy_names: person names matched by sound or spelling.
        timezone: times adjusted to the zone of the query.
        enhanced_multi_frame: views of enhanced multi-frame images as single frames, and back.
    """

    relational: bool = False
    date_time: bool = False
    fuzzy_names: bool = False
    timezone: bool = False
    enhanced_multi_frame: bool = False

    def encode(self) -> bytes:
        """Service class application information."""
        return bytes(astuple(self))

    @classmethod
    def read(cls, information: bytes) -> QuerySupport:
        """From service class application information; what a short one leaves out is not supported."""
        return cls(*(one == 1 for one in information[:5]))
