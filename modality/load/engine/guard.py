"""Before a load begins: whether the archive may be put under it, and what is about to happen."""

from __future__ import annotations

from modality.errors import counted
from modality.load.aim import check_aim
from modality.load.exams.material import Material
from modality.load.exams.plan import Plan
from modality.load.scenario import Target
from modality.network.address import DicomAddress, WebAddress, parse

LARGE_BYTES = 1 << 30
"""From so many bytes on a run is large."""


def check_target(address: DicomAddress | WebAddress, *, owned: bool, target: Target) -> None:
    """Refuse to put a load on an archive that may be somebody else's.

    Args:
        address: whom the load would hit.
        owned: the user says that it is theirs, for this run.
        target: what the scenario's configuration says; it speaks for the address that it names alone.

    Raises:
        UsageError: it is not on this machine, and neither of them says so.
    """
    named = target.i_own_this_archive and bool(target.address) and parse(target.address) == address
    check_aim(address, owned=owned or named)


def planned_bytes(plan: Plan, material: Material) -> int:
    """How many bytes of data sets the plan holds."""
    means = {name: material.bytes_of(name) for name in {one.exam.name for one in plan.studies}}
    return round(sum(one.of * means[one.exam.name] for one in plan.studies))


def announcement(plan: Plan, material: Material, to: str) -> str:
    """One line on what is about to happen."""
    size = planned_bytes(plan, material)
    warning = "; this is a large run, Ctrl-C ends it" if size >= LARGE_BYTES else ""
    return (
        f"{counted(plan.count, 'instance')} in {len(plan.studies)} new studies, {size / 1e6:,.0f} MB, "
        f"in {plan.duration_s:g} s ({plan.rate:g}/s, {size / plan.duration_s / 1e6:,.1f} MB/s) to {to}{warning}"
    )
