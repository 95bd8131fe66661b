"""XML files of instruments as plain trees of local names; no document type, no entities, no depth without end."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.parsers import expat  # guarded below: a document with a DTD, the carrier of entity attacks, is refused

_DEEPEST = 32  # our choice; JOIA's files go nine deep
_DECLARATION = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9_.\-]{1,40})[\"'][^>]*\?>"
)
_ANY_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml[^>]*\?>")

# Names as files have them, to Python's; Windows' variant of Shift-JIS reads what instruments write.
_ENCODINGS = {"shift-jis": "cp932", "shift_jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932"}


class XmlRefused(Exception):
    """The text is no XML, or is XML that is not read."""


@dataclass(slots=True)
class Element:
    """One element.

    Args:
        name: without namespace or prefix.
        attributes: by local name.
        text: its own text, stripped.
        children: within it.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def child(self, *path: str) -> Element | None:
        """The first element down a path of names."""
        found: Element | None = self
        for name in path:
            if found is None:
                return None
            found = next((one for one in found.children if one.name == name), None)
        return found

    def all(self, name: str) -> list[Element]:
        """The children of a name."""
        return [one for one in self.children if one.name == name]

    def value(self, *path: str) -> str:
        """The text down a path, or empty."""
        found = self.child(*path)
        return found.text if found is not None else ""


def parse(data: bytes) -> Element:
    """The root of one document, in UTF-8 or what its declaration names, Shift-JIS among them, which expat cannot read.

    Raises:
        XmlRefused: it does not parse, has a DTD, or is too deep.
    """
    declared = _DECLARATION.match(data)
    name = declared[1].decode("ascii").lower() if declared else "utf-8"
    try:
        text = data.decode(_ENCODINGS.get(name, name))
    except (LookupError, UnicodeError):
        raise XmlRefused("its encoding is not known, or its bytes are not of it") from None
    return _Tree().parsed(_ANY_DECLARATION.sub("", text).lstrip("\ufeff"))


class _Tree:
    """What expat says, as elements."""

    def __init__(self) -> None:
        self._stack = [Element("")]

    def parsed(self, text: str) -> Element:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse
        parser.EntityDeclHandler = _refuse
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.Parse(text.encode("utf-8", errors="surrogatepass"), True)
        except (expat.ExpatError, UnicodeError):
            raise XmlRefused("it is not well-formed") from None
        return self._stack[0].children[0]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) > _DEEPEST:
            raise XmlRefused("it is too deep")
        element = Element(_local(name), {_local(key): value.strip() for key, value in attributes.items()})
        self._stack[-1].children.append(element)
        self._stack.append(element)

    def _end(self, _: str) -> None:
        element = self._stack.pop()
        element.text = element.text.strip()

    def _characters(self, text: str) -> None:
        self._stack[-1].text += text


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse(*_: object) -> None:
    raise XmlRefused("it has a document type declaration")
