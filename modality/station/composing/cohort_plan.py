"""What a configuration of a cohort says: the sorts of study that its patients come for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from modality import config
from modality.errors import ConfigurationError
from modality.station.composing.plan import ComposedPlan, PatientPlan


@dataclass(frozen=True, slots=True)
class CohortStudy:
    """A sort of study that patients of the cohort come for.

    Args:
        config: a configuration of `generate study`: a path beside the cohort's, or the name of a shipped one.
        share: how often, against the shares of the others.
        priors: fewest and most earlier studies of a patient.
        days_between: fewest and most days from a study back to the one before.
        prior: the configuration of the earlier ones; the same by default.
    """

    config: str
    share: float = 1.0
    priors: tuple[int, ...] = (0, 2)
    days_between: tuple[int, ...] = (30, 720)
    prior: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.share < float("inf"):
            raise ValueError(f"share: more than 0, not {self.share}")
        _check_range("priors", self.priors, 0, 100)
        _check_range("days_between", self.days_between, 1, 36500)


@dataclass(frozen=True, slots=True)
class CohortPlan:
    """What a configuration of a cohort holds.

    Args:
        study: at least one sort of study; each patient comes for one of them.
    """

    study: tuple[CohortStudy, ...]

    def __post_init__(self) -> None:
        if not self.study:
            raise ValueError("at least one [[study]] is needed")


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of study, its configurations read.

    Args:
        said: what the cohort's configuration says.
        plan: of the study.
        prior: of the earlier ones.
    """

    said: CohortStudy
    plan: ComposedPlan
    prior: ComposedPlan


def sorts_of(path: Path) -> tuple[Sort, ...]:
    """Read a cohort's configuration and those of its studies.

    Raises:
        ConfigurationError: one cannot be read, or lays down what a cohort draws for each patient.
    """
    return tuple(
        Sort(one, _plan(one.config, path), _plan(one.prior or one.config, path))
        for one in config.load(path, CohortPlan).study
    )


def _plan(name: str, cohort: Path) -> ComposedPlan:
    beside = cohort.parent / name
    path = beside if beside.exists() else config.shipped(name)
    plan = config.load(path, ComposedPlan).beside(path.parent)
    if plan.patient != PatientPlan():
        raise ConfigurationError(f"{name}: patient: a cohort draws it for each patient: leave it out")
    for key in ("accession", "study_id", "started"):
        if getattr(plan.study, key) is not None:
            raise ConfigurationError(f"{name}: study.{key}: a cohort draws it for each study: leave it out")
    return plan


def _check_range(what: str, values: tuple[int, ...], fewest: int, most: int) -> None:
    if len(values) != 2 or not fewest <= values[0] <= values[1] <= most:
        raise ValueError(f"{what}: two numbers, {fewest} to {most}, the smaller first, not {list(values)}")
