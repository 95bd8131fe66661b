"""The tables of what can be asked for by name: phantoms, kinds of study, devices, scenarios.

An entry is a name and a string ``module:attribute``, so a table imports nothing; other projects add theirs through an
entry point of the table's group. Entry points are read only when a name is not one of ours, or a table is listed.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, NamedTuple

from modality.errors import UnknownNameError

_MOST_NAMED = 20  # in a message of one line


class Table(NamedTuple):
    """Names and where what they stand for is found.

    Args:
        what: what an entry is, for messages ("phantom").
        group: entry-point group of other projects' entries.
        entries: name to ``module:attribute``.
    """

    what: str
    group: str
    entries: Mapping[str, str]

    def names(self) -> list[str]:
        """Every name, ours first, each sorted."""
        return [*sorted(self.entries), *sorted(set(self._others()) - set(self.entries))]

    def load(self, name: str) -> Any:
        """What `name` stands for.

        Raises:
            UnknownNameError: no entry has that name; the message holds the nearest one that does.
        """
        target = self.entries.get(name) or self._others().get(name)
        if target is None:
            raise UnknownNameError(unknown(self.what, name, self.names()))
        module, _, attribute = target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def _others(self) -> dict[str, str]:
        from importlib.metadata import entry_points

        return {point.name: point.value for point in entry_points(group=self.group)}


def unknown(what: str, name: str, valid: list[str]) -> str:
    """One line that says that `name` is unknown, and what was perhaps meant."""
    import difflib

    nearest = difflib.get_close_matches(name, valid, n=1, cutoff=0.6)
    some = ", ".join(valid[:_MOST_NAMED]) + (", ..." if len(valid) > _MOST_NAMED else "")
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there is {some}"
    return f"unknown {what} {name!r}: {hint}"


PHANTOMS = Table(
    "phantom",
    "modality.phantoms",
    {
        "water": "phantoms:water",
        "shepp-logan": "phantoms:shepp_logan",
        "acr-ct": "phantoms:acr_ct",
        "catphan504": "phantoms:catphan504",
        "acr-mr": "phantoms:acr_mr",
        "relaxometry": "phantoms:relaxometry",
        "spheres": "phantoms:spheres",
        "nema-pet": "phantoms:nema_pet",
        "hip-prosthesis": "phantoms:hip_prosthesis",
        "head": "phantoms:head",
        "head-stroke": "phantoms:head_stroke",
        "thorax": "phantoms:thorax",
        "abdomen": "phantoms:abdomen",
        "knee": "phantoms:knee",
        "spine": "phantoms:spine",
    },
)

SECTIONS = Table("section", "modality.sections", {"tissue-section": "phantoms.tissue.section:tissue_section"})


def scanned_of(name: str) -> Table:
    """The table that holds what is scanned by that name: a section on a slide, or else a phantom."""
    return SECTIONS if name in SECTIONS.entries else PHANTOMS


KINDS = Table(
    "kind",
    "modality.iods",
    {
        "ct": "modality.iods.images.ct:CT",
        "enhanced-ct": "modality.iods.images.enhanced_ct:ENHANCED_CT",
        "mr": "modality.iods.images.mr:MR",
        "enhanced-mr": "modality.iods.images.enhanced_mr:ENHANCED_MR",
        "sm": "modality.iods.images.slide:SM",
    },
)
