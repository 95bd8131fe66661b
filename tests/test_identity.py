from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.charset import convert_encodings
from pydicom.uid import UID

from modality import identity


@given(st.integers(), st.text(max_size=20), st.integers())
def test_every_uid_is_valid_and_has_44_characters(seed: int, role: str, index: int) -> None:
    made = identity.Identity(seed, ("ct",)).uid(role, index)
    assert len(made) == 44
    assert UID(made).is_valid


def test_uids_differ_by_seed_scope_role_and_index() -> None:
    one = identity.Identity(1, ("ct",))
    made = [
        one.uid("series"), one.uid("study"), one.uid("series", 0), one.uid("series", 1),
        identity.Identity(2, ("ct",)).uid("series"), identity.Identity(1, ("mr",)).uid("series"),
        identity.Identity(1, ("ct", "x")).uid("series"), identity.uid("1", "ct", "series"),
    ]  # fmt: skip
    assert len(set(made)) == len(made)
    assert one.uid("series") == identity.Identity(1).within("ct").uid("series")


def test_fresh_uids_and_seeds_are_new_each_time() -> None:
    assert identity.fresh_uid() != identity.fresh_uid()
    assert identity.fresh_seed() != identity.fresh_seed()


@pytest.mark.parametrize("seed", range(200))
def test_every_patient_can_be_written_in_the_character_set_it_names(seed: int) -> None:
    who = identity.patient(seed)
    (encoding,) = convert_encodings([who.character_set])
    assert who.name.encode(encoding).decode(encoding) == who.name
    assert who == identity.patient(seed)
    assert who.size_m is not None
    assert who.weight_kg is not None
    assert 15 < who.weight_kg / who.size_m**2 < 45
    assert all(len(group) <= 64 for group in who.name.split("="))


@pytest.mark.parametrize("sex", ["F", "M"])
def test_a_patient_of_one_sex_is_the_seeds_own_or_somebody_else(sex: Literal["F", "M"]) -> None:
    for seed in range(60):
        own, who = identity.patient(seed), identity.patient(seed, sex)
        assert who == identity.patient(seed, sex)
        assert who.sex == sex
        assert (who == own) == (own.sex == sex)
        assert (who.patient_id == own.patient_id) == (who.name == own.name) == (own.sex == sex)
    assert len({identity.patient(seed, sex).name for seed in range(60)}) >= 6


def test_patients_of_many_seeds_have_names_in_several_character_sets() -> None:
    assert len({identity.patient(seed).character_set for seed in range(100)}) >= 6


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("20241124", "002Y"), ("20241125", "023M"), ("20261001", "007W"), ("20261101", "023D"), ("20261124", "000D"),
        ("19500101", "076Y"), ("20270101", ""), ("", ""), ("1950", ""),
    ],
)  # fmt: skip
def test_the_age_is_written_in_the_unit_that_fits(born: str, age: str) -> None:
    assert identity.Patient("1", "A", born).age_on(date(2026, 11, 24)) == age


def test_the_seeds_time_is_a_working_hour_and_stands_still() -> None:
    moments = [identity.clock_of(seed)() for seed in range(50)]
    assert all(7 <= moment.hour < 18 for moment in moments)
    assert len({moment.date() for moment in moments}) > 40
    assert identity.clock_of(3)() == identity.clock_of(3)()
