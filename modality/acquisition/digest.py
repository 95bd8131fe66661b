"""What sets one acquisition apart from another, as a digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def content_digest(acquisition: Any, assignments: Mapping[str, str] | None = None) -> str:
    """A digest of all that determines an image besides the seed: two different scans never share a UID.

    How the image is encoded is no part of it: what a seed gives in one transfer syntax has its twin in every other.

    Args:
        acquisition: says itself what determines it (`digested`), or has what every scan of a phantom has.
        assignments: attributes set over those of the IOD, by keyword.
    """
    scanned = getattr(acquisition, "digested", None)
    if scanned is None:
        scanned = (acquisition.protocol, acquisition.geometry, acquisition.phantom, *acquisition.stacks[1:])
    said = repr((scanned, sorted((assignments or {}).items())))
    return hashlib.sha256(said.encode()).hexdigest()[:32]
