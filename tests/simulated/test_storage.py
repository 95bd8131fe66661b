"""Files written whole, below names that cannot leave their folder."""

from __future__ import annotations

import pytest

from modality.simulated.storage import InstanceFiles, is_uid


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
def test_a_uid_is_digits_and_dots(text, expected):
    assert is_uid(text) is expected


def test_the_same_bytes_are_written_once_and_others_take_their_place(tmp_path):
    files = InstanceFiles(tmp_path)
    path = files.path("1", "2", "3")
    assert files.put(path, b"one")
    assert not files.put(path, b"one")
    assert files.put(path, b"two")
    assert path.read_bytes() == b"two"
    assert not list((tmp_path / "incoming").iterdir())


def test_a_write_that_fails_leaves_nothing(tmp_path):
    files = InstanceFiles(tmp_path)
    path = files.path("1", "2", "3")
    path.mkdir(parents=True)
    with pytest.raises(OSError, match=r"directory"):
        files.put(path, b"one")
    assert not list((tmp_path / "incoming").iterdir())
