"""Planning an MR scan: what the operator asks for, completed from a protocol and checked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from collections.abc import Sequence as Values
from dataclasses import replace
from functools import partial
from typing import Any

from modality.acquisition import orientation as orientations
from modality.acquisition import plan
from modality.acquisition.geometry import Geometry
from modality.acquisition.mr import signal
from modality.acquisition.mr.checks import MOST_PPM, ascending, b_values, check, check_receiver
from modality.acquisition.mr.dynamic import Passage, following
from modality.acquisition.mr.field import Coil
from modality.acquisition.mr.kspace import Filtering
from modality.acquisition.mr.protocol import (
    DYNAMIC,
    NULLED,
    PROTOCOLS,
    SEVERAL_ECHOES,
    USUAL,
    MrProtocol,
    Sequence,
)
from modality.acquisition.mr.scan import MrAcquisition
from modality.errors import UnknownNameError, UsageError
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom
from phantoms.tissues import TISSUES

_BY_NAME: Mapping[str, Sequence] = {"SPGR": "GRE", **{name.upper(): name for name in USUAL}}
THREE_PLANES = "three-plane"
"""The orientation of a localizer: slices of three orientations in one series."""
_PLANES = ("axial", "sagittal", "coronal")
_SLICES_OF_A_PLANE = 3  # of a localizer: our choice
_LONGEST_DAYS = 365  # phantoms are patient: our choice


def mr(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 256,
    columns: int = 256,
    slices: int | None = None,
    protocol: str | None = None,
    sequence: str | None = None,
    orientation: str = "axial",
    repetition_time_ms: float | None = None,
    echo_time_ms: float | None = None,
    echo_times_ms: Values[float] | None = None,
    inversion_times_ms: Values[float] | None = None,
    b_values_s_per_mm2: Values[float] | None = None,
    flip_angle_deg: float | None = None,
    field_strength_t: float | None = None,
    slice_thickness_mm: float | None = None,
    slice_spacing_mm: float | None = None,
    averages: int | None = None,
    pixel_bandwidth_hz: float | None = None,
    acquired_rows: int | None = None,
    acquired_columns: int | None = None,
    partial_fourier: float | None = None,
    filtering: Filtering | None = None,
    coil: Coil | None = None,
    inhomogeneity_ppm: float | None = None,
    field_of_view_mm: float | None = None,
    temporal_positions: int | None = None,
    temporal_resolution_s: float | None = None,
    bolus_arrival_s: float | None = None,
) -> MrAcquisition:
    """Plan an MR scan of a phantom; whatever is None comes from the protocol.

    Args:
        phantom: what is scanned.
        seed: of the noise.
        rows: rows of a slice.
        columns: columns of a slice; of rows and columns together at most 4096 x 4096 pixels.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        protocol: a name from `PROTOCOLS`: T1, T2 and PD are spin echoes, T1 GRE a spoiled gradient echo; T1 by default.
        sequence: SE, TSE, GRE or SPGR, IR, FLAIR, STIR, bSSFP or DWI, with its usual settings; by default what the
            times ask for: IR for inversion times, DWI for b-values, a train of SE for several echo times.
        orientation: axial, sagittal, coronal or oblique; three-plane gives the first three, `slices` of each.
        repetition_time_ms: TR.
        echo_time_ms: TE, below TR; one echo.
        echo_times_ms: TE of one or, for SE and GRE, of several echoes of a train, each with an image of every slice.
        inversion_times_ms: TI of IR, FLAIR or STIR, each with an image of every slice; FLAIR and STIR null their
            tissue by default.
        b_values_s_per_mm2: diffusion weightings of DWI, each with an image of every slice.
        flip_angle_deg: flip angle, above 0 up to 180; a spin echo has 90.
        field_strength_t: magnetic field, 0.2 to 7 T.
        slice_thickness_mm: nominal thickness.
        slice_spacing_mm: distance of the slices.
        averages: number of signal averages, at least 1.
        pixel_bandwidth_hz: receiver bandwidth of one pixel as acquired; fat appears shifted by 3.5 ppm over it.
        acquired_rows: phase encodings, at most `rows`; what lacks is filled with zeros.
        acquired_columns: readout samples, at most `columns`; likewise.
        partial_fourier: share of the phase encodings that are measured, over 0.5 to 1.
        filtering: of k-space: NONE, or HAMMING against ringing.
        coil: BODY receives evenly, ARRAY more near its eight loops around the patient.
        inhomogeneity_ppm: offset of the field on the axis, 100 mm from the centre, of second order; it distorts.
        field_of_view_mm: width and height of an image.
        temporal_positions: how often each slice of a GRE is taken while a contrast agent passes.
        temporal_resolution_s: time between them; as fast as TR allows by default, and TR is shortened to fit it.
        bolus_arrival_s: when the agent arrives; after two of them by default.

    Raises:
        UsageError: a number is out of range, no such protocol, sequence or orientation, or the sequence has no such
            times.
    """
    if echo_time_ms is not None:
        if echo_times_ms is not None:
            raise UsageError("echo time and echo times: give one of them")
        echo_times_ms = (echo_time_ms,)
    passage = Passage(temporal_positions, temporal_resolution_s, bolus_arrival_s)
    chosen = _prescribed(protocol, sequence, echo_times_ms, inversion_times_ms, b_values_s_per_mm2, passage.followed)
    if phantom.slices_mm is not None:
        asked, apart = phantom.slices_mm
        chosen = replace(chosen, slice_thickness_mm=asked, slice_spacing_mm=apart)
    numbers = {
        "repetition_time_ms": repetition_time_ms,
        "flip_angle_deg": flip_angle_deg,
        "field_strength_t": field_strength_t,
        "slice_thickness_mm": slice_thickness_mm,
        "slice_spacing_mm": slice_spacing_mm,
        "averages": averages,
        "pixel_bandwidth_hz": pixel_bandwidth_hz,
        "acquired_rows": acquired_rows,
        "acquired_columns": acquired_columns,
        "partial_fourier": partial_fourier,
    }
    others = {"filtering": filtering, "coil": coil, "inhomogeneity_ppm": inhomogeneity_ppm}
    times = {"echo_times_ms": echo_times_ms, "inversion_times_ms": inversion_times_ms}
    chosen = _changed(chosen, numbers, others, times, b_values_s_per_mm2)
    check_receiver(chosen, rows, columns)
    stack = partial(
        orientations.stack,
        phantom,
        rows=rows,
        columns=columns,
        slice_thickness_mm=chosen.slice_thickness_mm,
        slice_spacing_mm=chosen.slice_spacing_mm,
    )
    geometry, *further = _stacks(stack, orientation, slices, field_of_view_mm)
    chosen = following(chosen, geometry, passage, fixed=repetition_time_ms is not None)
    if chosen.sequence == "DWI":
        # One excitation for all lines that are measured.
        chosen = replace(chosen, echo_train_length=chosen.matrix(geometry).measured_rows)
    try:
        chosen = _nulling(chosen)
        check(chosen)
        last_ms = chosen.begun_ms(len(chosen.weightings) - 1, geometry)
        days = (last_ms + chosen.duration_ms(geometry)) / 86_400_000
        if days > _LONGEST_DAYS:
            raise UsageError(f"the scan takes {days:.3g} days: at most {_LONGEST_DAYS}; see TR and averages")
        acquisition = MrAcquisition(phantom, chosen, geometry, seed, tuple(further))
        acquisition.gain  # noqa: B018  (asks the tables now, not at the first slice)
    except PhantomError as error:
        raise UsageError(str(error)) from error
    return acquisition


def _changed(
    chosen: MrProtocol,
    numbers: Mapping[str, float | None],
    others: Mapping[str, Any],
    times: Mapping[str, Values[float] | None],
    b_values_s_per_mm2: Values[float] | None,
) -> MrProtocol:
    """The settings with what was asked for, once it is known to be in range."""
    changes: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    for name, value in changes.items():
        plan.positive(re.sub("_(mm|ms|deg|t|hz)$", "", name).replace("_", " "), value)
    for name, values in times.items():
        if values is not None:
            changes[name] = ascending(name.removesuffix("_ms").replace("_", " "), values)
    if b_values_s_per_mm2 is not None:
        changes["b_values_s_per_mm2"] = b_values(b_values_s_per_mm2)
    inhomogeneity_ppm = others["inhomogeneity_ppm"]
    if inhomogeneity_ppm is not None and not abs(inhomogeneity_ppm) <= MOST_PPM:
        raise UsageError(f"inhomogeneity {inhomogeneity_ppm:g} ppm: at most {MOST_PPM:g}")
    changes |= {name: value for name, value in others.items() if value is not None}
    return replace(chosen, **changes)


def _stacks(
    stack: Callable[..., Geometry], orientation: str, slices: int | None, field_of_view_mm: float | None
) -> list[Geometry]:
    """The stack of an orientation, or the three of a localizer, which all have the largest field of view of them."""
    if orientation not in (*orientations.ORIENTATIONS, THREE_PLANES):
        names = ", ".join((*orientations.ORIENTATIONS, THREE_PLANES))
        raise UnknownNameError(f"orientation {orientation!r}: one of {names}")
    if orientation != THREE_PLANES:
        return [stack(orientation, slices=slices, field_of_view_mm=field_of_view_mm)]
    of_each = partial(stack, slices=_SLICES_OF_A_PLANE if slices is None else slices)
    alone = [of_each(name, field_of_view_mm=field_of_view_mm) for name in _PLANES]
    extent_mm = max(round(size, 3) for one in alone for size in one.field_of_view_mm)
    return [of_each(name, field_of_view_mm=extent_mm) for name in _PLANES]


def _prescribed(
    protocol: str | None,
    sequence: str | None,
    echo_times_ms: Values[float] | None,
    inversion_times_ms: Values[float] | None,
    b_values_s_per_mm2: Values[float] | None,
    followed: bool,
) -> MrProtocol:
    """The settings from which what was asked for departs."""
    if sequence is not None and sequence.upper() not in _BY_NAME:
        raise UnknownNameError(f"MR sequence {sequence!r}: one of {', '.join(USUAL)}")
    if protocol is not None:
        if protocol not in PROTOCOLS:
            raise UnknownNameError(f"MR protocol {protocol!r}: one of {', '.join(PROTOCOLS)}")
        of_protocol = PROTOCOLS[protocol].sequence
        if sequence is not None and _BY_NAME[sequence.upper()] != of_protocol:
            raise UsageError(f"sequence {sequence}: protocol {protocol} is {of_protocol}; give one of the two")
        return PROTOCOLS[protocol]
    if sequence is not None:
        name = _BY_NAME[sequence.upper()]
    elif inversion_times_ms is not None:
        name = "IR"
    elif b_values_s_per_mm2 is not None:
        name = "DWI"
    else:
        name = "GRE" if followed else "SE"
    if followed and name == "GRE":
        return DYNAMIC
    several = echo_times_ms is not None and len(echo_times_ms) > 1
    return SEVERAL_ECHOES.get(name, USUAL[name]) if several else USUAL[name]


def _nulling(chosen: MrProtocol) -> MrProtocol:
    """The inversion time that leaves the sequence's tissue dark at this field, unless one was given."""
    tissue = NULLED.get(chosen.sequence)
    if tissue is None or chosen.inversion_times_ms:
        return chosen
    t1_ms = TISSUES[tissue].relaxation(chosen.field_strength_t).t1_ms
    null = signal.null_ms(t1_ms, repetition_ms=chosen.repetition_time_ms, refocusing_ms=chosen.refocusing_ms)
    return replace(chosen, inversion_times_ms=(round(null, 1),))
