"""What may name a file."""

from __future__ import annotations

import pytest

from modality.transfer.part10 import names_a_file


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.2.840", True),
        ("2.25.0", True),
        ("1", True),
        ("1" * 64, True),
        ("1" * 65, False),
        ("", False),
        ("..", False),
        ("1.", False),
        (".1", False),
        ("1/2", False),
        ("1.2\n", False),
        ("１.2", False),
    ],
)
def test_a_file_is_named_after_a_uid_of_digits_and_dots_alone(text, expected):
    assert names_a_file(text) is expected
