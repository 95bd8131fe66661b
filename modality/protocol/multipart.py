"""Multipart bodies, sans-IO: bytes in, parts out (RFC 2046 5.1, RFC 2387; PS3.18 8.6.1.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from enum import Enum

from modality.errors import InvalidResponse
from modality.transfer.elements import Buffer

# Our choice: the parts of a DICOMweb message have a few headers of a few hundred bytes in all.
_LONGEST_HEADERS = 65536
_LINE_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class PartBegun:
    """A part begins.

    Args:
        headers: its headers, the names in lower case.
    """

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartData:
    """More of the part that has begun.

    Args:
        data: never empty.
    """

    data: bytes


@dataclass(frozen=True, slots=True)
class PartEnded:
    """The part that has begun is whole."""


Event = PartBegun | PartData | PartEnded


class _State(Enum):
    BEFORE = "before the first part"
    LINE = "after a boundary"
    HEADERS = "in the headers of a part"
    BODY = "in a part"
    AFTER = "after the last part"


def boundary_of(content_type: str) -> str:
    """What stands between the parts, from the Content-Type of a message.

    Raises:
        InvalidResponse: it is not multipart/related, or has no boundary of 1 to 70 ASCII characters.
    """
    parsed = Message()
    parsed["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
    boundary = parsed.get_boundary("")
    if parsed.get_content_type() != "multipart/related":
        raise InvalidResponse(f"{content_type[:80]!r} where multipart/related was asked for")
    if not (1 <= len(boundary) <= 70 and boundary.isascii() and boundary.isprintable()):
        raise InvalidResponse(f"multipart/related without a proper boundary: {content_type[:80]!r}")
    return boundary


class MultipartReader:
    """Takes a multipart body in pieces of any size.

    Args:
        boundary: what stands between the parts.
    """

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        # The line end before a boundary belongs to it; the first boundary may have none before it.
        self._buffer = bytearray(_LINE_END)
        self._state = _State.BEFORE

    def receive(self, data: bytes) -> list[Event]:
        """Take the next piece, and say what has come of it.

        Raises:
            InvalidResponse: the body is not multipart as its boundary says.
        """
        self._buffer += data
        events: list[Event] = []
        steps = {
            _State.BEFORE: self._content,
            _State.LINE: self._line,
            _State.HEADERS: self._headers,
            _State.BODY: self._content,
            _State.AFTER: self._epilogue,
        }
        while steps[self._state](events):
            pass
        return events

    def finish(self) -> None:
        """The body has ended.

        Raises:
            InvalidResponse: it ended too early.
        """
        if self._state is not _State.AFTER:
            raise InvalidResponse(f"the multipart body breaks off {self._state.value}")

    def _content(self, events: list[Event]) -> bool:
        """What stands before a boundary: the preamble, which means nothing, or a part."""
        at = self._buffer.find(self._delimiter)
        # All but what may be the beginning of a boundary.
        end = at if at >= 0 else max(len(self._buffer) - len(self._delimiter) + 1, 0)
        if self._state is _State.BODY and end:
            events.append(PartData(bytes(self._buffer[:end])))
        del self._buffer[:end]
        if at < 0:
            return False
        del self._buffer[: len(self._delimiter)]
        if self._state is _State.BODY:
            events.append(PartEnded())
        self._state = _State.LINE
        return True

    def _line(self, _: list[Event]) -> bool:
        """The rest of a boundary's line: two hyphens after the last part, else nothing but padding."""
        if self._buffer[:2] == b"--":
            self._state = _State.AFTER
            return True
        end = self._find(_LINE_END)
        if end < 0:
            return False
        if self._buffer[:end].strip(b" \t"):
            raise InvalidResponse("the multipart body has a line that begins with its boundary and goes on")
        # The line end stays: it is the first of the two that end the headers when there are none.
        del self._buffer[:end]
        self._state = _State.HEADERS
        return True

    def _headers(self, events: list[Event]) -> bool:
        end = self._find(_LINE_END * 2)
        if end < 0 or len(self._buffer) < end + 2 + len(self._delimiter):
            return False
        headers = _parsed(self._buffer[:end].decode("latin-1"))
        # The line end after the headers may be that of a boundary: a part may have no body at all.
        bodiless = self._buffer.startswith(self._delimiter, end + 2)
        del self._buffer[: end + (2 if bodiless else 4)]
        events.append(PartBegun(headers))
        self._state = _State.BODY
        return True

    def _epilogue(self, _: list[Event]) -> bool:
        self._buffer.clear()
        return False

    def _find(self, what: bytes) -> int:
        at = self._buffer.find(what)
        if max(at, len(self._buffer) if at < 0 else 0) > _LONGEST_HEADERS:
            raise InvalidResponse(f"the headers of a part are longer than {_LONGEST_HEADERS} bytes")
        return at


def _parsed(text: str) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for line in text.split("\r\n"):
        if not line:
            continue
        if line[0] in " \t" and name:  # a folded line goes on with the one before (RFC 5322 2.2.3)
            headers[name] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not name:
            raise InvalidResponse(f"a part has a header line without a colon: {line[:80]!r}")
        headers[name] = value.strip()
    return headers


def content_type(boundary: str, media_type: str) -> str:
    """The Content-Type of a message whose parts are of one media type (RFC 2387 3.1; PS3.18 8.7.3.3).

    Args:
        boundary: what stands between the parts.
        media_type: of the parts, without parameters.
    """
    return f'multipart/related; type="{media_type}"; boundary={boundary}'


def written(boundary: str, parts: Iterable[tuple[Mapping[str, str], Iterable[Buffer]]]) -> Iterator[Buffer]:
    """A multipart body, piece by piece; what the parts hold goes through uncopied.

    Args:
        boundary: what stands between the parts; it must not stand within one.
        parts: headers and content of each; taken one at a time.
    """
    first = True
    for headers, content in parts:
        yield _head(boundary, headers, first=first)
        yield from content
        first = False
    yield _end(boundary, first=first)


def written_length(boundary: str, parts: Iterable[tuple[Mapping[str, str], int]]) -> int:
    """Bytes of the body that `written` makes.

    Args:
        boundary: what stands between the parts.
        parts: headers and content length in bytes of each.
    """
    length, first = 0, True
    for headers, size in parts:
        length += len(_head(boundary, headers, first=first)) + size
        first = False
    return length + len(_end(boundary, first=first))


def _head(boundary: str, headers: Mapping[str, str], *, first: bool) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{_LINE_END.decode() * (not first)}--{boundary}\r\n{lines}\r\n".encode("latin-1")


def _end(boundary: str, *, first: bool) -> bytes:
    return f"{_LINE_END.decode() * (not first)}--{boundary}--\r\n".encode("ascii")
