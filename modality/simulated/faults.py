"""Bad days to order: what a simulated peer does wrong, when, and how often."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from modality.errors import UsageError
from modality.registry import unknown
from modality.simulated import fault_text
from modality.simulated.fault_text import REJECTIONS, SERVICES


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; what is left at its default goes right.

    Args:
        on: the services it strikes; when empty all, but for a status and what is about storing (see `Faults`).
        every: it strikes each request whose number is a multiple of this.
        times: it strikes so many times and no more; 0 is without end.
        status: the DIMSE status answered, with nothing done; an instance stored with a warning (Bxxx) is kept.
        coerce: attributes that the archive changes in what it stores, keyword and value (answered with B000H).
        drop: elements left out of what is stored, each as eight hexadecimal digits; "private" for all private ones.
        lose: answer a store with success, and keep nothing.
        delay_s: wait so long before each response.
        silent: never answer.
        reject: result, source and reason with which associations are rejected.
        known: the only calling AE titles that may associate.
        refuse: UIDs of SOP Classes and transfer syntaxes of which no presentation context is accepted.
        abort_after: abort the association at the request after so many.
        abort_at_bytes: abort it once so many bytes have come, in the middle of a message.
    """

    on: tuple[str, ...] = ()
    every: int = 1
    times: int = 0
    status: int | None = None
    coerce: tuple[tuple[str, str], ...] = ()
    drop: tuple[str, ...] = ()
    lose: bool = False
    delay_s: float = 0.0
    silent: bool = False
    reject: tuple[int, int, int] | None = None
    known: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    abort_after: int | None = None
    abort_at_bytes: int | None = None

    def __post_init__(self) -> None:
        if not (isinstance(self.every, int) and self.every >= 1 and isinstance(self.times, int) and self.times >= 0):
            raise UsageError(f"fault: every={self.every!r}, times={self.times!r}: whole numbers from 1, and from 0")
        if self.status is not None and not (isinstance(self.status, int) and 0 <= self.status <= 0xFFFF):
            raise UsageError(f"fault: status={self.status!r}: a number up to FFFFH, such as 0xA700")
        if not (isinstance(self.delay_s, (int, float)) and self.delay_s >= 0):
            raise UsageError(f"fault: delay_s={self.delay_s!r}: a number of seconds from 0")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read a fault from text: ``status=A700,every=10,on=store``; several values of one key are joined by ``+``.

        Raises:
            UnknownNameError: a key or a name is unknown; the message holds the nearest.
            UsageError: a value is none that its key takes.
        """
        return cls(**fault_text.read(text))

    @classmethod
    def of_fhir(cls, text: str) -> Fault:
        """Read a fault of a FHIR server: ``status=503,every=3,on=create``; its status is one of HTTP.

        Raises:
            UnknownNameError: a key or a name is unknown; the message holds the nearest.
            UsageError: a value is none that its key takes.
        """
        return cls(**fault_text.read(text, fault_text.FHIR_KEYS))

    @property
    def storing(self) -> bool:
        """It is about what is stored."""
        return bool(self.coerce or self.drop or self.lose)


class Faults:
    """The faults of one peer, and how often each has struck; safe to ask from any thread.

    Args:
        faults: faults, each as such or as text.
        services: the services that the peer has.
        main_services: those struck by a status, or by what is about storing, when the fault names no service: a peer
            that refuses every tenth store would else count queries too.

    Raises:
        UsageError: a fault is about a service that the peer does not have.
    """

    def __init__(
        self,
        faults: Iterable[Fault | str] = (),
        services: Sequence[str] = SERVICES,
        main_services: Sequence[str] = ("store",),
    ) -> None:
        self._services, self._main_services = services, tuple(main_services)
        self._lock = threading.Lock()
        self.faults: list[Fault] = []
        self._seen: list[int] = []
        self._struck: list[int] = []
        for given in faults:
            self.add(given)

    def add(self, given: Fault | str) -> Fault:
        """One more thing goes wrong from now on; gives the fault as it is kept.

        Raises:
            UsageError: it is about a service that the peer does not have, or its text is none.
        """
        fault = Fault.parse(given) if isinstance(given, str) else given
        if not fault.on and (fault.status is not None or fault.storing):
            fault = replace(fault, on=self._main_services)
        for service in fault.on:
            if service not in self._services:
                raise UsageError(f"fault {given!r}: {unknown('service', service, list(self._services))}")
        if fault.storing and "store" not in fault.on:
            raise UsageError(f"fault {given!r}: coerce, drop and lose are about storing: on=store")
        with self._lock:
            self.faults = [*self.faults, fault]
            self._seen.append(0)
            self._struck.append(0)
        return fault

    def remove(self, fault: Fault) -> None:
        """One thing goes wrong no more; harmless when it does not."""
        with self._lock:
            for number, one in enumerate(self.faults):
                if one is fault:
                    self.faults = [*self.faults[:number], *self.faults[number + 1 :]]
                    del self._seen[number], self._struck[number]
                    return

    def struck(self, fault: Fault) -> int:
        """How often a fault has struck the requests and associations that it counts."""
        with self._lock:
            return sum(self._struck[number] for number, one in enumerate(self.faults) if one is fault)

    def strike(self, service: str) -> Fault:
        """What goes wrong with the request that has just come, the faults that strike it laid together."""
        result = Fault()
        with self._lock:
            for number, fault in enumerate(self.faults):
                if (fault.on and service not in fault.on) or fault.reject or fault.known:
                    continue
                self._seen[number] += 1
                spent = fault.times and self._struck[number] >= fault.times
                if spent or self._seen[number] % fault.every:
                    continue
                if fault.abort_after is not None and self._seen[number] <= fault.abort_after:
                    continue
                self._struck[number] += 1
                result = _together(result, fault)
        return result

    def rejection(self, calling_aet: str) -> tuple[int, int, int] | None:
        """How an association is rejected, if it is."""
        with self._lock:
            for number, fault in enumerate(self.faults):
                if fault.known and calling_aet not in fault.known:
                    return fault.reject or REJECTIONS["calling-aet"]
                if fault.known or not fault.reject:
                    continue
                self._seen[number] += 1
                spent = fault.times and self._struck[number] >= fault.times
                if not spent and self._seen[number] % fault.every == 0:
                    self._struck[number] += 1
                    return fault.reject
        return None

    @property
    def refused(self) -> frozenset[str]:
        """UIDs of SOP Classes and transfer syntaxes that are not accepted."""
        return frozenset(uid for fault in self.faults for uid in fault.refuse)

    @property
    def abort_at_bytes(self) -> int | None:
        """The number of bytes at which an association is aborted, if any."""
        limits = [fault.abort_at_bytes for fault in self.faults if fault.abort_at_bytes is not None]
        return min(limits) if limits else None


def _together(one: Fault, other: Fault) -> Fault:
    changed = {
        field.name: value
        for field in fields(Fault)
        if (value := getattr(other, field.name)) != field.default and field.name not in ("on", "every", "times")
    }
    return replace(one, **changed)
