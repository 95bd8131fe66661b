"""Assisted protocol setting: the codes of a scheduled step choose what is scanned (IHE RAD-5)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modality import config
from modality.errors import ConfigurationError
from modality.iods.kind import Kind
from modality.protocol.worklist import ScheduledStep, text
from modality.registry import KINDS, unknown
from modality.station.examination import Examination
from modality.station.steps.filling import kind_of
from modality.station.steps.words import phantom_said, words_of

# What the words of an order say of the body part, for want of a protocol code; the first that fits decides.
_PHANTOM_BY_WORD = (
    (re.compile(r"head|brain|skull|neuro|cerebr|crani|sch[äa]del|kopf|hirn", re.IGNORECASE), "head"),
    (re.compile(r"breast|mamm", re.IGNORECASE), "breast"),
    (re.compile(r"chest|thora|lung|pulmon", re.IGNORECASE), "thorax"),
    (re.compile(r"abdom|liver|hepat|kidney|renal|renogra|spleen|pancrea|leber|niere", re.IGNORECASE), "abdomen"),
    (re.compile(r"knee|knie|patell", re.IGNORECASE), "knee"),
    (re.compile(r"spine|spinal|vertebr|lumbar|lumbosacral|wirbel|lws", re.IGNORECASE), "spine"),
)


def phantom_for(step: ScheduledStep) -> str | None:
    """The phantom that an order asks for by its words and codes' meanings; the kind's own when they say nothing."""
    kind: Kind = KINDS.load(kind_of(step.modality))
    return _said(step, kind) or kind.default_phantom


def _said(step: ScheduledStep, kind: Kind) -> str | None:
    """The phantom that the words ask for; None where they say nothing."""
    if not kind.body_parts:
        return None
    if needed := phantom_said(step, kind.name):
        return needed
    said = words_of(step)
    return next((phantom for pattern, phantom in _PHANTOM_BY_WORD if pattern.search(said)), None)


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """A ``[[code]]`` table: a scheduled protocol code and what it chooses.

    Args:
        value: Code Value, Long Code Value or URN Code Value.
        protocol: a file of configs/protocols, without its ending.
        scheme: Coding Scheme Designator; none for a URN.
    """

    value: str
    protocol: str
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class ProtocolCodes:
    """What ``configs/protocol_codes.toml``, or a file like it, holds."""

    code: tuple[CodeEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What is scanned for a scheduled step.

    Args:
        protocol: a file of configs/protocols; empty where none was chosen.
        phantom: what is scanned where no protocol says so; None where the kind scans none, or it is left to the kind
            and, of a report, to what its study holds.
        notes: why it fell to the default, a line for each code that chose nothing.
    """

    protocol: str = ""
    phantom: str | None = None
    notes: tuple[str, ...] = ()


def protocol_table(own: Path | None = None) -> Mapping[tuple[str, str], str]:
    """The protocol by code (value and scheme): the shipped table, and a user's own before it.

    Raises:
        ConfigurationError: a file does not fit, or names a protocol that is none.
    """
    table: dict[tuple[str, str], str] = {}
    for path in (config.shipped("protocol_codes.toml"), own):
        if path is None:
            continue
        names = sorted(one.stem for one in config.shipped("protocols/brain.toml").parent.glob("*.toml"))
        for number, entry in enumerate(config.load(path, ProtocolCodes).code, 1):
            if entry.protocol not in names:
                raise ConfigurationError(f"{path}: code[{number}]: {unknown('protocol', entry.protocol, names)}")
            table[entry.value, entry.scheme] = entry.protocol
    return table


def choose(step: ScheduledStep, table: Mapping[tuple[str, str], str]) -> Choice:
    """What a scheduled step is to be performed with: by the first of its codes that the table knows, else by its words.

    Raises:
        UsageError: no kind makes images of its modality.
    """
    kind = KINDS.load(kind_of(step.modality))
    notes = []
    for code in step.protocol_codes:
        value = next(found for name in ("CodeValue", "LongCodeValue", "URNCodeValue") if (found := text(code, name)))
        scheme = text(code, "CodingSchemeDesignator")
        named = f"protocol code {value} ({scheme or 'no scheme'})"
        protocol = table.get((value, scheme))
        if protocol is None:
            notes.append(f"{named} is not known here: the default protocol is performed, and the code reported back")
            continue
        made = config.load(config.shipped(f"protocols/{protocol}.toml"), Examination).kind
        if KINDS.load(made).modality == kind.modality:
            return Choice(protocol)
        notes.append(
            f"{named} chooses {protocol}, which is of {made} and not of {step.modality}: the default is performed"
        )
    return Choice(phantom=_said(step, kind), notes=tuple(notes))
