"""A layout that was seen before is the one that a walk would find."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality.errors import InputError
from modality.transfer.elements import Layout, skim
from modality.transfer.layouts import Layouts
from modality.transfer.syntaxes import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, TransferSyntax
from tests.transfer.datasets import image, written

SYNTAXES = [EXPLICIT_LITTLE, IMPLICIT_LITTLE, EXPLICIT_BIG]


def walked(data: bytes, syntax: TransferSyntax) -> Layout | str:
    try:
        return skim(data, explicit=syntax.explicit, little_endian=syntax.little_endian)
    except InputError as error:
        return str(error)


def found(layouts: Layouts, data: bytes, syntax: TransferSyntax) -> Layout | str:
    try:
        return layouts.of(data, syntax)
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda one: one.keyword)
def test_files_that_differ_in_values_alone_are_walked_once(
    syntax: TransferSyntax, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = []

    def counted(data: bytes, **how: bool) -> Layout:
        walks.append(len(data))
        return skim(data, **how)

    monkeypatch.setattr("modality.transfer.layouts.skim", counted)
    layouts = Layouts()
    series = [written(image(InstanceNumber=number, PatientName=f"A^{number}"), syntax) for number in range(1, 8)]
    for data in series:
        assert layouts.of(data, syntax) == walked(data, syntax)
    assert len(walks) == 1
    longer = written(image(InstanceNumber=1234, PatientName="A^1"), syntax)
    assert layouts.of(longer, syntax) == walked(longer, syntax)
    assert len(walks) == 2


@given(st.sampled_from(SYNTAXES), st.data())
def test_whatever_changes_the_layout_is_what_a_walk_finds(syntax: TransferSyntax, data: st.DataObject) -> None:
    original = written(image(), syntax)
    layouts = Layouts()
    layouts.of(original, syntax)
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    changed = changed[: data.draw(st.integers(len(changed) - 4, len(changed)))]
    assert found(layouts, bytes(changed), syntax) == walked(bytes(changed), syntax)


def test_many_layouts_are_not_all_kept() -> None:
    layouts = Layouts()
    for length in range(100):
        with suppress(InputError):
            layouts.of(written(image(PatientComments="x" * 2 * length), EXPLICIT_LITTLE), EXPLICIT_LITTLE)
    assert len(layouts._seen) <= 16
