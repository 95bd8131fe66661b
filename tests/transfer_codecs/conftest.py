"""Where Python has no HTJ2K (imagecodecs before 2026.1.1), its tests are skipped; decoders of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pytest

from modality.errors import MissingExtraError, UnsupportedError
from modality.transfer.codecs.library import function
from tests.peers.process import program
from tests.transfer_codecs.pylibjpeg import PYTHON, decoder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what is named after HTJ2K, or after its variant RPCL."""
    try:
        function("htj2k_encode", "HTJ2K")
    except (MissingExtraError, UnsupportedError) as error:
        for item in items:
            if item.path.parent == Path(__file__).parent and ("HTJ2K" in item.name or "rpcl" in item.name):
                item.add_marker(pytest.mark.skip(reason=str(error)))


@pytest.fixture(scope="session")
def pylibjpeg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path, bool], npt.NDArray[Any]]]:
    """Pixels of a file as pydicom and pylibjpeg decode them: see tests.transfer_codecs.pylibjpeg.py."""
    program(PYTHON)
    with decoder(tmp_path_factory.mktemp("pylibjpeg")) as decoded:
        yield decoded
