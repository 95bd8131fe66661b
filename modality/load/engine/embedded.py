"""A load from Python: one call, for notebooks and tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modality.errors import UsageError
from modality.identity import fresh_seed
from modality.load.account import Account
from modality.load.engine.guard import check_target
from modality.load.engine.loop import Watch
from modality.load.engine.run import Load, fresh_run_id
from modality.load.scenario import Scenario, load_scenario
from modality.network.address import Address, parse, parse_dicom
from modality.network.local import Local, Timeouts


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
        scenario: one of the table, a TOML file, or made here.
        to: the archive, over DIMSE or DICOMweb.
        rate: requests a second; the scenario's by default, as are the next two.
        duration_s: of the run.
        associations: at a time.
        seed: what content and schedule come from; a new one by default.
        i_own_this_archive: it is not on this machine, and may be put under load.
        local: who calls; waits as long as the scenario says by default.
        watch: shown the account as it grows.
        **options: further ones of `Load`: `fresh_pixels`, `max_backlog`, `processes`, `run_id`, `ris`, `listen`.

    Raises:
        UnknownNameError: there is no such scenario.
        UsageError: the address is a folder, or of another machine that nobody said is theirs.
        UnreachableError: nobody answers.
    """
    made = load_scenario(scenario) if isinstance(scenario, str) else scenario
    address = parse(to) if isinstance(to, str) else to
    if isinstance(address, Path):
        raise UsageError(f"{address}: a folder takes no load")
    ris = options.pop("ris", None)
    ris = parse_dicom(ris) if isinstance(ris, str) else ris
    for one in filter(None, (address, ris)):
        check_target(one, owned=i_own_this_archive, target=made.target)
    patience = Timeouts(connect_s=made.timeout_s, association_s=made.timeout_s, response_s=made.timeout_s)
    return Load(
        name=scenario if isinstance(scenario, str) else made.title,
        scenario=made,
        to=address,
        local=local or Local(timeouts=patience),
        rate=made.rate if rate is None else rate,
        duration_s=made.duration_s if duration_s is None else duration_s,
        associations=made.associations if associations is None else associations,
        processes=options.pop("processes", 1),
        seed=fresh_seed() if seed is None else seed,
        run_id=options.pop("run_id", None) or fresh_run_id(),
        ris=ris,
        **options,
    ).run(watch)
