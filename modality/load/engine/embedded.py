"""A load from Python: one call, for notebooks and tests."""

from __future__ import annotations

from typing import Any

from modality.errors import UsageError
from modality.identity import fresh_seed
from modality.load.account import Account
from modality.load.engine.guard import check_target
from modality.load.engine.loop import Watch
from modality.load.engine.run import Load, fresh_run_id
from modality.load.scenario import Scenario
from modality.network.address import Address, parse
from modality.network.local import Local
from modality.registry import SCENARIOS


def load(
    scenario: Scenario | str,
    to: Address | str,
    *,
    rate: float | None = None,
    duration_s: float | None = None,
    associations: int | None = None,
    seed: int | None = None,
    i_own_this_archive: bool = False,
    local: Local | None = None,
    watch: Watch | None = None,
    **options: Any,
) -> Account:
    """Put a load on an archive, and give the account of it: ``load("steady", archive.address, rate=50, duration_s=5)``.

    Args:
        scenario: one of the table, or made here.
        to: the archive, over DIMSE or DICOMweb.
        rate: requests a second; the scenario's by default, as are the next two.
        duration_s: of the run.
        associations: at a time.
        seed: what content and schedule come from; a new one by default.
        i_own_this_archive: it is not on this machine, and may be put under load.
        local: who calls.
        watch: shown the account as it grows.
        **options: further ones of `Load`, such as `fresh_pixels`, `max_backlog`, `run_id`.

    Raises:
        UnknownNameError: there is no such scenario.
        UsageError: the address is a folder, or of another machine that nobody said is theirs.
        UnreachableError: nobody answers.
    """
    made: Scenario = SCENARIOS.load(scenario)() if isinstance(scenario, str) else scenario
    address = parse(to) if isinstance(to, str) else to
    if not hasattr(address, "host"):
        raise UsageError(f"{address}: a folder takes no load")
    check_target(address, owned=i_own_this_archive, target=made.target)  # type: ignore[arg-type]
    return Load(
        name=scenario if isinstance(scenario, str) else made.title,
        scenario=made,
        to=address,  # type: ignore[arg-type]
        local=local or Local(),
        rate=made.rate if rate is None else rate,
        duration_s=made.duration_s if duration_s is None else duration_s,
        associations=made.associations if associations is None else associations,
        processes=options.pop("processes", 1),
        seed=fresh_seed() if seed is None else seed,
        run_id=options.pop("run_id", None) or fresh_run_id(),
        **options,
    ).run(watch)
