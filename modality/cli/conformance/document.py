"""A document of sections and tables, as Markdown and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Args:
        title: what it shows.
        columns: heads of its columns.
        rows: their cells, as many as there are columns.
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def markdown(self) -> Iterator[str]:
        """Its lines."""
        yield f"*{self.title}*"
        yield ""
        yield f"| {' | '.join(map(_cell, self.columns))} |"
        yield f"|{' --- |' * len(self.columns)}"
        for row in self.rows:
            yield f"| {' | '.join(map(_cell, row))} |"
        yield ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section.

    Args:
        title: its heading.
        paragraphs: text before its tables.
        tables: its tables.
        sections: those within it.
    """

    title: str
    paragraphs: Sequence[str] = ()
    tables: Sequence[Table] = ()
    sections: Sequence[Section] = field(default_factory=tuple)

    def markdown(self, number: str = "") -> Iterator[str]:
        """Its lines, its own heading first.

        Args:
            number: of the section; the document itself has none.
        """
        yield f"{'#' * (number.count('.') + 2 if number else 1)} {f'{number} ' if number else ''}{self.title}"
        yield ""
        for paragraph in self.paragraphs:
            yield paragraph
            yield ""
        for table in self.tables:
            yield from table.markdown()
        for place, section in enumerate(self.sections, 1):
            yield from section.markdown(f"{number}.{place}" if number else str(place))

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "title": self.title,
            "paragraphs": list(self.paragraphs),
            "tables": [
                {"title": one.title, "rows": [dict(zip(one.columns, row, strict=True)) for row in one.rows]}
                for one in self.tables
            ],
            "sections": [one.document() for one in self.sections],
        }


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ") or " "
