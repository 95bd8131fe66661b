"""The peers' fixtures, for every test; no test fails for a busy machine, nor for examples that nobody saw before."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ("tests.peers.fixtures",)

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")
