"""What the words of an order say of how its study is made, for want of a protocol code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modality.protocol.worklist import ScheduledStep


def words_of(step: ScheduledStep) -> str:
    """What an order says in words: its descriptions, and the meanings of its codes."""
    words = [step.description, step.requested_procedure_description]
    words += [str(code.get("CodeMeaning", "")) for code in (*step.protocol_codes, *step.requested_procedure_codes)]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class _Said:
    """A line of the table.

    Args:
        pattern: what is said, in any case.
        value: of the kind's option; None leaves it at its default.
        other_than: options that are of another value: where one of them is asked for, the words choose nothing.
    """

    pattern: str
    value: str | None
    other_than: frozenset[str] = frozenset()


_NOT_SAID_OFF = r"(?<!\bno )(?<!\bnot )(?<!\bnon[- ])(?<!\bwithout )(?<!\bohne )"
_SLICES = frozenset({"slices"})

# By kind, the option that is chosen and how: the first line that fits decides. Which words are asked for: our choice.
_OPTION_BY_WORD: Mapping[str, tuple[str, tuple[_Said, ...]]] = {
    "nm": (
        "study",
        (
            _Said(_NOT_SAID_OFF + r"\b(?:spect(?:ct)?|tomogra\w*|tomosz\w*)\b", "RECON TOMO"),
            # A bone scan's flow and blood pool are not those of liver and heart, which are all that a camera does here.
            _Said(r"\bbone|skelet|knochen", None),
            _Said(
                r"\bdynami|renogra|\bmag-?3\b|hepatobilia|cholescinti|\bhida\b|nierenfunktion",
                "DYNAMIC",
                _SLICES | {"uptake_min"},
            ),
            _Said(r"ha?emangiom|h[äa]mangiom|\bliver\b|leber", None),  # whose blood pool does not beat
            _Said(
                _NOT_SAID_OFF
                + r"(?<!\brespiratory[- ])\bgated|\bblood[- ]?pool|\bmuga\b|ventri[ck]ulogra|herzbinnenraum",
                "GATED",
                _SLICES,
            ),
        ),
    ),
    "pt": (
        "tracer",
        (
            # The tracer's own name, and then that of the usual one: what else is said may go with either.
            _Said(r"methionin|\bmet[- ]pet\b|\b(?:11c|c-?11)[- ]met\b", "methionine"),
            _Said(r"ammonia|\bnh3\b", "ammonia"),
            _Said(r"dota-?tate|\bnetspot\b", "dotatate"),
            _Said(r"\bfdg|\b18f-?fdg|fluorodeoxyglucose|fludeoxyglucose|fluordesoxyglu[ck]ose", None),
            _Said(r"(?:myo[ck]ard\w*|cardiac|heart)[- ]?perfusion", "ammonia"),
            _Said(r"somatostatin|\bsstr\b|dota-?[tn]oc|neuroendo[ck]rin", "dotatate"),
        ),
    ),
}


def options_said(step: ScheduledStep, kind_name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The option of a kind that an order's words choose, by its name; nothing where they say nothing of it.

    Args:
        step: the order.
        kind_name: what it is performed as.
        asked: options that are asked for, which prevail.
    """
    option, lines = _OPTION_BY_WORD.get(kind_name, ("", ()))
    if option in asked:
        return {}
    words = words_of(step)
    said = next((line for line in lines if re.search(line.pattern, words, re.IGNORECASE)), None)
    if said is None or said.value is None or said.other_than & set(asked):
        return {}
    return {option: said.value}
