"""A box to embed: a gateway in threads with a folder to drop files into, for tests and notebooks."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from modality.delivery.outbox.item import Item
from modality.edge.checks import load_edge
from modality.edge.gateway import Gateway
from modality.errors import UsageError
from modality.transfer.files import write_whole

_POLL_S = 0.02
_ENDS_S = 15.0
_BOX = """
[edge]
state = "state"
aet = "EDGE"
retry_s = 0.1
retry_max_s = 0.5
reserve_mb = 0.0

[archive]
address = "{archive}"
confirm = "query"

[[device]]
name = "inbox"
driver = "folder"
path = "inbox"
kind = "{kind}"
patient_id = "{patient_id}"
"""


class EdgeBox:
    """A box that delivers to an archive; a context manager that starts and stops.

    Args:
        archive: address of the archive.
        folder: for its inbox and its state; a temporary one by default, gone with the box.
        kind: of the files that are dropped: "pdf", "photo", ...; see configs/edge_reports.toml.
        patient_id: whose they are.
        more: further tables of its configuration, as TOML.

    Raises:
        ConfigurationError: the configuration does not fit; the message names the key.
    """

    def __init__(
        self,
        archive: str,
        folder: Path | None = None,
        *,
        kind: str = "pdf",
        patient_id: str = "EDGE1",
        more: str = "",
    ) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="modality-edge-") if folder is None else None
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.inbox = self.folder / "inbox"
        self.inbox.mkdir(parents=True, exist_ok=True)
        written = self.folder / "edge.toml"
        text = _BOX.format(archive=archive, kind=kind, patient_id=patient_id) + more
        write_whole(written, [text.encode()])
        self.config = load_edge(written)
        self.gateway: Gateway | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work; harmless when started.

        Raises:
            UsageError: the state folder is another box's.
        """
        if self.gateway is None:
            self._stop.clear()
            self.gateway = Gateway(self.config)
            self._thread = threading.Thread(target=self.gateway.run, args=(self._stop,), name="edge box")
            self._thread.start()

    def stop(self) -> None:
        """End; what is not delivered stays in the folder. Harmless when not started."""
        if self._thread:
            self._stop.set()
            self._thread.join(_ENDS_S)
        self.gateway = self._thread = None

    def close(self) -> None:
        """End, and remove a temporary folder."""
        self.stop()
        if self._temporary:
            self._temporary.cleanup()

    def drop(self, name: str, content: bytes) -> None:
        """Bring a file into the inbox as programs do: whole, by renaming."""
        write_whole(self.inbox / name, [content])

    @property
    def items(self) -> Sequence[Item]:
        """What it holds, in the order of their capture.

        Raises:
            UsageError: it is not started.
        """
        if self.gateway is None:
            raise UsageError("the edge box is not started")
        return self.gateway.outbox.items()

    def delivered(self, count: int = 1, *, timeout_s: float = 10.0) -> Sequence[Item]:
        """Wait until so many items are delivered: stored, and found in the archive.

        Raises:
            TimeoutError: they are not; the message says in which state what is there is, and why.
        """
        until = time.monotonic() + timeout_s
        while len(found := [one for one in self.items if one.state == "delivered"]) < count:
            if time.monotonic() > until:
                held = ", ".join(f"{one.state} ({one.reason})" if one.reason else one.state for one in self.items)
                raise TimeoutError(
                    f"{len(found)} of {count} delivered in {timeout_s:g} s; {held or 'nothing is there'}"
                )
            time.sleep(_POLL_S)
        return found

    def __enter__(self) -> EdgeBox:
        self.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()
