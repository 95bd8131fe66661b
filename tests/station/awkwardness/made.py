"""Small studies of personas and with defects, made once."""

from __future__ import annotations

from functools import cache

from modality.pytest_plugin import _DEFAULTS
from modality.station.study import generate, load_phantom
from modality.transfer.defects.table import DEFECTS
from modality.transfer.instance import PreparedInstance


@cache
def dressed(kind: str, persona: str, syntax: str = "") -> tuple[PreparedInstance, ...]:
    """The first instances of a small series; an empty name is nobody's."""
    options = dict(_DEFAULTS.get(kind, {}))
    phantom = load_phantom(options.pop("phantom")) if "phantom" in options else None
    if kind in ("ct", "mr", "enhanced-mr"):
        options |= {"slices": 2, "rows": 32, "columns": 32}
    made = generate(kind, phantom, seed=3, persona=persona or None, transfer_syntax=syntax or None, **options)
    return tuple(made)[:2]


SMALL = {"rows": 32, "columns": 32, "slices": 2}


def options_of(name: str) -> tuple[str, dict[str, str]]:
    """The kind, and the transfer syntax, that have what a defect breaks."""
    needs = DEFECTS[name].needs if name else ""
    kind = "enhanced-ct" if needs == "frames" else "ct"
    return kind, {"transfer_syntax": "RLELossless"} if needs == "encapsulated pixels" else {}


@cache
def broken(kind: str, syntax: str, *names: str) -> tuple[PreparedInstance, ...]:
    """A series of two small slices, or the one that holds both, with defects; without names the valid one."""
    study = generate(
        kind, load_phantom("shepp-logan"), seed=3, transfer_syntax=syntax or None, defects=names, **SMALL
    )  # fmt: skip
    return tuple(study)
