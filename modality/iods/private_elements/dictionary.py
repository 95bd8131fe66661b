"""What private elements mean: a user's dictionaries, those of the personas, and pydicom's table of vendors'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydicom.datadict import get_private_entry
from pydicom.tag import Tag
from pydicom.valuerep import VR

from modality import config
from modality.errors import ConfigurationError
from modality.iods.personas.persona import load_persona, personas
from modality.iods.personas.vendor import VendorBlock, VendorElement
from modality.iods.setting.private import PrivateAttribute, PrivateBlock

_VRS = frozenset(one.value for one in VR if len(one.value) == 2)


class Meaning(NamedTuple):
    """What a dictionary says of a private element.

    Args:
        name: for people; empty where the dictionary has none.
        vr: VR.
        source: the dictionary.
    """

    name: str
    vr: str
    source: str


@dataclass(frozen=True, slots=True)
class ListedAttribute:
    """A private attribute of a dictionary that is read by: also of a VR that no text can write.

    Args:
        element: the last two digits of its element number, 0 to 0xFF.
        vr: VR.
        name: what it is called; none of PS3.6's keywords.
        vm: VM, as PS3.6 writes it.
    """

    element: int
    vr: str
    name: str
    vm: str = "1"

    def __post_init__(self) -> None:
        if self.vr not in _VRS:
            raise ValueError(f"{self.name}: vr: there is no {self.vr!r}")
        PrivateAttribute(self.element, "LO", self.name, self.vm)  # checks the others


@dataclass(frozen=True, slots=True)
class ListedBlock:
    """The attributes of one creator in one group.

    Args:
        creator: Private Creator.
        group: odd, such as 0x0029.
        attribute: the attributes.
    """

    creator: str
    group: int
    attribute: tuple[ListedAttribute, ...]

    def __post_init__(self) -> None:
        PrivateBlock(self.creator, self.group, ())  # checks creator and group
        if not self.attribute:
            raise ValueError(f"creator {self.creator}: at least one attribute is needed")


@dataclass(frozen=True, slots=True)
class DictionaryFile:
    """A private dictionary in TOML: the file that `generate --attributes` takes.

    Args:
        private: the dictionary.
        attributes: what `generate` sets, and nobody needs who reads.
    """

    private: tuple[ListedBlock, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Dictionaries:
    """Private dictionaries, the user's before those of the personas, and these before pydicom's table.

    Args:
        files: the user's, each a TOML of ``[[private]]`` blocks.

    Raises:
        ConfigurationError: a file cannot be read, does not fit, has no block, or says again what one has said.
    """

    def __init__(self, files: Iterable[Path] = ()) -> None:
        self._meanings: dict[tuple[str, int, int], Meaning] = {}
        for path in files:
            blocks = config.load(path, DictionaryFile).private
            if not blocks:
                raise ConfigurationError(f"{path}: no [[private]] block: a private dictionary has at least one")
            for block in blocks:
                for one in block.attribute:
                    place = (block.creator.strip(), block.group, one.element)
                    if (before := self._meanings.get(place)) is not None:
                        raise ConfigurationError(
                            f"{path}: {one.name}: ({block.group:04x},xx{one.element:02x}) of {block.creator} is "
                            f"{before.name} in {before.source} already"
                        )
                    self._meanings[place] = Meaning(one.name, one.vr, str(path))
        for name in personas():
            for whole in load_persona(name).block:
                for element in _elements(whole):
                    place = (whole.creator, whole.group, element.element)
                    vr = "SQ" if element.item else element.vr  # of UN: what it is that was not known
                    self._meanings.setdefault(place, Meaning(element.name, vr, f"persona {name}"))
        self._creators = {creator for creator, _, _ in self._meanings}

    def meaning(self, creator: str, group: int, element: int) -> Meaning | None:
        """What an element of a creator's block is; None where no dictionary has it.

        Args:
            creator: Private Creator.
            group: odd.
            element: the last two digits of its element number.
        """
        found = self._meanings.get((creator, group, element))
        if found is None:
            try:
                vr, _, name, _ = get_private_entry(Tag(group, 0x1000 | element), creator)
            except KeyError:
                return None
            found = Meaning(name, vr, "pydicom") if vr in _VRS else None  # "OB or OW" is no VR
        return found

    def knows(self, creator: str) -> bool:
        """Whether a dictionary has anything of a creator."""
        from pydicom._private_dict import private_dictionaries

        return creator in self._creators or creator in private_dictionaries


def _elements(block: VendorBlock) -> Iterator[VendorElement]:
    """Those of a persona's block, at any depth."""
    waiting = list(block.element)
    while waiting:
        one = waiting.pop(0)
        yield one
        waiting += [inner for item in one.item for inner in item.element]
