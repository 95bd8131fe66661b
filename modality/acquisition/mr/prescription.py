"""Planning an MR scan: what the operator asks for, completed from a protocol and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Sequence as Values
from dataclasses import replace
from typing import Any, get_args

from modality.acquisition import orientation as orientations
from modality.acquisition import plan
from modality.acquisition.mr import signal
from modality.acquisition.mr.field import Coil
from modality.acquisition.mr.kspace import Filtering
from modality.acquisition.mr.protocol import (
    INVERTED,
    NULLED,
    PROTOCOLS,
    SEVERAL_ECHOES,
    SPIN_ECHOES,
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
_MOST_PPM = 100.0  # a magnet so bad makes no image: our choice
_LARGEST_B = 50_000.0  # beyond any scanner: our choice
_MOST_WEIGHTINGS = 256  # our choice
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
) -> MrAcquisition:
    """Plan an MR scan of a phantom; whatever is None comes from the protocol.

    Args:
        phantom: what is scanned.
        seed: of the noise.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        protocol: a name from `PROTOCOLS`: T1, T2 and PD are spin echoes, T1 GRE a spoiled gradient echo; T1 by default.
        sequence: SE, TSE, GRE or SPGR, IR, FLAIR, STIR, bSSFP or DWI, with its usual settings; by default what the
            times ask for: IR for inversion times, DWI for b-values, a train of SE for several echo times.
        orientation: axial, sagittal, coronal or oblique.
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

    Raises:
        UsageError: a number is out of range, no such protocol, sequence or orientation, or the sequence has no such
            times.
    """
    if echo_time_ms is not None:
        if echo_times_ms is not None:
            raise UsageError("echo time and echo times: give one of them")
        echo_times_ms = (echo_time_ms,)
    chosen = _prescribed(protocol, sequence, echo_times_ms, inversion_times_ms, b_values_s_per_mm2)
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
    changes: dict[str, Any] = {name: value for name, value in numbers.items() if value is not None}
    for name, value in changes.items():
        plan.positive(name.replace("_", " "), value)
    if echo_times_ms is not None:
        changes["echo_times_ms"] = _ascending("echo times", echo_times_ms)
    if inversion_times_ms is not None:
        changes["inversion_times_ms"] = _ascending("inversion times", inversion_times_ms)
    if b_values_s_per_mm2 is not None:
        changes["b_values_s_per_mm2"] = _b_values(b_values_s_per_mm2)
    if inhomogeneity_ppm is not None and not abs(inhomogeneity_ppm) <= _MOST_PPM:
        raise UsageError(f"inhomogeneity {inhomogeneity_ppm:g} ppm: at most {_MOST_PPM:g}")
    others = {"filtering": filtering, "coil": coil, "inhomogeneity_ppm": inhomogeneity_ppm}
    changes |= {name: value for name, value in others.items() if value is not None}
    chosen = replace(chosen, **changes)
    _check_receiver(chosen, rows, columns)
    geometry = orientations.stack(
        phantom,
        orientation,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_thickness_mm=chosen.slice_thickness_mm,
        slice_spacing_mm=chosen.slice_spacing_mm,
        field_of_view_mm=field_of_view_mm,
    )
    if chosen.sequence == "DWI":
        # One excitation for all lines that are measured.
        chosen = replace(chosen, echo_train_length=chosen.matrix(geometry).measured_rows)
    try:
        chosen = _nulling(chosen)
        _check(chosen)
        days = chosen.duration_ms(geometry) * len(chosen.weightings) / 86_400_000
        if days > _LONGEST_DAYS:
            raise UsageError(f"the scan takes {days:.3g} days: at most {_LONGEST_DAYS}; see TR and averages")
        acquisition = MrAcquisition(phantom, chosen, geometry, seed)
        acquisition.gain  # noqa: B018  (asks the tables now, not at the first slice)
    except PhantomError as error:
        raise UsageError(str(error)) from error
    return acquisition


def _prescribed(
    protocol: str | None,
    sequence: str | None,
    echo_times_ms: Values[float] | None,
    inversion_times_ms: Values[float] | None,
    b_values_s_per_mm2: Values[float] | None,
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
        name = "SE"
    several = echo_times_ms is not None and len(echo_times_ms) > 1
    return SEVERAL_ECHOES.get(name, USUAL[name]) if several else USUAL[name]


def _ascending(name: str, values: Values[float]) -> tuple[float, ...]:
    """Times as they follow each other in the series."""
    times = tuple(sorted(plan.positive(name, value) for value in values))
    if not times or len(set(times)) != len(times):
        raise UsageError(f"{name}: at least one, and each once")
    return times


def _b_values(values: Values[float]) -> tuple[float, ...]:
    weightings = tuple(sorted(float(value) for value in values))
    if not weightings or len(set(weightings)) != len(weightings):
        raise UsageError("b values: at least one, and each once")
    if not all(math.isfinite(b) and 0.0 <= b <= _LARGEST_B for b in weightings):
        raise UsageError(f"b values must be between 0 and {_LARGEST_B:g} s/mm2")
    return weightings


def _nulling(chosen: MrProtocol) -> MrProtocol:
    """The inversion time that leaves the sequence's tissue dark at this field, unless one was given."""
    tissue = NULLED.get(chosen.sequence)
    if tissue is None or chosen.inversion_times_ms:
        return chosen
    t1_ms = TISSUES[tissue].relaxation(chosen.field_strength_t).t1_ms
    null = signal.null_ms(t1_ms, repetition_ms=chosen.repetition_time_ms, refocusing_ms=chosen.refocusing_ms)
    return replace(chosen, inversion_times_ms=(round(null, 1),))


def _check_receiver(chosen: MrProtocol, rows: int, columns: int) -> None:
    """Refuses a receiver that there is not, and a k-space that the image cannot come from."""
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


def _check(chosen: MrProtocol) -> None:
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
    last = echoes[-1] + max(chosen.inversion_times_ms, default=0.0)
    train = chosen.echo_spacing_ms * chosen.echo_train_length
    if train and echoes[0] > train:
        raise UsageError(f"echo time {echoes[0]:g} ms: must lie in the echo train of {train:g} ms")
    if max(last, train) >= chosen.repetition_time_ms:
        times = f"{echoes[-1]:g} ms" + (" after the inversion time" if chosen.inversion_times_ms else "")
        raise UsageError(f"echo time {times}: must be below TR {chosen.repetition_time_ms:g} ms")
    if chosen.flip_angle_deg > 180.0 or (sequence in SPIN_ECHOES and chosen.flip_angle_deg != 90.0):
        raise UsageError(f"flip angle {chosen.flip_angle_deg:g}: at most 180, and 90 for a spin echo")
