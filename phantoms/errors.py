"""Errors of the phantoms, for callers to translate into their own."""

from __future__ import annotations


class PhantomError(ValueError):
    """A phantom cannot be built or asked as wanted: a size out of range, a tube voltage outside the table."""
