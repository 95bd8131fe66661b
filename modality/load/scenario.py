"""A scenario: which exams, how they arrive, what is done with each, and what is expected of the archive."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from random import Random
from typing import Any, Literal, NamedTuple

from modality import config
from modality.errors import ConfigurationError
from modality.load.account import Account
from modality.load.outcome import Fate
from modality.registry import ARRIVALS, KINDS, SCENARIOS, unknown
from modality.transfer.syntaxes import syntax

StepName = Literal["worklist", "mpps", "store", "commitment", "query", "retrieve"]
_MOST_INSTANCES = 100_000
"""Of a series (our choice): each is described before a run."""
_LONGEST_S = 86_400.0
_NOT_AN_OPTION = frozenset(("kind_name", "phantom", "seed", "clock", "transfer_syntax"))
"""Keys of the exam itself, and what the load sets."""
Shape = Callable[[int, float, Random], list[float]]


@dataclass(frozen=True, slots=True)
class Exam:
    """One type of exam of the mix.

    Args:
        name: what it is called.
        kind: an entry of the table of kinds.
        share: of the studies, relative to the other exams'.
        phantom: what is scanned; the kind's own by default.
        series: series of a study.
        instances: instances of a series; 0 for as many as the kind gives.
        rows: rows of an image; the kind's own by default.
        columns: columns of an image; likewise.
        transfer_syntax: keyword of what they are encoded in.
        pace_per_s: how fast the modality gives the instances of a study; 0 gives all of them at once.
        distinct: different pixels among the instances of a series; more take longer to prepare.
        options: the acquisition's own options.

    Raises:
        ConfigurationError: a name is unknown, or a number is none that makes sense.
    """

    name: str
    kind: str
    share: float = 1.0
    phantom: str = ""
    series: int = 1
    instances: int = 0
    rows: int | None = None
    columns: int | None = None
    transfer_syntax: str = "ExplicitVRLittleEndian"
    pace_per_s: float = 0.0
    distinct: int = 4
    options: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS.names():
            raise ConfigurationError(f"exam {self.name!r}: {unknown('kind', self.kind, KINDS.names())}")
        if (
            not 0 <= self.share < inf
            or self.series < 1
            or not 0 <= self.instances <= _MOST_INSTANCES
            or self.distinct < 1
            or not 0 <= self.pace_per_s < inf
            or any(side is not None and side < 1 for side in (self.rows, self.columns))
        ):
            raise ConfigurationError(
                f"exam {self.name!r}: share, instances and pace_per_s are from 0, series, distinct, rows and columns "
                f"from 1, instances up to {_MOST_INSTANCES:,}"
            )
        for name in _NOT_AN_OPTION & set(self.options or {}):
            raise ConfigurationError(f"exam {self.name!r}: options.{name}: no option of the acquisition's")
        syntax(self.transfer_syntax)


@dataclass(frozen=True, slots=True)
class Objectives:
    """What is expected of the archive, each bound inclusive; None expects nothing.

    Args:
        p50_ms: of the latency from the planned moment; likewise the others.
        p90_ms: likewise.
        p95_ms: likewise.
        p99_ms: likewise.
        p99_9_ms: likewise.
        failed: requests that failed, as a share of those planned.
        skipped: requests that were skipped, likewise.
        lost: instances that were acknowledged and not found.
        rate: requests answered with success in a second, as a share of those planned.
    """

    p50_ms: float | None = None
    p90_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    p99_9_ms: float | None = None
    failed: float | None = 0.0
    skipped: float | None = 0.0
    lost: int | None = 0
    rate: float | None = None

    def judge(self, account: Account) -> list[Judgement]:
        """Each objective beside what was found."""
        planned = account.planned or 1
        planned_rate = account.planned / (account.duration_s or 1.0)
        judged = [
            Judgement(name, limit, account.latency.percentile_ms(percentile))
            for name, limit, percentile in (
                ("p50_ms", self.p50_ms, 50.0), ("p90_ms", self.p90_ms, 90.0), ("p95_ms", self.p95_ms, 95.0),
                ("p99_ms", self.p99_ms, 99.0), ("p99_9_ms", self.p99_9_ms, 99.9),
            )
            if limit is not None
        ]  # fmt: skip
        if self.failed is not None:
            judged.append(Judgement("failed", self.failed, account.failed / planned))
        if self.skipped is not None:
            judged.append(Judgement("skipped", self.skipped, account.counts[Fate.SKIPPED] / planned))
        if self.lost is not None:
            judged.append(Judgement("lost", self.lost, float(len(account.lost_uids))))
        if self.rate is not None:
            found = account.sent / (account.elapsed_s or 1.0) / (planned_rate or 1.0)
            judged.append(Judgement("rate", self.rate, found, at_least=True))
        return judged


class Judgement(NamedTuple):
    """One objective, and what was found.

    Args:
        name: which one.
        limit: the bound.
        found: what was measured; None when there was nothing to measure.
        at_least: the bound is the lowest that is good, and not the highest.
    """

    name: str
    limit: float
    found: float | None
    at_least: bool = False

    @property
    def held(self) -> bool:
        """It was reached; what could not be measured was not."""
        if self.found is None:
            return False
        return self.found >= self.limit if self.at_least else self.found <= self.limit


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a configuration aims at.

    Args:
        address: of the archive.
        i_own_this_archive: whoever wrote the configuration may put a load on it.
    """

    address: str = ""
    i_own_this_archive: bool = False


@dataclass(frozen=True, slots=True)
class Scenario:
    """What `modality load` runs.

    Args:
        title: one line on it.
        exam: the mix.
        arrivals: an entry of the table of arrival laws.
        unit: what arrives by that law: single instances, of several studies side by side, or whole studies, whose
            instances then follow at the modality's pace.
        shape: options of the arrival law.
        rate: requests a second over the whole run.
        duration_s: of the run.
        associations: at a time.
        steps: what is done with each study besides storing it.
        reader_delay_s: from a study's last instance to the query and the retrieval of whoever reads it.
        timeout_s: for each answer.
        objectives: what is expected.
        target: whom it aims at.

    Raises:
        ConfigurationError: a name or a number is none that makes sense.
    """

    title: str
    exam: tuple[Exam, ...]
    arrivals: str = "constant"
    unit: Literal["instance", "study"] = "study"
    shape: Mapping[str, Any] | None = None
    rate: float = 10.0
    duration_s: float = 60.0
    associations: int = 4
    steps: tuple[StepName, ...] = ("store",)
    reader_delay_s: float = 1.0
    timeout_s: float = 30.0
    objectives: Objectives = Objectives()
    target: Target = Target()

    def __post_init__(self) -> None:
        if not self.exam or not sum(one.share for one in self.exam) > 0:
            raise ConfigurationError("a scenario needs an [[exam]] whose share is above 0")
        if len({one.name for one in self.exam}) < len(self.exam):
            raise ConfigurationError("two exams have the same name")
        if "store" not in self.steps:
            raise ConfigurationError('steps: "store" must be among them')
        if not 0 < self.rate < 1e6 or not 0 < self.duration_s < 1e7 or not 1 <= self.associations <= 1024:
            raise ConfigurationError("rate and duration_s are above 0, associations from 1 to 1024")
        if not 0 < self.timeout_s <= _LONGEST_S or not 0 <= self.reader_delay_s <= _LONGEST_S:
            raise ConfigurationError(f"timeout_s is above 0, reader_delay_s from 0, both up to {_LONGEST_S:g} s")
        self.moments(1, 1.0, Random(0))

    def moments(self, count: int, duration_s: float, random: Random) -> list[float]:
        """When so many arrive.

        Raises:
            ConfigurationError: the arrival law does not have these options.
        """
        law = ARRIVALS.load(self.arrivals)
        options = dict(self.shape or {})
        known = [name for name, one in inspect.signature(law).parameters.items() if one.kind is one.KEYWORD_ONLY]
        for name in options:
            if name not in known:
                raise ConfigurationError(f"shape.{name}: {unknown('option of the arrivals', name, known)}")
        try:
            found: list[float] = law(count, duration_s, random, **options)
        except (TypeError, ValueError, ArithmeticError) as error:
            raise ConfigurationError(f"shape of {self.arrivals}: {error}") from error
        if not all(0 <= one <= duration_s * (1 + 1e-9) for one in found):  # not a number is not
            raise ConfigurationError(f"shape of {self.arrivals}: gives moments that are not within the run")
        return found


def load_scenario(name: str) -> Scenario:
    """The scenario of a name in the table, or of a TOML file.

    Raises:
        UnknownNameError: the table has none of that name, and it is no file.
        ConfigurationError: the file cannot be read, or does not fit.
    """
    path = Path(name)
    if path.suffix.lower() == ".toml" or path.is_file():
        return config.load(path, Scenario)
    made: Callable[[], Scenario] = SCENARIOS.load(name)
    return made()
