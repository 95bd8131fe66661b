"""A message read: segments, fields, components. The one file that knows which library parses HL7 (python-hl7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from modality.errors import MissingExtraError
from modality.protocol.hl7 import charsets
from modality.protocol.hl7.refusal import REQUIRED, SEQUENCE, Refusal

# HL7 v2 chapter 2: an explicit null, by which a sender asks that a value be erased.
NULL = '""'
# Our choice: an order has some hundred fields, and the parser needs 10 microseconds for each.
_MOST_DELIMITERS = 20_000
# MSH-1, and the four characters of MSH-2 with the fifth that 2.7 added; each a sign, all different.
_HEADER = re.compile(r"MSH([!-/:-@\[-`{-~])([!-/:-@\[-`{-~]{4,5})(?=\1)")


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What separates a message's parts (MSH-1, MSH-2)."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


class Part:
    """One repetition of a field, or one component of it; what is not there reads as empty.

    Args:
        node: the parser's node, or its text.
        message: the message it is of.
    """

    __slots__ = ("_message", "_node")

    def __init__(self, node: Any, message: Message) -> None:
        self._node = node
        self._message = message

    def __call__(self, number: int) -> Part:
        """A component of a repetition, or a subcomponent of a component, by its number from 1."""
        if isinstance(self._node, str):  # what has one part alone is not divided
            return Part(self._node if number == 1 else "", self._message)
        return Part(self._node[number - 1] if number <= len(self._node) else "", self._message)

    @property
    def raw(self) -> str:
        """The text of its first leaf as it was sent."""
        node = self._node
        while not isinstance(node, str):
            node = node[0] if len(node) else ""
        return node.strip()

    @property
    def text(self) -> str:
        """Its text, escape sequences resolved; empty where it is an explicit null."""
        return "" if self.raw == NULL else self._message.unescape(self.raw)

    @property
    def null(self) -> bool:
        """Whether it is an explicit null."""
        return self.raw == NULL

    def parts(self) -> list[Part]:
        """Its components or subcomponents."""
        nodes = [self._node] if isinstance(self._node, str) else self._node
        return [Part(node, self._message) for node in nodes]


class Segment:
    """One segment.

    Args:
        node: the parser's node.
        message: the message it is of.
        occurrence: which of the segments of its name it is, from 1.
    """

    __slots__ = ("_message", "_node", "name", "occurrence")

    def __init__(self, node: Any, message: Message, name: str, occurrence: int) -> None:
        self._node = node
        self._message = message
        self.name = name
        self.occurrence = occurrence

    def all(self, field: int) -> list[Part]:
        """The repetitions of a field that hold something, explicit nulls among them."""
        node = self._node[field] if field < len(self._node) else ""
        found = [Part(one, self._message) for one in ([node] if isinstance(node, str) else node)]
        return [one for one in found if any(part.raw for whole in one.parts() for part in whole.parts())]

    def __call__(self, field: int) -> Part:
        """The first repetition of a field."""
        return next(iter(self.all(field)), Part("", self._message))

    def refuse(self, code: int, reason: str, field: int = 0) -> Refusal:
        """What to raise about a field of this segment."""
        return Refusal(code, reason, self.name, field, occurrence=self.occurrence)

    def required(self, field: int) -> Part:
        """The first repetition of a field that has to be there.

        Raises:
            Refusal: it is empty.
        """
        if not self(field).text:
            raise self.refuse(REQUIRED, "has no value", field)
        return self(field)


def require() -> Any:
    """The parser.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import hl7
    except ImportError:
        raise MissingExtraError("HL7 v2", "hl7") from None
    return hl7


class Message:
    """A message, read.

    Args:
        content: its bytes, without a frame.

    Raises:
        Refusal: it is none, or is not in the character set that it declares.
        MissingExtraError: the parser is not installed.
    """

    def __init__(self, content: bytes) -> None:
        hl7 = require()
        content = content.strip().replace(b"\r\n", b"\r").replace(b"\n", b"\r")
        self.delimiters = _delimiters(content)
        self.character_set = charsets.named(_declared(content, self.delimiters))
        text, self.character_set = charsets.decoded(content, self.character_set)
        marks = self.delimiters
        if sum(
            text.count(one) for one in (marks.field, marks.component, marks.repetition, marks.subcomponent, "\r")
        ) > (_MOST_DELIMITERS):
            raise Refusal(SEQUENCE, f"more than {_MOST_DELIMITERS} fields and components", rejected=True)
        self._escapes = re.compile(f"{re.escape(marks.escape)}([^{re.escape(marks.escape)}]*){re.escape(marks.escape)}")
        counts: dict[str, int] = {}
        self.segments: list[Segment] = []
        try:
            parsed = hl7.parse(text)
        except (hl7.HL7Exception, ValueError, LookupError):
            raise Refusal(SEQUENCE, "no HL7 message", rejected=True) from None
        for node in parsed:
            name = str(node[0]) if not isinstance(node, str) and len(node) else ""
            counts[name] = counts.get(name, 0) + 1
            self.segments.append(Segment(node, self, name, counts[name]))
        if counts["MSH"] > 1:
            raise Refusal(SEQUENCE, "one message a frame, not a batch", "MSH", rejected=True)

    @property
    def header(self) -> Segment:
        """MSH."""
        return self.segments[0]

    @property
    def kind(self) -> tuple[str, str]:
        """Message type and trigger event (MSH-9)."""
        kind = self.header(9)
        return kind(1).text, kind(2).text

    def named(self, name: str) -> list[Segment]:
        """The segments of a name, in their order."""
        return [one for one in self.segments if one.name == name]

    def first(self, name: str) -> Segment:
        """The first segment of a name.

        Raises:
            Refusal: there is none.
        """
        for segment in self.named(name):
            return segment
        raise Refusal(SEQUENCE, "the segment is missing", name)

    def unescape(self, text: str) -> str:
        """A text with its escape sequences resolved (HL7 v2 chapter 2); what only formats is a newline or nothing.

        Not by the parser: it writes what it cannot resolve into the log, and repeats ".sp" as often as it is told.
        """
        marks = self.delimiters
        if marks.escape not in text:
            return text
        signs = {
            "F": marks.field,
            "S": marks.component,
            "T": marks.subcomponent,
            "R": marks.repetition,
            "E": marks.escape,
        }

        def resolved(match: re.Match[str]) -> str:
            sequence = match[1]
            if sequence.startswith("X"):
                try:
                    return bytes.fromhex(sequence[1:]).decode(self.character_set.codec)
                except ValueError:
                    return ""
            return signs.get(sequence, "\n" if sequence[:3] in (".br", ".sp", ".ce") else "")

        return self._escapes.sub(resolved, text)


def _delimiters(content: bytes) -> Delimiters:
    """The delimiters that a message declares."""
    found = _HEADER.match(content[:9].decode("latin-1"))
    if not found or len(set(found[1] + found[2])) != len(found[1] + found[2]):
        raise Refusal(SEQUENCE, "no HL7 message: it does not begin with a proper MSH", rejected=True)
    return Delimiters(found[1], *list(found[2][:4]))


def _declared(content: bytes, marks: Delimiters) -> list[str]:
    """The names in MSH-18, read before anything is decoded."""
    fields = content.split(b"\r", 1)[0].split(marks.field.encode())
    names = fields[17] if len(fields) > 17 else b""
    return [name.decode("ascii", "replace").strip() for name in names.split(marks.repetition.encode())]


def groups(segments: list[Segment], opening: str) -> Iterator[list[Segment]]:
    """The segments in groups, each begun by a segment of one name; what stands before the first is in none."""
    group: list[Segment] = []
    for segment in segments:
        if segment.name == opening:
            if group:
                yield group
            group = [segment]
        elif group:
            group.append(segment)
    if group:
        yield group
