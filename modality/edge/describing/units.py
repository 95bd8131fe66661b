"""Whether the unit that a device prints contradicts the one that the configuration gives its test."""

from __future__ import annotations

import re

_TINY = {"": 1.0, "k": 1e3, "d": 1e-1, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}
# An amount or activity in a volume, as UCUM or people write it, and a number of cells in one.
_AMOUNT = re.compile(r"(?P<tiny>[kmunpf]?)(?P<what>g|mol|iu|u)/(?P<part>[dmunpf]?)(?P<whole>l|mol|g)")
_COUNT = re.compile(r"x?10[*^e](?P<power>[0-9]{1,2})/(?P<part>[dmunpf]?)l")
_ALIKE = 1e-6


def contradicts(printed: str, given: str) -> bool:
    """Whether two units are both known, and a number in one is another number in the other.

    Args:
        printed: in the device's words.
        given: of UCUM.
    """
    one, other = _scale(printed), _scale(given)
    if one is None or other is None:
        return False
    return one[0] != other[0] or abs(one[1] / other[1] - 1.0) > _ALIKE


def _scale(text: str) -> tuple[str, float] | None:
    """What a unit measures, and its size; None where it is none of those known."""
    plain = (
        re.sub(r"[\s\[\]]", "", text).replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u").lower()
    )
    plain = plain.replace("mcg", "ug").replace("mcl", "ul")
    if plain == "%":
        return "part", 1e-2
    if found := _COUNT.fullmatch(plain):
        return "count", 10.0 ** int(found["power"]) / _TINY[found["part"]]
    if found := _AMOUNT.fullmatch(plain):
        what = "iu" if found["what"] == "u" else found["what"]
        return f"{what}/{found['whole']}", _TINY[found["tiny"]] / _TINY[found["part"]]
    return None
