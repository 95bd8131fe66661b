"""Attributes as a TOML has them, and the private dictionary beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modality.errors import UsageError
from modality.iods.setting.private import PrivateBlock, PrivateDictionary


@dataclass(frozen=True, slots=True)
class AttributeFile:
    """What a file of attributes holds.

    Args:
        attributes: keyword of PS3.6, or name of the private dictionary, to text, a number, or a list of them.
        private: the private dictionary.
    """

    attributes: Mapping[str, Any] = field(default_factory=dict)
    private: tuple[PrivateBlock, ...] = ()

    def assignments(self, *tables: Mapping[str, Any]) -> dict[str, str]:
        """The file's attributes and further ones over them, as `set_attributes` takes them.

        Raises:
            UsageError: a value is neither text nor number, or two private attributes have one name.
        """
        return assignments(*map(PrivateDictionary(self.private).resolved, (self.attributes, *tables)))


def assignments(*tables: Mapping[str, Any]) -> dict[str, str]:
    """Attributes as TOML has them, as the texts that `set_attributes` takes; later tables prevail.

    Raises:
        UsageError: a value is neither text nor number, nor a list of them.
    """
    return {keyword: _text(keyword, value) for table in tables for keyword, value in table.items()}


def _text(keyword: str, value: Any) -> str:
    if isinstance(value, list):
        return "\\".join(_text(keyword, one) for one in value)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UsageError(f"{keyword}: give text, a number, or a list of them")
    return str(value)
