"""Each rule holds for what we make, and breaks for what was seeded to break it."""

from __future__ import annotations

import pytest

from modality.station.consistency.table import RULES
from tests.station.consistency.conftest import broken
from tests.station.consistency.mutations import MUTATIONS

SEEDED = [
    pytest.param(rule.id, spoil, others, id=f"{rule.id}-{number}")
    for rule in RULES
    for number, (spoil, others) in enumerate(MUTATIONS[rule.id])
]


def test_what_we_make_breaks_no_rule_and_most_apply(evidence, tmp_path):
    judgements = evidence.judged(tmp_path / "case")
    assert {number: one.deviations for number, one in judgements.items() if one.deviations} == {}
    # The others need an unscheduled step, a discontinued one, a failed commitment, lossy pixels, or what CT has not.
    silent = {number for number, one in judgements.items() if one.state == "not applicable"}
    assert silent == {"R22", "R40", "R52", "R60", "R73", "R77", "R87", "R101", "R104", "R107"}


@pytest.mark.parametrize(("number", "spoil", "others"), SEEDED)
def test_a_seeded_inconsistency_breaks_its_rule_and_the_others_named(evidence, tmp_path, number, spoil, others):
    spoil(evidence)
    judgements = evidence.judged(tmp_path / "case")
    assert broken(judgements) == {number} | others
    for one in judgements[number].deviations:
        assert one.finding.left_value != one.finding.right_value


def test_rules_are_numbered_in_order_and_each_says_where_it_comes_from():
    assert [rule.id for rule in RULES] == [f"R{number:02d}" for number in range(1, len(RULES) + 1)]
    assert all(rule.title and rule.clause and rule.compares for rule in RULES)
    assert len({rule.title for rule in RULES}) == len(RULES)
