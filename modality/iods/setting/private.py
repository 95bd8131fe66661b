"""Private attributes by a dictionary (PS3.5 7.8.1): by name in a TOML, by creator and element in a data set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydicom.charset import convert_encodings
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.values import convert_value

from modality.errors import UsageError

TEXT_VRS = (  # those that text can write
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "SV", "TM",
    "UC", "UI", "UL", "UR", "US", "UT", "UV",
)  # fmt: skip
_MULTIPLICITY = re.compile(r"\d+(-(\d+|\d*n))?")
_LONGEST_LO = 64
_DEFAULT_REPERTOIRE = "ISO_IR 6"
_KEY = re.compile(r"\((?P<group>[0-9a-f]{4}),xx(?P<element>[0-9a-f]{2})\) (?P<vr>[A-Z]{2}) (?P<vm>\S+) (?P<creator>.+)")


class PrivateKey(NamedTuple):
    """A private attribute, wherever its block is.

    Args:
        group: odd.
        element: within its creator's block, 0 to 0xFF.
        vr: VR.
        vm: VM, as PS3.6 writes it.
        creator: Private Creator.
    """

    group: int
    element: int
    vr: str
    vm: str
    creator: str

    def __str__(self) -> str:
        return f"({self.group:04x},xx{self.element:02x}) {self.vr} {self.vm} {self.creator}"

    @classmethod
    def of(cls, text: str) -> PrivateKey | None:
        """From its text; None when it is that of no private attribute."""
        found = _KEY.fullmatch(text)
        if found is None:
            return None
        return cls(int(found["group"], 16), int(found["element"], 16), found["vr"], found["vm"], found["creator"])


@dataclass(frozen=True, slots=True)
class PrivateAttribute:
    """One private attribute of a block.

    Args:
        element: the last two digits of its element number, 0 to 0xFF.
        vr: VR.
        name: what it is set by; none of PS3.6's.
        vm: VM, as PS3.6 writes it: 1, 1-3, 2-n.
    """

    element: int
    vr: str
    name: str
    vm: str = "1"

    def __post_init__(self) -> None:
        if not 0 <= self.element <= 0xFF:
            raise ValueError(f"{self.name}: element: 0x00 to 0xFF, not {self.element:#x}")
        if self.vr not in TEXT_VRS:
            raise ValueError(f"{self.name}: vr: one that text can write, not {self.vr!r}")
        if not _MULTIPLICITY.fullmatch(self.vm):
            raise ValueError(f"{self.name}: vm: such as 1, 1-3 or 2-n, not {self.vm!r}")
        if not self.name.isidentifier() or tag_for_keyword(self.name) is not None:
            raise ValueError(f"{self.name!r}: name: a word of letters and digits that is no keyword of PS3.6")


@dataclass(frozen=True, slots=True)
class PrivateBlock:
    """The attributes of one creator in one group.

    Args:
        creator: Private Creator.
        group: odd, such as 0x0029.
        attribute: the attributes.
    """

    creator: str
    group: int
    attribute: tuple[PrivateAttribute, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.creator.strip()) <= _LONGEST_LO or "\\" in self.creator or not self.creator.isprintable():
            raise ValueError(f"creator {self.creator!r}: 1 to 64 characters, and no backslash (VR LO)")
        # PS3.5 7.1: odd, and none of 0001 to 0007 and FFFF.
        if self.group % 2 == 0 or not 0x0009 <= self.group < 0xFFFF:
            raise ValueError(f"group {self.group:#06x}: an odd one, 0x0009 to 0xFFFD")
        if len({one.element for one in self.attribute}) < len(self.attribute):
            raise ValueError(f"creator {self.creator}: two attributes have one element")

    def named(self) -> Iterator[tuple[str, PrivateKey]]:
        """Name and place of each attribute."""
        for one in self.attribute:
            yield one.name, PrivateKey(self.group, one.element, one.vr, one.vm, self.creator)


class PrivateDictionary:
    """Private attributes by name.

    Args:
        blocks: what a TOML has under ``[[private]]``.

    Raises:
        UsageError: two attributes have one name or one place.
    """

    def __init__(self, blocks: tuple[PrivateBlock, ...]) -> None:
        self._keys: dict[str, PrivateKey] = {}
        places = set()
        for name, key in (pair for block in blocks for pair in block.named()):
            place = (key.group, key.creator, key.element)
            if name in self._keys or place in places:
                raise UsageError(f"private attribute {name}: there are two of that name or place")
            places.add(place)
            self._keys[name] = key

    def resolved(self, assignments: Mapping[str, Any]) -> dict[str, Any]:
        """Assignments in which each private name stands as what `set_attributes` knows it by."""
        return {str(self._keys.get(name, name)): value for name, value in assignments.items()}

    def values(self, dataset: Dataset) -> dict[str, Any]:
        """What a data set has of the dictionary's attributes, by name; decoded where the file does not tell the VR.

        Args:
            dataset: as it was read, with explicit or implicit VRs.
        """
        found = {}
        encodings = convert_encodings(dataset.get("SpecificCharacterSet") or _DEFAULT_REPERTOIRE)
        for name, key in self._keys.items():
            try:
                tag = dataset.private_block(key.group, key.creator).get_tag(key.element)
            except KeyError:
                continue
            if tag in dataset:
                value = dataset[tag].value
                if dataset[tag].VR == "UN" and isinstance(value, bytes):
                    raw = RawDataElement(tag, key.vr, len(value), value, 0, True, True)
                    value = convert_value(key.vr, raw, encodings)
                found[name] = value
        return found
