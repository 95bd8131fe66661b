"""Names by likeness."""

from __future__ import annotations

import pytest

from modality.protocol.fuzzy import soundex, sounds_like


# The examples of the American Soundex system that the National Archives of the United States give.
@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Washington", "W252"), ("Lee", "L000"), ("Gutierrez", "G362"), ("Pfister", "P236"), ("Jackson", "J250"),
        ("Tymczak", "T522"), ("Ashcraft", "A261"), ("山田", ""),
    ],
)  # fmt: skip
def test_soundex(word, code):
    assert soundex(word) == code


@pytest.mark.parametrize(
    ("wanted", "name", "found"),
    [
        ("john smith", "Smith^John", True),
        ("smyth", "Smith^John", True),
        ("smi*", "Smith^John", True),
        ("mith", "Smith^John", False),
        ("strasse", "Straße^Ann", True),
        ("OBrien", "O'Brien^Pat", True),
        ("山", "Yamada^Tarou=山田^太郎", True),
        ("太郎 yamada", "Yamada^Tarou=山田^太郎", True),
        ("anything", "", False),
    ],
)
def test_who_is_meant(wanted, name, found):
    assert sounds_like(wanted, name) is found
