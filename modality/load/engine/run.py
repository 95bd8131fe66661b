"""A load as a whole: what it is made with, and its run in one process or several."""

from __future__ import annotations

import platform
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from math import ceil
from typing import Any

from modality import __version__
from modality.identity import fresh_seed
from modality.load.account import Account
from modality.load.engine.loop import BACKLOG_S, Loop, Watch
from modality.load.engine.services import Services
from modality.load.engine.wire import wires
from modality.load.exams.material import Material, Progress
from modality.load.exams.plan import Plan
from modality.load.scenario import Scenario
from modality.network.address import DicomAddress, WebAddress
from modality.network.local import Local
from modality.station.processes.life import processors


def fresh_run_id() -> str:
    """A run id that nobody has used."""
    return f"{fresh_seed():012x}"


@dataclass(frozen=True)
class Load:
    """A load, ready to be run; the same one may run several times, each under a run id of its own.

    Args:
        name: of the scenario.
        scenario: what is done.
        to: the archive.
        local: who calls.
        rate: requests a second over the whole run.
        duration_s: of the run.
        associations: at a time, those of all processes together.
        processes: how many there are.
        seed: what content and schedule come from.
        run_id: what sets the identifiers apart from those of other runs.
        fresh_pixels: each instance has pixels of its own.
        max_backlog: requests that may wait; None holds 60 s of the rate.
        ris: whom the worklist and performed steps go to.
        listen: host and port where reports of commitment are taken.
    """

    name: str
    scenario: Scenario
    to: DicomAddress | WebAddress
    local: Local
    rate: float
    duration_s: float
    associations: int
    processes: int
    seed: int
    run_id: str
    fresh_pixels: bool = False
    max_backlog: int | None = None
    ris: DicomAddress | None = None
    listen: tuple[str, int] | None = None
    prepared: Material | None = None

    def made(self, progress: Progress | None = None) -> Load:
        """The same, with the instances of its plan prepared; takes seconds, and more for what is drawn in detail."""
        material = Material(self.scenario, self.seed, only=(), fresh_pixels=self.fresh_pixels)
        made = replace(self, prepared=material)
        material.prepare(made.planned_exams, progress)
        return made

    @property
    def material(self) -> Material:
        """What its exams are made of; prepared now where it was not yet."""
        if self.prepared is None:
            object.__setattr__(
                self, "prepared", Material(self.scenario, self.seed, only=(), fresh_pixels=self.fresh_pixels)
            )
        assert self.prepared is not None
        return self.prepared

    @cached_property
    def plan(self) -> Plan:
        """What goes out when."""
        return Plan(self.scenario, self.rate, self.duration_s, self.seed, self.run_id, self.material.sizes)

    @cached_property
    def planned_exams(self) -> frozenset[str]:
        """Names of the exams that the plan has: a short one may have none of those that are rare."""
        return frozenset(one.exam.name for one in self.plan.studies)

    def loop(self, part: int = 0, watch: Watch | None = None) -> Loop:
        """The loop of one of its processes."""
        services = Services(self.to, self.ris, self.local, self.material, self.listen if part == 0 else None)
        # Those left over go to the first processes; each has one at least.
        share = max(self.associations // self.processes + (part < self.associations % self.processes), 1)
        return Loop(
            self.plan, self.material, wires(self.to, self.material.contexts(), self.local), services, share,
            max_backlog=self.max_backlog, part=part, parts=self.processes, watch=watch,
        )  # fmt: skip

    def run(self, watch: Watch | None = None) -> Account:
        """Run it.

        Args:
            watch: shown the account as it grows.

        Raises:
            UnreachableError: nobody answers at the address, before the run began.
            PeerError: the archive lets no association be, before the run began.
        """
        self.material.prepare(self.planned_exams)  # before the clock runs, and before processes are forked
        if self.processes == 1:
            account = self.loop(watch=watch).run()
        else:
            from modality.load.engine.processes import run_in_processes

            account = run_in_processes(self, watch)
        account.scenario = self.name
        account.configuration = {**self.configuration(), **account.configuration}
        return account

    def configuration(self) -> dict[str, Any]:
        """What it is made with, as plain data."""
        from modality.transfer.syntaxes import syntax_name

        return {
            "title": self.scenario.title,
            "to": str(self.to),
            "ris": str(self.ris) if self.ris else None,
            "aet": self.local.aet,
            "rate": self.rate,
            "duration_s": self.duration_s,
            "arrivals": self.scenario.arrivals,
            "unit": self.scenario.unit,
            "steps": list(self.scenario.steps),
            "associations": self.associations,
            "processes": self.processes,
            "max_backlog": self.max_backlog if self.max_backlog is not None else ceil(self.rate * BACKLOG_S),
            "timeout_s": self.local.timeouts.response_s,
            "fresh_pixels": self.fresh_pixels,
            "cautions": list(self.material.cautions),
            "tcp_nodelay": True,
            "transfer_syntaxes": sorted({syntax_name(uid) for _, uid in self.material.contexts()}),
            "exams": {
                one.name: {
                    "kind": one.kind,
                    "instances": self.material.sizes[one.name],
                    "mean_bytes": round(self.material.bytes_of(one.name)) if one.name in self.planned_exams else None,
                    "share": one.share,
                }
                for one in self.scenario.exam
                if one.share > 0
            },
            "versions": {
                "modality": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in ("numpy", "pydicom", "pynetdicom", "hdrhistogram")},
            },
            "machine": {"system": platform.platform(), "processor": platform.machine(), "processors": processors()},
        }
