"""The peers as pytest fixtures: factories of context managers, everything below the test's own folder."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from tests.peers import dcmjs, dcmtk, orthanc, pylantir, validators, worklist_items

LOG_TAIL = 60
FOLDERS = pytest.StashKey[list[Path]]()

Factory = Callable[..., contextlib.AbstractContextManager[Any]]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Shows the peers' logs beside the failure of a test."""
    report = yield
    if report.failed:
        for folder in item.stash.get(FOLDERS, []):
            for log in sorted(folder.glob("*.log")):
                lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
                report.sections.append((f"{log.stem} in {folder.name}, last lines", "\n".join(lines[-LOG_TAIL:])))
    return report


@pytest.fixture
def peer_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Path]:
    """Makes a new folder for a peer of this test."""
    folders = request.node.stash.setdefault(FOLDERS, [])

    def make(name: str) -> Path:
        folder = tmp_path / f"{name}-{len(folders)}"
        folder.mkdir()
        folders.append(folder)
        return folder

    return make


def _in_new_folder(start: Factory, name: str, peer_folder: Callable[[str], Path]) -> Factory:
    @functools.wraps(start)
    def factory(*arguments: Any, **options: Any) -> contextlib.AbstractContextManager[Any]:
        return start(peer_folder(name), *arguments, **options)

    return factory


@pytest.fixture(name="orthanc")
def orthanc_factory(peer_folder: Callable[[str], Path]) -> Factory:
    """``with orthanc(modalities={AET: (host, port)}, **overrides) as archive``: see tests/peers/orthanc.py."""
    return _in_new_folder(orthanc.orthanc, "orthanc", peer_folder)


@pytest.fixture(name="storescp")
def storescp_factory(peer_folder: Callable[[str], Path]) -> Factory:
    """``with storescp(*arguments, aet=..., environment=...) as archive``: see tests/peers/dcmtk.py."""
    return _in_new_folder(dcmtk.storescp, "storescp", peer_folder)


@pytest.fixture(name="wlmscpfs")
def wlmscpfs_factory(peer_folder: Callable[[str], Path]) -> Factory:
    """``with wlmscpfs(items, aet=...) as ris``; without items the four of tests/peers/worklist_items.py."""

    @contextlib.contextmanager
    def factory(items: Sequence[str | Dataset] | None = None, *, aet: str = "WL") -> Iterator[dcmtk.WorklistSCP]:
        chosen = worklist_items.default_items() if items is None else items
        with dcmtk.wlmscpfs(peer_folder("wlmscpfs"), chosen, aet=aet) as ris:
            yield ris

    return factory


@pytest.fixture(name="dcmjs_mpps")
def dcmjs_factory(peer_folder: Callable[[str], Path]) -> Factory:
    """``with dcmjs_mpps(strict=True, commitment=..., association=...) as ris``: see tests/peers/dcmjs.py."""
    return _in_new_folder(dcmjs.dcmjs, "dcmjs", peer_folder)


@pytest.fixture(name="pylantir")
def pylantir_factory(peer_folder: Callable[[str], Path]) -> Factory:
    """``with pylantir() as ris``: see tests/peers/pylantir.py."""
    return _in_new_folder(pylantir.pylantir, "pylantir", peer_folder)


@pytest.fixture(name="dciodvfy")
def dciodvfy_function() -> Callable[[Path], list[str]]:
    """Returns the errors that dciodvfy finds in a file."""
    return validators.dciodvfy


@pytest.fixture(name="dcentvfy")
def dcentvfy_function() -> Callable[[Iterable[Path]], list[str]]:
    """Returns the errors that dcentvfy finds between files."""
    return validators.dcentvfy
