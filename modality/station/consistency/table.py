"""The table of rules, and a case judged by all of them."""

from __future__ import annotations

from modality.station.consistency.case import Case
from modality.station.consistency.rule import Judgement, Rule, judge
from modality.station.consistency.rules import (
    commitment,
    encoding,
    geometry,
    images,
    kinds,
    moments,
    patient_study,
    performed,
    requests,
    series,
    steps,
)

RULES: tuple[Rule, ...] = (
    *patient_study.RULES,
    *requests.RULES,
    *performed.RULES,
    *steps.RULES,
    *series.RULES,
    *images.RULES,
    *geometry.RULES,
    *moments.RULES,
    *commitment.RULES,
    *encoding.RULES,
    *kinds.RULES,
)


def check(case: Case) -> list[Judgement]:
    """Every rule and what became of it, in the order of their numbers."""
    return [judge(rule, case) for rule in RULES]
