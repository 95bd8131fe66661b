"""What is kept in a folder is there again, whole, and belongs to one server."""

from __future__ import annotations

from pathlib import Path

import pytest

from modality.errors import UsageError
from modality.simulated.fhir.store import Store
from tests.fhir.samples import one, stroke_bundle
from tests.simulated.fhir.conftest import MOMENT, asking


def kept(folder: Path) -> Store:
    return Store(folder, clock=lambda: MOMENT)


def test_a_restart_finds_everything_and_goes_on_counting(tmp_path: Path) -> None:
    first = kept(tmp_path)
    ask = asking(first)
    ask("POST", "", json=stroke_bundle())
    ask("PUT", "/Patient/1", json=one("Patient") | {"id": "1", "gender": "male"})
    before = list(first)
    first.close()
    second = kept(tmp_path)
    assert list(second) == before
    assert second.get("Patient", "1")["meta"]["versionId"] == "2"  # type: ignore[index]
    assert [each["id"] for each in second.identified("Patient", "urn:modality:issuer:CLINIC", "EDGE1")] == ["1"]
    assert second.new_id() == str(len(before) + 1)
    again = asking(second)("POST", "", json=stroke_bundle())
    assert {entry["response"]["status"] for entry in again.json()["entry"]} == {"200"}
    second.close()


def test_a_transaction_is_one_file(tmp_path: Path) -> None:
    store = kept(tmp_path)
    asking(store)("POST", "", json=stroke_bundle())
    assert [path.name for path in tmp_path.glob("*.json")] == ["000000001.json"]
    asking(store)("POST", "", json=stroke_bundle())  # nothing changed, nothing written
    assert len(list(tmp_path.glob("*.json"))) == 1
    store.close()


def test_what_cannot_be_written_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = kept(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise UsageError("no space left")

    monkeypatch.setattr("modality.simulated.fhir.store.write_whole", fail)
    response = asking(store)("POST", "", json=stroke_bundle())
    assert (response.status_code, len(store)) == (507, 0)
    monkeypatch.undo()
    assert asking(store)("POST", "/Patient", json=one("Patient")).status_code == 201
    assert [path.name for path in tmp_path.glob("*.json")] == ["000000001.json"]
    store.close()


def test_a_folder_is_one_servers(tmp_path: Path) -> None:
    store = kept(tmp_path)
    with pytest.raises(UsageError, match="give each its own"):
        kept(tmp_path)
    store.close()
    kept(tmp_path).close()


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"entry": [{"resource": {}}]}', '{"entry": [1]}'])
def test_what_is_none_of_ours_is_not_read(tmp_path: Path, content: str) -> None:
    (tmp_path / "000000001.json").write_text(content)
    with pytest.raises(UsageError, match=r"000000001\.json: is no change of a FHIR server"):
        kept(tmp_path)
    (tmp_path / "000000001.json").unlink()
    kept(tmp_path).close()  # the folder was given back
