import subprocess
import sys

import pytest

from modality import registry
from modality.errors import ModalityError, UnknownNameError, UsageError
from modality.registry import KINDS, PHANTOMS, Table


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="unknown phantom 'hed': did you mean 'head'"):
        PHANTOMS.load("hed")
    with pytest.raises(UnknownNameError, match="there is cr, ct, dx"):
        KINDS.load("zzz")


def test_entries_of_other_projects_come_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    class Point:
        name, value = "theirs", "collections:OrderedDict"

    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [Point] if group == "g" else [])
    table = Table("thing", "g", {"ours": "collections:Counter"})
    assert table.names() == ["ours", "theirs"]
    assert table.load("theirs").__name__ == "OrderedDict"


@pytest.mark.parametrize("table", [PHANTOMS, KINDS])
def test_every_entry_of_every_table_loads(table: Table) -> None:
    for name in table.entries:
        assert table.load(name) is not None


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import sys, modality, phantoms; print([m for m in ('numpy', 'pydicom', 'pynetdicom') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_every_public_name_of_the_package_loads() -> None:
    import modality

    assert all(getattr(modality, name) is not None for name in modality.__all__)
    with pytest.raises(AttributeError):
        _ = modality.nothing


def test_errors_know_their_exit_codes() -> None:
    from modality import errors

    assert errors.UnreachableError("x").exit_code == 3
    assert errors.PeerError("x").exit_code == errors.ModalityError("x").exit_code == 1
    assert issubclass(UsageError, ModalityError)
    assert UsageError("x").exit_code == 2
    assert errors.StoreRefused("x", status=0xA700).retryable
    assert not errors.StoreRefused("x", status=0xC000).retryable


def test_the_nearest_name_is_only_offered_when_it_is_near() -> None:
    assert registry.unknown("key", "zz", ["a", "b"]) == "unknown key 'zz': there is a, b"
