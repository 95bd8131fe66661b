"""Attributes that an IOD has (PS3.3): what is set beside them is legal, and more often a slip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag

from modality import config
from modality.iods.setting.types import attribute_types

_OVERLAYS = range(0x6000, 0x6100)  # a module of repeating groups, which the table has no keywords of


@dataclass(frozen=True, slots=True)
class AttributeMembers:
    """What `configs/attribute_members.toml` holds.

    Args:
        modules: IOD to its modules.
        attributes: module to its attributes at the top of the data set, by keyword.
    """

    modules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@lru_cache(maxsize=1)
def attribute_members() -> AttributeMembers:
    """The table, read when it is first needed."""
    return config.load(config.shipped("attribute_members.toml"), AttributeMembers)


def strangers(sop_class_uid: str, keywords: Iterable[str]) -> tuple[str, list[str]]:
    """Which attributes belong to no module of the IOD of a SOP Class, at the top of the data set.

    An instance may have them all the same: it is then one of a Standard Extended SOP Class (PS3.2).

    Args:
        sop_class_uid: SOP Class UID.
        keywords: of PS3.6; what is none is left out, as private attributes are.

    Returns:
        The IOD's name, and the keywords in their order; nothing of an IOD that the table lacks.
    """
    table, iod = attribute_members(), attribute_types().iod_of.get(sop_class_uid, "")
    if iod not in table.modules:
        return iod, []
    known = {keyword for module in table.modules[iod] for keyword in table.attributes.get(module, ())}
    return iod, [one for one in keywords if one not in known and _is_told_of(one)]


def notes(sop_class_uid: str, keywords: Iterable[str]) -> list[str]:
    """The same, a line for each attribute."""
    iod, found = strangers(sop_class_uid, keywords)
    return [f"{one} is of no module of the {iod} IOD (PS3.3), and set all the same" for one in found]


def _is_told_of(keyword: str) -> bool:
    number = tag_for_keyword(keyword)
    return number is not None and Tag(number).group not in _OVERLAYS
