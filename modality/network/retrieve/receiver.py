"""Instances that an archive sends us by C-STORE, on our association or on its own (PS3.4 annex B)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from modality.errors import InputError, InvalidResponse
from modality.network.address import DicomAddress
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import encoded

Receive = Callable[[PreparedInstance], None]
"""Takes an instance, in the bytes that came."""


class Receiver:
    """Hands each instance on as it comes, one at a time; what goes wrong with one is kept for `check`.

    Args:
        archive: who sends, for messages.
        receive: takes each instance.
    """

    def __init__(self, archive: DicomAddress, receive: Receive) -> None:
        self._archive = archive
        self._receive = receive
        self._lock = threading.Lock()
        self._failure: Exception | None = None

    def on_store(self, event: Any) -> int:
        """Handle a C-STORE request; returns its status."""
        with self._lock:
            if self._failure:
                return 0xA700  # out of resources: there is no more to do with what comes
            try:
                instance = encoded(event.request.DataSet.getvalue(), str(event.context.transfer_syntax))
            except InputError as error:
                self._failure = InvalidResponse(f"{self._archive}: an instance fetched cannot be read: {error}")
                return 0xC000  # cannot understand (PS3.4 B.2.3)
            try:
                self._receive(instance)
            except Exception as error:  # noqa: BLE001 - pynetdicom would swallow it; `check` raises it
                self._failure = error
                return 0xC000
            return 0x0000

    def check(self) -> None:
        """Raise what went wrong with an instance, if anything did."""
        if self._failure:
            raise self._failure
