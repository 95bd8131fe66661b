"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Check:
    """One rule, what was found, and whether it held."""

    rule: str
    found: str
    held: bool
