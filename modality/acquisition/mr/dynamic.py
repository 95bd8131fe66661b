"""Following a contrast agent: how often, how fast, and what that leaves for TR."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from modality.acquisition import plan
from modality.acquisition.geometry import Geometry
from modality.acquisition.mr.protocol import MrProtocol
from modality.errors import UsageError


@dataclass(frozen=True, slots=True)
class Passage:
    """What was asked for.

    Args:
        positions: how often each slice is taken; None or 1 follows no agent.
        resolution_s: time between them; None is as fast as TR allows.
        arrival_s: when the agent arrives, from the beginning of the series; None has it after two positions.

    Raises:
        UsageError: there are no positions, or a time without several.
    """

    positions: int | None
    resolution_s: float | None
    arrival_s: float | None

    def __post_init__(self) -> None:
        if self.positions is not None and self.positions < 1:
            raise UsageError(f"temporal positions must be at least 1, not {self.positions}")
        if not self.followed and (self.resolution_s is not None or self.arrival_s is not None):
            raise UsageError("temporal resolution and bolus arrival: only with two or more temporal positions")

    @property
    def followed(self) -> bool:
        """Whether an agent is followed."""
        return self.positions is not None and self.positions > 1


def following(chosen: MrProtocol, geometry: Geometry, passage: Passage, *, fixed: bool) -> MrProtocol:
    """A protocol that follows a contrast agent; TR is shortened to the time there is, unless it is fixed.

    Raises:
        UsageError: the sequence cannot, or there is no time.
    """
    if not passage.followed:
        return chosen
    positions, resolution_s, arrival_s = passage.positions or 1, passage.resolution_s, passage.arrival_s
    if chosen.sequence != "GRE" or len(chosen.echo_times_ms) > 1:
        raise UsageError(f"temporal positions: {chosen.sequence} has none; see GRE with one echo")
    if resolution_s is None:
        resolution_s = math.ceil(chosen.duration_ms(geometry) / 100.0) / 10.0
    plan.positive("temporal resolution", resolution_s)
    lines = chosen.duration_ms(geometry) / chosen.repetition_time_ms
    fastest_ms = math.floor(resolution_s * 1e5 / lines) / 100.0
    if not fixed and fastest_ms > chosen.echo_time_ms:
        chosen = replace(chosen, repetition_time_ms=min(chosen.repetition_time_ms, fastest_ms))
    if chosen.duration_ms(geometry) > resolution_s * 1000.0:
        raise UsageError(
            f"temporal resolution {resolution_s:g} s: {lines:g} lines at TR {chosen.repetition_time_ms:g} ms take"
            f" {chosen.duration_ms(geometry) / 1000.0:g} s; shorten TR and TE, or take fewer rows"
        )
    if arrival_s is None:
        arrival_s = resolution_s * min(2, positions - 1)
    if not (math.isfinite(arrival_s) and arrival_s >= 0.0):
        raise UsageError(f"bolus arrival {arrival_s:g} s: must be 0 or more")
    return replace(
        chosen,
        temporal_positions=positions,
        temporal_resolution_s=float(resolution_s),
        bolus_arrival_s=float(arrival_s),
    )
