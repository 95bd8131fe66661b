"""How the archive answers queries and gives instances back: C-FIND, C-GET and C-MOVE (PS3.4 C.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom.events import Event
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]

from modality.protocol.matching import UNREADABLE, InvalidIdentifier
from modality.simulated.archive import queries
from modality.simulated.archive.index import StoredInstance
from modality.simulated.events import Happening
from modality.simulated.listener import answer, calling, reachable

if TYPE_CHECKING:
    from modality.simulated.archive.archive import SimulatedArchive

_PENDING = 0xFF00
_CANCELLED = 0xFE00
_MISMATCH = 0xA900
_UNABLE = 0xC000  # PS3.4 Table C.4-1; where it is not the identifier that is at fault
_NO_DESTINATION = 0xA801
_MOST_CONTEXTS = 128


class Retrieval:
    """The query and retrieve services of an archive.

    Args:
        archive: whose instances they are.
    """

    def __init__(self, archive: SimulatedArchive) -> None:
        self._archive = archive

    def find(self, event: Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        """Answer a C-FIND."""
        archive = self._archive
        fault = archive.listener.apply(event, "find")
        if fault.status:
            yield self._ended(event, "C-FIND", fault.status, "refused as asked"), None
            return
        try:
            identifier = event.identifier
            for response in queries.find(archive.index, identifier, event.context.abstract_syntax, archive.aet):
                if event.is_cancelled:
                    yield self._ended(event, "C-FIND", _CANCELLED, "cancelled"), None
                    return
                yield _PENDING, response
        except InvalidIdentifier as error:
            yield self._ended(event, "C-FIND", _MISMATCH, str(error)), None
            return
        except UNREADABLE as error:
            yield self._ended(event, "C-FIND", _UNABLE, str(error)), None
            return
        self._ended(event, "C-FIND", 0x0000)

    def get(self, event: Event) -> Iterator[Any]:
        """Answer a C-GET: the count, then each instance on the same association."""
        status, comment, instances = self._selected(event, "get")
        if status:
            yield 1
            yield self._ended(event, "C-GET", status, comment), None
            return
        yield len(instances)
        yield from self._sent(event, "C-GET", instances)

    def move(self, event: Event) -> Iterator[Any]:
        """Answer a C-MOVE: the destination, the count, then each instance."""
        destination = str(event.move_destination or "").strip()
        address = self._archive.destinations.get(destination)
        if address is None or not reachable(address):
            self._ended(event, "C-MOVE", _NO_DESTINATION, f"destination {destination!r} is unknown or not there")
            yield None, None
            return
        host, _, port = address.rpartition(":")
        status, comment, instances = self._selected(event, "move")
        # pynetdicom associates with the destination even before it takes a failure.
        yield host, int(port), {"contexts": _contexts(instances)}
        if status:
            yield 1
            yield self._ended(event, "C-MOVE", status, comment), None
            return
        yield len(instances)
        yield from self._sent(event, "C-MOVE", instances)

    def _selected(self, event: Event, service: str) -> tuple[int, str, list[StoredInstance]]:
        """What is asked for; or a status and why there is nothing."""
        fault = self._archive.listener.apply(event, service)
        if fault.status:
            return fault.status, "refused as asked", []
        try:
            model = event.context.abstract_syntax
            return 0x0000, "", queries.select(self._archive.index, event.identifier, model)
        except (InvalidIdentifier, *UNREADABLE) as error:
            return _MISMATCH, str(error), []

    def _sent(
        self, event: Event, service: str, instances: list[StoredInstance]
    ) -> Iterator[tuple[int, Dataset | None]]:
        for instance in instances:
            if event.is_cancelled:
                self._ended(event, service, _CANCELLED, "cancelled")
                yield _CANCELLED, None
                return
            # Elements stay as they were read, so they leave as they came.
            yield _PENDING, dcmread(instance.path)
        self._ended(event, service, 0x0000, f"{len(instances)} instances")

    def _ended(self, event: Event, service: str, status: int, comment: str = "") -> int | Dataset:
        self._archive.events.write(Happening(service, calling(event), status, detail=comment))
        return answer(status, comment if status not in (0x0000, _CANCELLED) else "")


def _contexts(instances: list[StoredInstance]) -> list[PresentationContext]:
    """A presentation context for each SOP Class and syntax that is to be sent, as many as an association holds."""
    wanted = dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in instances)
    return [build_context(*pair) for pair in list(wanted)[:_MOST_CONTEXTS]] or [build_context(Verification)]
