"""Bad days to order: what a simulated peer does wrong, when, and how often."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from typing import Any

import pydicom.uid
from pydicom.datadict import tag_for_keyword

from modality.errors import UnknownNameError, UsageError
from modality.registry import unknown

SERVICES = ("echo", "store", "find", "get", "move", "action", "create", "set")

# PS3.8 Table 9-21: result, source and reason of an A-ASSOCIATE-RJ.
REJECTIONS = {
    "permanent": (1, 1, 1),
    "transient": (2, 1, 1),
    "calling-aet": (1, 1, 3),
    "called-aet": (1, 1, 7),
    "congestion": (2, 3, 1),
    "local-limit": (2, 3, 2),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; what is left at its default goes right.

    Args:
        on: the services it strikes; all when empty.
        every: it strikes each request whose number is a multiple of this.
        times: it strikes so many times and no more; 0 is without end.
        status: the DIMSE status answered; Bxxx does the work and warns, any other failure does nothing.
        coerce: attributes that the archive changes in what it stores, keyword and value (answered with B000H).
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
    lose: bool = False
    delay_s: float = 0.0
    silent: bool = False
    reject: tuple[int, int, int] | None = None
    known: tuple[str, ...] = ()
    refuse: tuple[str, ...] = ()
    abort_after: int | None = None
    abort_at_bytes: int | None = None

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read a fault from text: ``status=A700,every=10,on=store``; several values of one key are joined by ``+``.

        Raises:
            UnknownNameError: a key or a name is unknown; the message holds the nearest.
            UsageError: a value is none that its key takes.
        """
        fault = cls()
        for part in text.split(","):
            key, equals, value = part.strip().partition("=")
            name = key.replace("-", "_")
            if name not in _READERS:
                keys = [field.name for field in fields(cls)]
                raise UnknownNameError(f"fault {text!r}: {unknown('key', key, keys)}")
            if not equals and name not in _FLAGS:
                raise UsageError(f"fault {text!r}: {key} needs a value: {key}=...")
            try:
                fault = replace(fault, **{name: _READERS[name](value if equals else "true")})
            except ValueError as error:
                raise UsageError(f"fault {text!r}: {key}: {error}") from error
        return fault


class Faults:
    """The faults of one peer, and how often each has struck; safe to ask from any thread.

    Args:
        faults: faults, each as such or as text.
    """

    def __init__(self, faults: Iterable[Fault | str] = ()) -> None:
        self.faults = [Fault.parse(fault) if isinstance(fault, str) else fault for fault in faults]
        self._lock = threading.Lock()
        self._seen = [0] * len(self.faults)
        self._struck = [0] * len(self.faults)

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


def _many(check: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    return lambda text: tuple(check(part.strip()) for part in text.split("+"))


def _service(text: str) -> str:
    if text not in SERVICES:
        raise ValueError(unknown("service", text, list(SERVICES)))
    return text


def _rejection(text: str) -> tuple[int, int, int]:
    if text not in REJECTIONS:
        raise ValueError(unknown("rejection", text, list(REJECTIONS)))
    return REJECTIONS[text]


def _uid(text: str) -> str:
    """A UID, or the keyword of one (``CTImageStorage``, ``RLELossless``)."""
    if text[:1].isdigit():
        return text
    value = getattr(pydicom.uid, text, None)
    if not isinstance(value, pydicom.uid.UID):
        names = [name for name, uid in vars(pydicom.uid).items() if isinstance(uid, pydicom.uid.UID)]
        near = unknown("SOP Class or transfer syntax", text, names)
        raise ValueError(near if "did you mean" in near else f"no SOP Class or transfer syntax is named {text!r}")
    return str(value)


def _coercion(text: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(tuple(part.split(":", 1)) for part in text.split("+"))
    result = []
    for pair in pairs:
        if len(pair) != 2 or tag_for_keyword(pair[0]) is None:
            raise ValueError(f"{':'.join(pair)!r} is no Keyword:value")
        result.append((pair[0], pair[1]))
    return tuple(result)


def _status(text: str) -> int:
    value = int(text.upper().removesuffix("H").removeprefix("0X"), 16)
    if not 0 <= value <= 0xFFFF:
        raise ValueError(f"{text!r} is no status of four hexadecimal digits")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError("give 1 or more")
    return value


def _not_negative(text: str) -> int:
    value = int(text)
    if value < 0:
        raise ValueError("give 0 or more")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError("give 0 or more seconds")
    return value


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError("give true or false")
    return text == "true"


_FLAGS = frozenset({"lose", "silent"})
_READERS: dict[str, Callable[[str], Any]] = {
    "on": _many(_service),
    "every": _count,
    "times": _count,
    "status": _status,
    "coerce": _coercion,
    "lose": _flag,
    "delay_s": _seconds,
    "silent": _flag,
    "reject": _rejection,
    "known": _many(str),
    "refuse": _many(_uid),
    "abort_after": _not_negative,
    "abort_at_bytes": _count,
}
