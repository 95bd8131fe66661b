"""What the words of an order say of how its study is made, for want of a protocol code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modality.protocol.worklist import ScheduledStep
from phantoms.phantom import Phantom


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
        options: of the kind, that are chosen; none leaves all at their defaults.
        other_than: options that are of another value: where one of them is asked for, the words choose nothing.
        phantom: what has to be scanned for it, whatever else the words say; empty for any.
    """

    pattern: str
    options: Mapping[str, str] = field(default_factory=dict)
    other_than: frozenset[str] = frozenset()
    phantom: str = ""


_NOT_SAID_OFF = r"(?<!\bno )(?<!\bnot )(?<!\bnon[- ])(?<!\bwithout )(?<!\bohne )"
_SPECT = _NOT_SAID_OFF + r"\b(?:spect(?:ct)?|tomogra\w*|tomosz\w*)\b"
_KIDNEY = r"\b(?:renal|kidneys?)\b(?! (?:failure|insufficiency|disease|cell|transplant candidate))|(?<!neben)nieren?"
_CORTEX = r"\bdmsa\b|succimer|\b(?:renal|kidney) (?:cort|parenchym|scar)|nierenrinde|nierennarb"
_SLICES = frozenset({"slices"})
_ABOUT = (
    frozenset({"about"}),
    (
        _Said(r"\bpet\b", {"about": "pt"}),  # of PET and CT together, it is the former that is reported on
        _Said(r"\bmr[it]?\b|magnetic resonance|magnetresonan|kernspin", {"about": "mr"}),
        _Said(r"\bct\b|computed tomogra|computertomogra", {"about": "ct"}),
        _Said(r"mammogra", {"about": "mg"}),
        _Said(r"ultraso|sonogra", {"about": "us"}),
        _Said(r"\bx-?rays?\b|radiogra|r(?:ö|oe)ntgen", {"about": "dx"}),
    ),
)
"""Of a report: of which scan it is; where nothing is said it is the last one of its study."""

# By kind, the options that words choose among and how: the first line that fits decides. Which words are asked for, and
# which tracer a kidney gets of which nothing more is said: our choice.
_OPTIONS_BY_WORD: Mapping[str, tuple[frozenset[str], tuple[_Said, ...]]] = {
    "nm": (
        frozenset({"study", "tracer"}),
        (
            _Said(
                f"(?s)(?=.*(?:{_CORTEX}))(?=.*{_SPECT})", {"study": "RECON TOMO", "tracer": "DMSA"}, phantom="abdomen"
            ),
            _Said(_SPECT, {"study": "RECON TOMO"}),
            # A bone scan's flow and blood pool are not those of liver and heart, which are all that a camera does here.
            _Said(r"\bbone|skelet|knochen"),
            _Said(_CORTEX + r"|\bstati\w+ (?:renal|kidney|nieren)", {"tracer": "DMSA"}, phantom="abdomen"),
            _Said(r"\bdtpa\b|pentetat", {"tracer": "DTPA"}, _SLICES | {"uptake_min"}, "abdomen"),
            _Said(
                r"renogra|\bmag-?3\b|mertiatid|nierenfunktion|nierenszinti",
                {"tracer": "MAG3"},
                _SLICES | {"uptake_min"},
                "abdomen",
            ),
            _Said(
                r"hepatobilia|cholescinti|\bhida\b|mebrofenin",
                {"study": "DYNAMIC"},
                _SLICES | {"uptake_min"},
            ),
            _Said(r"ha?emangiom|h[äa]mangiom|\bliver\b|leber"),  # whose blood pool does not beat
            _Said(
                _NOT_SAID_OFF
                + r"(?<!\brespiratory[- ])\bgated|\bblood[- ]?pool|\bmuga\b|ventri[ck]ulogra|herzbinnenraum",
                {"study": "GATED"},
                _SLICES,
            ),
            _Said(_KIDNEY, {"tracer": "MAG3"}, _SLICES | {"uptake_min"}, "abdomen"),
            _Said(r"\bdynami", {"study": "DYNAMIC"}, _SLICES | {"uptake_min"}),
        ),
    ),
    "pt": (
        frozenset({"tracer"}),
        (
            # The tracer's own name, and then that of the usual one: what else is said may go with either.
            _Said(r"methionin|\bmet[- ]pet\b|\b(?:11c|c-?11)[- ]met\b", {"tracer": "methionine"}),
            _Said(r"ammonia|\bnh3\b", {"tracer": "ammonia"}),
            _Said(r"dota-?tate|\bnetspot\b", {"tracer": "dotatate"}),
            _Said(r"\bfdg|\b18f-?fdg|fluorodeoxyglucose|fludeoxyglucose|fluordesoxyglu[ck]ose"),
            _Said(r"(?:myo[ck]ard\w*|cardiac|heart)[- ]?perfusion", {"tracer": "ammonia"}),
            _Said(r"somatostatin|\bsstr\b|dota-?[tn]oc|neuroendo[ck]rin", {"tracer": "dotatate"}),
        ),
    ),
    **dict.fromkeys(("kos", "pdf", "sc", "sr"), _ABOUT),
}


def options_said(
    step: ScheduledStep, kind_name: str, asked: Mapping[str, Any], phantom: Phantom | str | None = None
) -> dict[str, Any]:
    """The options of a kind that an order's words choose, by name; nothing where they say nothing of them.

    Args:
        step: the order.
        kind_name: what it is performed as.
        asked: options that are asked for, which prevail.
        phantom: what is asked to be scanned, which prevails too; None where that is left to the order.
    """
    prevailing, _ = _OPTIONS_BY_WORD.get(kind_name, (frozenset(), ()))
    said = _said(step, kind_name)
    if said is None or (said.other_than | prevailing) & set(asked):
        return {}
    scanned = phantom if isinstance(phantom, str) or phantom is None else phantom.name
    return dict(said.options) if not said.phantom or scanned in (None, said.phantom) else {}


def phantom_said(step: ScheduledStep, kind_name: str) -> str | None:
    """What has to be scanned for the options that an order's words choose; None where that may be anything."""
    said = _said(step, kind_name)
    return said.phantom or None if said else None


def _said(step: ScheduledStep, kind_name: str) -> _Said | None:
    _, lines = _OPTIONS_BY_WORD.get(kind_name, (frozenset(), ()))
    words = words_of(step)
    return next((line for line in lines if re.search(line.pattern, words, re.IGNORECASE)), None)
