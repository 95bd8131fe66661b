"""What one entry of the table of defects is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from modality.transfer.defects.elements import Break, Element, Elements
from modality.transfer.part10 import FileMeta

Open = Callable[[FileMeta], bytes]
"""Makes what stands before a file's data set: preamble and file meta information."""
Disagree = Callable[[Elements, Elements], list[Element]]
"""Makes an instance disagree with the first of its series; takes its own elements and those of the first."""

Needs = Literal["", "pixels", "native pixels", "encapsulated pixels", "frames", "frame of reference"]
Scope = Literal["data set", "file", "series"]


class Defect(NamedTuple):
    """One way in which an instance, its file or its series is wrong; one of `breaks`, `opens` and `disagrees`.

    Args:
        what: for people.
        clause: what it breaks.
        breaks: the data set, of each instance.
        opens: what stands before it in a file.
        disagrees: the last instance of a series of several.
        needs: what an instance must have for it to be broken.
    """

    what: str
    clause: str
    breaks: Break | None = None
    opens: Open | None = None
    disagrees: Disagree | None = None
    needs: Needs = ""

    @property
    def scope(self) -> Scope:
        """What it breaks."""
        return "data set" if self.breaks else "file" if self.opens else "series"
