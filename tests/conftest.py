"""The peers' fixtures, for every test; and no test fails for being slow on a busy machine alone."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = ("tests.peers.fixtures",)

settings.register_profile("house", deadline=None)
settings.load_profile("house")
