"""The peers' fixtures, for every test."""

from __future__ import annotations

pytest_plugins = ("tests.peers.fixtures",)
