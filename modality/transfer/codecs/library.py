"""imagecodecs, imported when it is needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modality.errors import MissingExtraError, UnsupportedError


def function(name: str, feature: str) -> Callable[..., Any]:
    """A function of imagecodecs.

    Args:
        name: its name.
        feature: what it is for, for messages.

    Raises:
        MissingExtraError: imagecodecs is not installed.
        UnsupportedError: the installed one was built without that codec (HTJ2K came with 2026.1.1, which needs Python
            3.11).
    """
    try:
        import imagecodecs
    except ImportError as error:
        raise MissingExtraError(feature, "codecs") from error
    codec = getattr(imagecodecs, name.split("_", maxsplit=1)[0].upper(), None)
    if codec is None or not codec.available:
        raise UnsupportedError(f"{feature} is not on this Python: imagecodecs {imagecodecs.__version__} lacks it")
    found: Callable[..., Any] = getattr(imagecodecs, name)
    return found
