"""Faults as people write them: the keys, what each does, and how its value reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from modality.errors import UnknownNameError, UsageError
from modality.registry import unknown

# Each peer's services, and those that a fault of the answer strikes when it names none.
ARCHIVE_SERVICES = ("echo", "store", "find", "get", "move", "action")
ARCHIVE_MAIN = ("store",)
RIS_SERVICES = ("echo", "find", "create", "set", "get", "action")
RIS_MAIN = ("create", "set")
SERVICES = (*ARCHIVE_SERVICES, "create", "set")
FHIR_SERVICES = ("capabilities", "read", "search", "create", "update", "transaction")
FHIR_MAIN = ("create", "update", "transaction")

# PS3.8 Table 9-21: result, source and reason of an A-ASSOCIATE-RJ.
REJECTIONS = {
    "permanent": (1, 1, 1),
    "transient": (2, 1, 1),
    "calling-aet": (1, 1, 3),
    "called-aet": (1, 1, 7),
    "congestion": (2, 3, 1),
    "local-limit": (2, 3, 2),
}
_COLUMNS = 78
PRIVATE = "private"
"""Among the elements to drop: all private ones."""

# Value representations that a text can be turned into (PS3.5 6.2): the rest are bytes, tags and sequences.
_TEXTS = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")
)
_INTEGERS = frozenset(("SL", "SS", "SV", "UL", "US", "UV"))
_FLOATS = frozenset(("FD", "FL"))


def read(text: str, keys: Mapping[str, Key] | None = None) -> dict[str, Any]:
    """The fields of a fault in a text: ``status=A700,every=10,on=store``; several values of a key are joined by ``+``.

    Args:
        text: as written.
        keys: the keys that there are, by name; those of DIMSE by default.

    Raises:
        UnknownNameError: a key or a name is unknown; the message holds the nearest.
        UsageError: a value is none that its key takes.
    """
    keys, found = keys or KEYS, {}
    for part in text.split(","):
        key, equals, value = part.strip().partition("=")
        name = key.replace("-", "_")
        if name not in keys:
            raise UnknownNameError(f"fault {text!r}: {unknown('key', key, list(keys))}")
        if not equals and keys[name].value:
            raise UsageError(f"fault {text!r}: {key} needs a value: {key}={keys[name].value}")
        try:
            found[name] = keys[name].read(value if equals else "true")
        except ValueError as error:
            raise UsageError(f"fault {text!r}: {key}: {error}") from error
    return found


def explanation(services: Sequence[str], main_services: Sequence[str]) -> str:
    """The keys for people, as blocks that click leaves as they are.

    Args:
        services: those that the peer has; keys about storing are left out where it does not store.
        main_services: those that a status strikes when the fault names none.
    """
    keys = {name: key for name, key in KEYS.items() if "store" in services or not key.storing}
    every = " or ".join(main_services)
    examples = {
        "status=0110,every=10": f"every tenth {every} is refused with 0110H",
        "on=find,delay_s=2,times=3": "the first three queries are answered two seconds late",
    }
    return _explained(keys, services, main_services, [f"  REJECTION: {' '.join(REJECTIONS)}"], examples)


def fhir_explanation() -> str:
    """The keys of a FHIR server's faults, likewise."""
    examples = {
        "status=503,every=3": "every third create, update or transaction is refused with 503",
        "on=search,delay_s=2,times=3": "the first three searches are answered two seconds late",
    }
    return _explained(FHIR_KEYS, FHIR_SERVICES, FHIR_MAIN, [], examples)


def _explained(
    keys: Mapping[str, Key],
    services: Sequence[str],
    main_services: Sequence[str],
    more: list[str],
    examples: Mapping[str, str],
) -> str:
    shown = {name: f"{name}={key.value}" if key.value else name for name, key in keys.items()}
    indent = max(map(len, shown.values())) + 4
    lines = ["\b", "Faults: KEY=VALUE joined by commas, several values of one key by +."]
    for name, key in keys.items():
        help_text = key.help.format(main=" and ".join(main_services))
        first, *rest = wrap(help_text, _COLUMNS - indent)
        lines += [f"  {shown[name]}".ljust(indent) + first, *(" " * indent + line for line in rest)]
    lines += [f"  SERVICE: {' '.join(services)}", *more, "", "\b", "Examples:"]
    for text, meaning in examples.items():
        lines += [f"  --fault {text}", f"      {meaning}"]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Key:
    """What a fault may say.

    Args:
        value: what its value looks like; empty for a flag.
        read: turns the text of a value into the field of a fault; raises ValueError.
        help: what it does, for people; {main} stands for the peer's main services.
        storing: it is about what is stored.
    """

    value: str
    read: Callable[[str], Any]
    help: str
    storing: bool = False


def _many(check: Callable[[str], str]) -> Callable[[str], tuple[str, ...]]:
    return lambda text: tuple(check(part.strip()) for part in text.split("+"))


def _service(text: str) -> str:
    if text not in SERVICES:
        raise ValueError(unknown("service", text, list(SERVICES)))
    return text


def _fhir_service(text: str) -> str:
    if text not in FHIR_SERVICES:
        raise ValueError(unknown("service", text, list(FHIR_SERVICES)))
    return text


def _http_failure(text: str) -> int:
    value = int(text)
    if not 400 <= value <= 599:
        raise ValueError("give an HTTP status of failure, 400 to 599")
    return value


def _rejection(text: str) -> tuple[int, int, int]:
    if text not in REJECTIONS:
        raise ValueError(unknown("rejection", text, list(REJECTIONS)))
    return REJECTIONS[text]


def _uid(text: str) -> str:
    """A UID, or the keyword of one (``CTImageStorage``, ``RLELossless``)."""
    import pydicom.uid

    if text[:1].isdigit():
        return text
    value = getattr(pydicom.uid, text, None)
    if not isinstance(value, pydicom.uid.UID):
        names = [name for name, uid in vars(pydicom.uid).items() if isinstance(uid, pydicom.uid.UID)]
        near = unknown("SOP Class or transfer syntax", text, names)
        raise ValueError(near if "did you mean" in near else f"no SOP Class or transfer syntax is named {text!r}")
    return str(value)


def _coercion(text: str) -> tuple[tuple[str, str], ...]:
    from pydicom.datadict import dictionary_VR, tag_for_keyword

    result = []
    for part in text.split("+"):
        keyword, colon, value = part.partition(":")
        tag = tag_for_keyword(keyword)
        if not colon or tag is None:
            raise ValueError(f"{part!r} is no Keyword:value")
        vr = dictionary_VR(tag)
        if vr not in _TEXTS | _INTEGERS | _FLOATS:
            raise ValueError(f"{keyword} is of value representation {vr}, which no text can be turned into")
        number(vr, value)
        result.append((keyword, value))
    return tuple(result)


def number(vr: str, value: str) -> str | int | float:
    """The value that pydicom wants for a text: a number for the binary numbers.

    Raises:
        ValueError: the text is no number where one is needed.
    """
    return int(value) if vr in _INTEGERS else float(value) if vr in _FLOATS else value


def _element(text: str) -> str:
    """A keyword, eight hexadecimal digits, or ``private``; the digits, or that word."""
    from pydicom.datadict import tag_for_keyword

    if text == PRIVATE:
        return text
    tag = tag_for_keyword(text)
    if tag is None:
        if len(text) != 8:
            raise ValueError(f"{text!r} is no keyword, no tag like 00091001, and not 'private'")
        tag = int(text, 16)
    return f"{tag:08X}"


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


KEYS: dict[str, Key] = {
    "on": Key("SERVICE+...", _many(_service), "the services that it strikes; without it all, or {main} for a status"),
    "every": Key("N", _count, "it strikes each request whose number is a multiple of N"),
    "times": Key("N", _count, "it strikes N times and no more"),
    "status": Key(
        "XXXX", _status, "the status answered, with nothing done; an instance stored with a warning (Bxxx) is kept"
    ),
    "coerce": Key(
        "KEYWORD:VALUE+...",
        _coercion,
        "an attribute that is changed in what is stored; answered with B000",
        storing=True,
    ),
    "drop": Key(
        "ELEMENT+...",
        _many(_element),
        "an element that is dropped from what is stored, answered with success: its keyword, 00091001, or private for "
        "all private ones",
        storing=True,
    ),
    "lose": Key("", _flag, "a store is answered with success, and nothing kept", storing=True),
    "delay_s": Key("SECONDS", _seconds, "how late each response comes"),
    "silent": Key("", _flag, "no response comes at all"),
    "reject": Key("REJECTION", _rejection, "associations are rejected"),
    "known": Key("AET+...", _many(str), "the only calling AE titles that may associate"),
    "refuse": Key(
        "UID+...",
        _many(_uid),
        "SOP Classes and transfer syntaxes (keyword or UID) of which no presentation context is accepted",
    ),
    "abort_after": Key("N", _not_negative, "the association is aborted at each request after the Nth"),
    "abort_at_bytes": Key("N", _count, "an association is aborted when N bytes have come on it"),
}

FHIR_KEYS: dict[str, Key] = {
    "on": Key(
        "SERVICE+...", _many(_fhir_service), "the services that it strikes; without it all, or {main} for a status"
    ),
    "every": KEYS["every"],
    "times": KEYS["times"],
    "status": Key("NNN", _http_failure, "the HTTP status answered, 400 to 599, with nothing done"),
    "delay_s": KEYS["delay_s"],
    "silent": KEYS["silent"],
    "abort_after": Key("N", _not_negative, "the connection is broken off at each request after the Nth"),
}
"""The keys of a FHIR server's faults."""
