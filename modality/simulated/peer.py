"""What every simulated peer is: a listener that is up when `start` returns, and what it keeps while it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import TypeVar

from pynetdicom.presentation import PresentationContext

from modality.errors import UsageError
from modality.network.address import DicomAddress
from modality.network.listening import CarefulProvider, Provider
from modality.simulated.events import EventLog
from modality.simulated.faults import Fault, Faults
from modality.simulated.listener import Handler, Listener

P = TypeVar("P", bound="SimulatedPeer")


class SimulatedPeer:
    """An AE title on a port; a context manager that starts and stops.

    Args:
        aet: its AE title.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        contexts: what is supported, the preferred transfer syntax first in each.
        handlers: pynetdicom events and what handles them.
        faults: what goes wrong, each a `Fault` or its text.
        services: the services that faults may strike.
        main_services: those that a fault of an answer strikes when it names none.
        provider: makes the DIMSE provider of each association.
    """

    def __init__(
        self,
        aet: str,
        host: str,
        port: int,
        *,
        contexts: Sequence[PresentationContext],
        handlers: Sequence[Handler],
        faults: Iterable[Fault | str],
        services: Sequence[str],
        main_services: Sequence[str],
        provider: Provider = CarefulProvider,
    ) -> None:
        self.aet = aet
        self.host = host
        self.events = EventLog()
        self.listener = Listener(
            aet,
            host,
            port,
            contexts=contexts,
            handlers=handlers,
            faults=Faults(faults, services, main_services),
            log=self.events,
            provider=provider,
        )
        self._started = False

    def __enter__(self: P) -> P:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Open what it keeps, and listen; harmless when started.

        Raises:
            UsageError: what it keeps cannot be opened.
            OSError: the port cannot be had.
        """
        if self._started:
            return
        self._started = True
        try:
            self._open()
            self.listener.start()
        except (OSError, UsageError):
            self.stop()
            raise

    def stop(self) -> None:
        """End associations and threads, and close what it keeps; harmless when not started."""
        self.listener.stop()
        self._close()
        self._started = False

    def _open(self) -> None:
        """Open what it keeps; nothing here."""

    def _close(self) -> None:
        """Close what it keeps, as far as it is open; nothing here."""

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self.listener.port

    @property
    def address(self) -> str:
        """How others reach it: ``dicom://AET@host:port``."""
        return str(DicomAddress(self.host, self.port, self.aet))
