"""What an MR scanner cannot do: refused before anything is scanned."""

from __future__ import annotations

import math
from collections.abc import Sequence as Values
from typing import get_args

from modality.acquisition import plan
from modality.acquisition.mr.field import Coil
from modality.acquisition.mr.kspace import Filtering
from modality.acquisition.mr.protocol import INVERTED, SEVERAL_ECHOES, SPIN_ECHOES, MrProtocol
from modality.errors import UnknownNameError, UsageError

MOST_PPM = 100.0
"""A magnet so bad makes no image: our choice."""
_LARGEST_B = 50_000.0  # beyond any scanner: our choice
_MOST_WEIGHTINGS = 256  # our choice
_MOST_PIXELS = 4096 * 4096  # of an image, whose k-space takes some 200 bytes a pixel: our choice, beyond any scanner


def ascending(name: str, values: Values[float]) -> tuple[float, ...]:
    """Times as they follow each other in the series."""
    times = tuple(sorted(plan.positive(name, value) for value in values))
    if not times or len(set(times)) != len(times):
        raise UsageError(f"{name}: at least one, and each once")
    return times


def b_values(values: Values[float]) -> tuple[float, ...]:
    """Diffusion weightings as they follow each other in the series."""
    weightings = tuple(sorted(float(value) for value in values))
    if not weightings or len(set(weightings)) != len(weightings):
        raise UsageError("b values: at least one, and each once")
    if not all(math.isfinite(b) and 0.0 <= b <= _LARGEST_B for b in weightings):
        raise UsageError(f"b values must be between 0 and {_LARGEST_B:g} s/mm2")
    return weightings


def check_receiver(chosen: MrProtocol, rows: int, columns: int) -> None:
    """Refuses a receiver that there is not, and a k-space that the image cannot come from."""
    if rows * columns > _MOST_PIXELS:
        raise UsageError(f"an MR image of {rows} x {columns} pixels: at most {_MOST_PIXELS}, such as 4096 x 4096")
    for name, acquired, size in (
        ("acquired rows", chosen.acquired_rows, rows),
        ("acquired columns", chosen.acquired_columns, columns),
    ):
        if acquired is not None and acquired > size:
            raise UsageError(f"{name} {acquired}: at most the {size} of the image")
    if not 0.5 < chosen.partial_fourier <= 1.0:
        raise UsageError(f"partial fourier {chosen.partial_fourier:g}: over 0.5, and at most 1")
    for name, value, terms in (
        ("k-space filtering", chosen.filtering, get_args(Filtering)),
        ("coil", chosen.coil, get_args(Coil)),
    ):
        if value not in terms:
            raise UnknownNameError(f"{name} {value!r}: one of {', '.join(terms)}")


def check(chosen: MrProtocol) -> None:
    """Refuses what the sequence cannot do."""
    sequence, echoes = chosen.sequence, chosen.echo_times_ms
    if len(echoes) > 1 and sequence not in SEVERAL_ECHOES:
        raise UsageError(f"{len(echoes)} echo times: {sequence} has one; {' and '.join(SEVERAL_ECHOES)} have several")
    if chosen.inversion_times_ms and sequence not in INVERTED:
        raise UsageError(f"inversion times: {sequence} has none; see IR, FLAIR and STIR")
    if chosen.b_values_s_per_mm2 and sequence != "DWI":
        raise UsageError(f"b values: {sequence} has none; see DWI")
    if len(chosen.weightings) > _MOST_WEIGHTINGS:
        raise UsageError(f"{len(chosen.weightings)} images of each slice: at most {_MOST_WEIGHTINGS}")
    inversion, train = max(chosen.inversion_times_ms, default=0.0), chosen.echo_spacing_ms * chosen.echo_train_length
    if train and not chosen.echo_spacing_ms <= echoes[0] <= train:
        lies = f"must lie in the echo train of {chosen.echo_spacing_ms:g} to {train:g} ms"
        raise UsageError(f"echo time {echoes[0]:g} ms: {lies}")
    if inversion + max(echoes[-1], train) >= chosen.repetition_time_ms:
        what = f"echo train {train:g} ms" if train else f"echo time {echoes[-1]:g} ms"
        after = f" after the inversion time {inversion:g} ms" if inversion else ""
        raise UsageError(f"{what}{after}: must be below TR {chosen.repetition_time_ms:g} ms")
    if chosen.flip_angle_deg > 180.0 or (sequence in SPIN_ECHOES and chosen.flip_angle_deg != 90.0):
        raise UsageError(f"flip angle {chosen.flip_angle_deg:g}: at most 180, and 90 for a spin echo")
