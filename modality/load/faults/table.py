"""The faults by name, and how people write them: ``abort-mid-pdv``, ``malformed,every=5,defect=odd-length``."""

from __future__ import annotations

from dataclasses import fields
from typing import NamedTuple

from modality.errors import UnknownNameError, UsageError
from modality.load.faults.breaking_off import abort_mid_pdv, churn, half_open, hang_up_mid_pdv, idle, slow_sender
from modality.load.faults.defects import DEFECTS
from modality.load.faults.misusing import malformed_data_set, oversized_pdu, unknown_context, wrong_syntax
from modality.load.faults.repeating import colliding_uid, commitment_twice, duplicate_uid
from modality.load.faults.strike import Act, Options
from modality.registry import unknown


class OwnFault(NamedTuple):
    """A fault on our side.

    Args:
        what: for people.
        act: what does it.
        takes: the options that mean something to it, beside `every`.
    """

    what: str
    act: Act
    takes: tuple[str, ...] = ()


FAULTS: dict[str, OwnFault] = {
    "abort-mid-pdv": OwnFault("A-ABORT in the middle of an instance", abort_mid_pdv),
    "hang-up-mid-pdv": OwnFault("the connection closed in the middle of an instance", hang_up_mid_pdv),
    "slow-sender": OwnFault("an instance that trickles in over some seconds", slow_sender, ("seconds",)),
    "half-open": OwnFault("half an A-ASSOCIATE-RQ, and then silence", half_open, ("seconds",)),
    "idle": OwnFault("an association on which nothing comes", idle, ("seconds",)),
    "churn": OwnFault("associations opened for nothing, as fast as it goes", churn, ("count",)),
    "duplicate-uid": OwnFault("the same instance twice", duplicate_uid),
    "colliding-uid": OwnFault("two instances with other pixels and one SOP Instance UID", colliding_uid),
    "wrong-syntax": OwnFault("Implicit VR in a context accepted for Explicit VR", wrong_syntax),
    "unknown-context": OwnFault("a C-STORE on a presentation context never proposed", unknown_context),
    "oversized-pdu": OwnFault("PDUs twice as long as the archive takes", oversized_pdu),
    "malformed": OwnFault("a data set with a defect, each of a table in turn", malformed_data_set, ("defect",)),
    "commitment-twice": OwnFault("commitment asked twice under one Transaction UID", commitment_twice, ("seconds",)),
}


def parse(text: str) -> tuple[str, Options]:
    """A fault as people write it: its name, then KEY=VALUE after commas.

    Raises:
        UnknownNameError: the name, a key, or the defect is unknown; the message holds the nearest.
        UsageError: a value is none that its key takes, or means nothing to this fault.
    """
    name, *parts = (part.strip() for part in text.split(","))
    if name not in FAULTS:
        raise UnknownNameError(f"fault {text!r}: {unknown('fault', name, list(FAULTS))}")
    allowed = ("every", *FAULTS[name].takes)
    values: dict[str, int | float | str] = {}
    for part in parts:
        key, _, value = part.partition("=")
        if key not in allowed:
            known = key in {one.name for one in fields(Options)}
            why = f"{name} takes {', '.join(allowed)}" if known else unknown("key", key, list(allowed))
            raise UnknownNameError(f"fault {text!r}: {why}")
        values[key] = _value(text, key, value)
    return name, Options(**values)  # type: ignore[arg-type]  # `_value` gives each key its own type


def _value(text: str, key: str, value: str) -> int | float | str:
    if key == "defect":
        if value not in DEFECTS:
            raise UnknownNameError(f"fault {text!r}: {unknown('defect', value, list(DEFECTS))}")
        return value
    try:
        number = float(value) if key == "seconds" else int(value)
    except ValueError:
        number = 0
    most = 3600.0 if key == "seconds" else 1_000_000
    if not 0 < number <= most:
        raise UsageError(f"fault {text!r}: {key}={value}: a number above 0 and up to {most:g} is needed")
    return number


def explanation() -> str:
    """The faults and defects for people, as a block that click leaves as it is."""
    wide = max(map(len, [*FAULTS, *DEFECTS])) + 2
    lines = ["\b", "Faults of ours beside the load, NAME[,every=N]; N requests to a strike, 10 by default:"]
    for name, fault in FAULTS.items():
        takes = f" ({', '.join(fault.takes)})" if fault.takes else ""
        lines.append(f"  {name:{wide}}{fault.what}{takes}")
    lines += ["", "\b", "Defects of malformed,defect=NAME:"]
    lines += [f"  {name:{wide}}{one.what} ({one.clause})" for name, one in DEFECTS.items()]
    return "\n".join(lines)
