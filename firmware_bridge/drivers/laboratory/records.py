"""The records of ASTM E1394 (CLSI LIS02-A2): fields, components and escapes by the delimiters that the header names."""

from __future__ import annotations

import re
from typing import NamedTuple


class Delimiters(NamedTuple):
    """The characters that divide a record, as H has them."""

    field: str = "|"
    repeat: str = "\\"
    component: str = "^"
    escape: str = "&"

    def unescaped(self, text: str) -> str:
        """`text` with its escape sequences taken out."""
        if self.escape not in text:
            return text
        mark = re.escape(self.escape)
        return re.sub(f"{mark}([A-Z][0-9A-Fa-f]*){mark}", self._meant, text)

    def _meant(self, found: re.Match[str]) -> str:
        code = found[1]
        named = {"F": self.field, "S": self.component, "R": self.repeat, "E": self.escape, "H": "", "N": ""}
        if code in named:
            return named[code]
        if code[0] == "X" and len(code) > 1 and len(code) % 2 == 1:
            return bytes.fromhex(code[1:]).decode("latin-1")
        return found[0]


def delimiters_of(header: str) -> Delimiters | None:
    r"""The delimiters of an H record (`H|\^&`; a GeneXpert says `H|@^\`), or None where it names none that can be."""
    named = header[1:5]
    if len(named) < 4 or len(set(named)) < 4 or any(one.isalnum() or one.isspace() for one in named):
        return None
    return Delimiters(*named)


class Record(NamedTuple):
    """One record.

    Args:
        kind: its letter: H P O R C Q M S L.
        fields: the raw fields, the kind first, so that the standard's field 3 is `fields[2]`.
        delimiters: what divides them further.
    """

    kind: str
    fields: list[str]
    delimiters: Delimiters

    def text(self, index: int) -> str:
        """Field `index` as text: stripped, its components kept apart by `^`, empty ones at the end left out."""
        return "^".join(self.components(index)).rstrip("^")

    def components(self, index: int) -> list[str]:
        """The components of the field's first repetition."""
        if index >= len(self.fields):
            return [""]
        first = self.fields[index].split(self.delimiters.repeat)[0]
        return [self.delimiters.unescaped(one).strip() for one in first.split(self.delimiters.component)]

    def first(self, index: int) -> str:
        """The field's first component that is filled."""
        return next((one for one in self.components(index) if one), "")

    def repeats(self, index: int) -> str:
        """The whole field with all its repetitions, as it was sent, stripped."""
        return self.delimiters.unescaped(self.fields[index]).strip() if index < len(self.fields) else ""


def record_of(text: str, delimiters: Delimiters) -> Record:
    """One record of its text."""
    return Record(text[:1].upper(), text.split(delimiters.field), delimiters)
