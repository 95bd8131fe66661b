"""Where Python has no HTJ2K (imagecodecs before 2026.1.1), its tests are skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from modality.errors import MissingExtraError, UnsupportedError
from modality.transfer.codecs.library import function


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skips what is named after HTJ2K, or after its variant RPCL."""
    try:
        function("htj2k_encode", "HTJ2K")
    except (MissingExtraError, UnsupportedError) as error:
        for item in items:
            if item.path.parent == Path(__file__).parent and ("HTJ2K" in item.name or "rpcl" in item.name):
                item.add_marker(pytest.mark.skip(reason=str(error)))
