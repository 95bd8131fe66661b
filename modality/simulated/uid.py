"""What may name a file: a UID as PS3.5 9.1 writes it, and nothing that could be a path."""

from __future__ import annotations

import re

# Components of digits, 64 characters at most. Leading zeros are a fault that harms no file name.
_UID = re.compile(r"(?=.{1,64}$)\d+(\.\d+)*", re.ASCII)


def is_uid(text: str) -> bool:
    """Whether a text is a UID as far as a file may be named after it."""
    return bool(_UID.fullmatch(text))
