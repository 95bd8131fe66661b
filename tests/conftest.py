"""The peers' fixtures, for every test; no test fails for a busy machine, nor for examples that nobody saw before."""

from __future__ import annotations

import time
from datetime import datetime

from httpx._config import DEFAULT_TIMEOUT_CONFIG
from hypothesis import settings

pytest_plugins = ("tests.peers.fixtures",)

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

# Who asks for no other is waited for longer than the 5 s that are httpx's default.
for phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, phase, 60.0)


def pytest_runtest_setup() -> None:
    """No test begins in the last minute of a day: what it calls today would be yesterday before it ends."""
    now = datetime.now()
    if (now.hour, now.minute) == (23, 59):
        time.sleep(60.0 - now.second)
