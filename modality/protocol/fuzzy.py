"""Fuzzy matching of person names: other order, a beginning only, other accents, or the same sound.

PS3.4 C.2.2.2.1 and PS3.18 8.3.4.2 leave it to the archive. Ours: each word asked for has to be the beginning of a word
of the name, case and accents aside, or to sound like one by the American Soundex code.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pydicom.dataset import Dataset

_CODES = {
    letter: digit
    for digit, letters in {"1": "BFPV", "2": "CGJKQSXZ", "3": "DT", "4": "L", "5": "MN", "6": "R"}.items()
    for letter in letters
}
# Folded by hand: they are letters of their own, not a letter with an accent (Unicode Standard, decomposition).
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i"})


def sounds_like(wanted: str, name: str) -> bool:
    """Whether a name is what is meant: every word of `wanted` found among the words of `name`."""
    have = _words(name)
    return all(_found(word, have) for word in _words(wanted))


def soundex(word: str) -> str:
    """The American Soundex code of a word in Latin letters; empty for other words.

    Letters of one code that stand together count once, also with H or W between them.
    """
    letters = word.upper()
    if not (letters.isascii() and letters.isalpha()):
        return ""
    code, last = letters[0], _CODES.get(letters[0], "")
    for letter in letters[1:]:
        digit = _CODES.get(letter, "")
        if digit and digit != last:
            code += digit
        if letter not in "HW":
            last = digit
    return (code + "000")[:4]


def without_names(query: Dataset) -> tuple[Dataset, dict[str, str]]:
    """A query without its keys of person names, and those by keyword, to be matched here."""
    rest, names = Dataset(), {}
    for element in query:
        if element.VR == "PN" and not element.is_empty:
            names[element.keyword] = str(element.value)
        else:
            rest.add(element)
    return rest, names


def names_match(names: dict[str, str], candidate: Dataset) -> bool:
    """Whether each of the names is meant by what an entity holds under its keyword."""
    return all(sounds_like(wanted, str(candidate.get(keyword) or "")) for keyword, wanted in names.items())


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(character for character in plain if not (unicodedata.combining(character) or character in "'’"))
    return [word for word in re.split(r"[\s^=*?,.-]+", plain) if word]


def _found(word: str, have: Iterable[str]) -> bool:
    code = soundex(word)
    return any(one.startswith(word) or (code and code == soundex(one)) for one in have)
