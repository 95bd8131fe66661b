"""Studies of a gamma camera, planned: what is set, and what is usual."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from modality.acquisition.emission.camera import COLLIMATORS, Camera
from modality.acquisition.emission.gamma import Gamma, GammaProtocol
from modality.acquisition.emission.pet import within
from modality.acquisition.emission.plasma import DTPA, MAG3, Kinetics
from modality.acquisition.emission.renal import DIURESIS_HALF_TIME_S, DRAINAGE_HALF_TIME_S, Renogram, has_kidneys
from modality.acquisition.emission.timing import GammaFrame, Pulse, Uptake
from modality.acquisition.emission.tomogram import Tomogram
from modality.acquisition.emission.tracers import BILIARY, BLOOD_POOL, BONE, CORTICAL, GLOMERULAR, RENAL, Tracer
from modality.acquisition.geometry import Geometry
from modality.errors import UnknownNameError, UsageError
from phantoms.phantom import Phantom

Study = Literal["STATIC", "DYNAMIC", "GATED", "TOMO", "RECON TOMO"]
CollimatorName = Literal["LEHR", "LEAP"]
TracerName = Literal["medronate", "mebrofenin", "red cells", "MAG3", "DTPA", "DMSA"]
ANTERIOR_DEG, POSTERIOR_DEG = 180.0, 0.0
"""Where a detector stands."""

_GAP_MM = 20.0  # from the patient to the collimator: our choice
_MARGIN = 1.05  # of the field around the patient
_FLOW_S = 2.0  # of a frame while the tracer arrives
_LARGEST = 256  # rows and columns
_MOST_FRAMES = 360


@dataclass(frozen=True, slots=True)
class _Usual:
    """What a study takes by default: customary orders of size, our choice.

    Args:
        tracer: what is injected.
        dose_mbq_per_kg: of it.
        uptake_min: minutes before the study begins.
        matrix: rows and columns.
        frames: time slices, slots or views; None where the detectors alone make them.
        frame_s: duration of each.
    """

    tracer: Tracer
    dose_mbq_per_kg: float
    uptake_min: float
    matrix: int
    frames: int | None
    frame_s: float


STUDIES: Mapping[str, _Usual] = {
    "STATIC": _Usual(BONE, 8.0, 180.0, 128, None, 180.0),
    "DYNAMIC": _Usual(BILIARY, 2.0, 0.0, 64, 24, 30.0),
    "GATED": _Usual(BLOOD_POOL, 10.0, 15.0, 64, 16, 30.0),
    "TOMO": _Usual(BONE, 8.0, 180.0, 64, 60, 20.0),
    "RECON TOMO": _Usual(BONE, 8.0, 180.0, 64, 60, 20.0),
}
"""Studies by Image Type value 3, each with its usual tracer."""
_TRACERS: Mapping[str, Tracer] = {
    "medronate": BONE, "mebrofenin": BILIARY, "red cells": BLOOD_POOL, "MAG3": RENAL, "DTPA": GLOMERULAR,
    "DMSA": CORTICAL,
}  # fmt: skip
_WITH_ANOTHER: Mapping[tuple[str, str], _Usual] = {
    ("DYNAMIC", "MAG3"): _Usual(RENAL, 2.0, 0.0, 128, 90, 20.0),
    ("DYNAMIC", "DTPA"): _Usual(GLOMERULAR, 2.0, 0.0, 128, 165, 20.0),
    ("STATIC", "DMSA"): _Usual(CORTICAL, 1.5, 180.0, 128, None, 300.0),
    ("TOMO", "DMSA"): _Usual(CORTICAL, 1.5, 180.0, 64, 60, 20.0),
    ("RECON TOMO", "DMSA"): _Usual(CORTICAL, 1.5, 180.0, 64, 60, 20.0),
}
_KINETICS: Mapping[str, Kinetics] = {"MAG3": MAG3, "DTPA": DTPA}
"""Of the tracers of a renogram."""
_HALF_TIMES_S = (1.0, 36000.0)
_EARLIEST_MIN, _LATEST_MIN = -60.0, 120.0  # of furosemide: our choice
_STUDY_OF: Mapping[str, Study] = {"mebrofenin": "DYNAMIC", "MAG3": "DYNAMIC", "DTPA": "DYNAMIC", "red cells": "GATED"}


def nm(
    phantom: Phantom,
    *,
    seed: int,
    study: Study | None = None,
    tracer: TracerName | None = None,
    rows: int | None = None,
    columns: int | None = None,
    slices: int | None = None,
    frames: int | None = None,
    frame_s: float | None = None,
    dose_mbq_per_kg: float | None = None,
    uptake_min: float | None = None,
    collimator: CollimatorName = "LEHR",
    uptake_half_time_s: float | None = None,
    ejection_fraction: float | None = None,
    heart_rate: float | None = None,
    clearance_ml_per_min: float | None = None,
    left_share: float | None = None,
    drainage_half_time_s: float | None = None,
    furosemide_min: float | None = None,
    diuresis_half_time_s: float | None = None,
) -> Gamma:
    """Plan a study of a gamma camera.

    Args:
        phantom: the patient; where it says nothing of its activity the tracer goes where it usually does.
        seed: of the counts.
        study: STATIC for an anterior and a posterior view (a bone scan), DYNAMIC for time slices while a tracer is
            taken up (liver, kidneys), GATED for slots of the heart beat (blood pool), TOMO for views around the
            patient, RECON TOMO for slices reconstructed from them; that of the tracer by default, or else STATIC,
            RECON TOMO where slices are asked for.
        tracer: medronate (bone), mebrofenin (liver), red cells (blood pool), MAG3 or DTPA for a renogram, DMSA for
            static images of the kidneys, as is usual for the study by default.
        rows: rows of a frame, 8 to 256; 128 or 64 by default.
        columns: columns of a frame, 8 to 256; pixels are square.
        slices: of RECON TOMO, spread over the scan range, 1 to 256; one for each of its pixels by default.
        frames: how many time slices, slots or views, 1 to 360; not of STATIC.
        frame_s: seconds of each view, time slice or slot, 0.1 to 3600; a dynamic study begins with faster ones.
        dose_mbq_per_kg: activity that is injected for each kg of the patient, 0.001 to 100; usual ones by default.
        uptake_min: minutes from injection to the study, 0 to 1440; usual ones by default, a dynamic one begins with it.
        collimator: LEHR or LEAP.
        uptake_half_time_s: of the liver's uptake in a DYNAMIC study, 1 to 36000; 90 by default.
        ejection_fraction: of the beating parts in a GATED study, 0 to 0.95; 0.6 by default.
        heart_rate: beats a minute in a GATED study, 20 to 240; 60 by default.
        clearance_ml_per_min: plasma that both kidneys clear of MAG3 or DTPA, 1 to 1000; 208 or 113.3 by default.
        left_share: of the uptake of MAG3 or DTPA, the left kidney's, 0 to 1; 0.5 by default.
        drainage_half_time_s: of MAG3 or DTPA in the renal pelves, 1 to 36000; 45 by default, long where they are wide
            or there is an obstruction.
        furosemide_min: minutes from the injection of MAG3 or DTPA until furosemide begins to act, -60 to 120; 20 or
            -15 are customary, none is given by default.
        diuresis_half_time_s: as drainage_half_time_s, once it acts, 1 to 36000; 300 by default, or that of the drainage
            where it is shorter; long for an obstruction.

    Raises:
        UsageError: an option is out of range, or not of this study or tracer, or the phantom has no kidneys for it.
    """
    if study is None:
        study = _STUDY_OF.get(tracer or "") or ("STATIC" if slices is None else "RECON TOMO")
    if study not in STUDIES:
        raise UnknownNameError(f"study {study!r}: one of {', '.join(STUDIES)}")
    usual = _usual(study, tracer)
    kinetics = _KINETICS.get(tracer or "")
    named = " or ".join(_KINETICS)
    _only_with(bool(kinetics), named, clearance_ml_per_min=clearance_ml_per_min, left_share=left_share)
    _only_with(bool(kinetics), named, drainage_half_time_s=drainage_half_time_s, furosemide_min=furosemide_min)
    if diuresis_half_time_s is not None and furosemide_min is None:
        raise UsageError("diuresis_half_time_s: only where furosemide is given: see furosemide_min")
    if (kinetics or usual.tracer is CORTICAL) and not has_kidneys(phantom):
        raise UsageError(f"tracer {tracer}: the phantom {phantom.name} has no kidneys: scan the abdomen")
    if collimator not in COLLIMATORS:
        raise UnknownNameError(f"collimator {collimator!r}: one of {', '.join(COLLIMATORS)}")
    _only_of(study, "DYNAMIC", uptake_half_time_s=uptake_half_time_s)
    _only_with(usual.tracer is BILIARY, "mebrofenin", uptake_half_time_s=uptake_half_time_s)
    _only_of(study, "GATED", ejection_fraction=ejection_fraction, heart_rate=heart_rate)
    _only_of(study, "RECON TOMO", slices=slices)
    if frames is not None and usual.frames is None:
        raise UsageError("frames: a STATIC study has one of each detector; see study DYNAMIC, GATED or TOMO")
    if study == "DYNAMIC" and uptake_min:
        raise UsageError("uptake_min: a DYNAMIC study begins with the injection")
    asked = {"rows": (rows, usual.matrix), "columns": (columns, usual.matrix)}
    size = {name: int(within(name, _or(*pair), 8, _LARGEST)) for name, pair in asked.items()}
    count = 1 if usual.frames is None else int(within("frames", _or(frames, usual.frames), 1, _MOST_FRAMES))
    duration = within("frame_s", _or(frame_s, usual.frame_s), 0.1, 3600.0)
    protocol = GammaProtocol(
        study,
        usual.tracer,
        float(within("dose_mbq_per_kg", _or(dose_mbq_per_kg, usual.dose_mbq_per_kg), 0.001, 100.0)),
        round(within("uptake_min", _or(uptake_min, usual.uptake_min), 0.0, 1440.0) * 60.0, 3),
        collimator,
        float(within("heart_rate", _or(heart_rate, 60.0), 20.0, 240.0)),
    )
    if study == "RECON TOMO":
        return _reconstructed(phantom, protocol, size["rows"], size["columns"], slices, count, float(duration), seed)
    behind = kinetics is not None
    cameras, times = _views(phantom, study, size["rows"], size["columns"], count, float(duration), behind=behind)
    uptake = pulse = renogram = None
    if kinetics:
        renogram = _renogram(
            kinetics, clearance_ml_per_min, left_share, drainage_half_time_s, furosemide_min, diuresis_half_time_s
        )
    elif study == "DYNAMIC":
        uptake = Uptake(float(within("uptake_half_time_s", _or(uptake_half_time_s, 90.0), 1.0, 36000.0)))
    if study == "GATED":
        pulse = Pulse(float(within("ejection_fraction", _or(ejection_fraction, 0.6), 0.0, 0.95)))
    return Gamma(phantom, protocol, cameras, times, seed, uptake, pulse, renogram)


def usual_phantom(options: Mapping[str, Any]) -> str:
    """Name of what is scanned with these options: what has the organ that the tracer goes to."""
    return "abdomen" if _TRACERS.get(str(options.get("tracer"))) in (RENAL, GLOMERULAR, CORTICAL) else "thorax"


def _renogram(
    kinetics: Kinetics,
    clearance_ml_per_min: float | None,
    left_share: float | None,
    drainage_half_time_s: float | None,
    furosemide_min: float | None,
    diuresis_half_time_s: float | None,
) -> Renogram:
    """The kidneys of a study; raises a usage error for what is out of range."""
    clearance = _or(clearance_ml_per_min, kinetics.clearance_ml_per_min)
    drainage = within("drainage_half_time_s", _or(drainage_half_time_s, DRAINAGE_HALF_TIME_S), *_HALF_TIMES_S)
    flushed = within(
        "diuresis_half_time_s", _or(diuresis_half_time_s, min(drainage, DIURESIS_HALF_TIME_S)), *_HALF_TIMES_S
    )
    at_s = None
    if furosemide_min is not None:
        at_s = round(within("furosemide_min", furosemide_min, _EARLIEST_MIN, _LATEST_MIN) * 60.0, 3)
    return Renogram(
        float(within("clearance_ml_per_min", clearance, 1.0, 1000.0)),
        float(within("left_share", _or(left_share, 0.5), 0.0, 1.0)),
        float(drainage),
        kinetics,
        at_s,
        float(flushed),
    )


def _usual(study: str, tracer: str | None) -> _Usual:
    """What is customary of a study with a tracer."""
    if tracer is None or _TRACERS.get(tracer) is STUDIES[study].tracer:
        return STUDIES[study]
    if tracer not in _TRACERS:
        raise UnknownNameError(f"tracer {tracer!r}: one of {', '.join(_TRACERS)}")
    if (study, tracer) not in _WITH_ANOTHER:
        suited = [
            name for name, one in _TRACERS.items() if one is STUDIES[study].tracer or (study, name) in _WITH_ANOTHER
        ]
        raise UsageError(f"tracer {tracer}: none of study {study}, which takes {' or '.join(suited)}")
    return _WITH_ANOTHER[study, tracer]


def _reconstructed(
    phantom: Phantom,
    protocol: GammaProtocol,
    rows: int,
    columns: int,
    slices: int | None,
    views: int,
    duration: float,
    seed: int,
) -> Tomogram:
    """Slices of a tomographic study: their pixels are the detector's, which is as large as the slices are."""
    matrix = max(rows, columns)
    cameras, times = _views(phantom, "TOMO", matrix, matrix, views, duration)
    pixel, (x, y, _) = cameras[0].pixel_mm, cameras[0].center_mm
    bottom, top = phantom.scan_range_mm
    count = max(1, math.floor((top - bottom) / pixel)) if slices is None else int(within("slices", slices, 1, _LARGEST))
    spacing = pixel if slices is None else round((top - bottom) / count, 6)
    lowest = (bottom + top) / 2.0 - (count - 1) / 2.0 * spacing
    first = tuple(round(value, 6) for value in (x - (columns - 1) / 2.0 * pixel, y - (rows - 1) / 2.0 * pixel, lowest))
    geometry = Geometry(rows, columns, count, pixel, pixel, spacing, spacing, (first[0], first[1], first[2]))
    return Tomogram(phantom, protocol, cameras, times, seed, geometry=geometry)


def _or(value: float | None, usual: float) -> float:
    return usual if value is None else value


def _only_of(study: str, its: str, **options: float | None) -> None:
    for name, value in options.items():
        if value is not None and study != its:
            raise UsageError(f"{name}: only of study {its}, not {study}")


def _only_with(given: bool, its: str, **options: float | None) -> None:
    for name, value in options.items():
        if value is not None and not given:
            raise UsageError(f"{name}: only with tracer {its}")


def _views(
    phantom: Phantom, study: str, rows: int, columns: int, count: int, duration: float, *, behind: bool = False
) -> tuple[tuple[Camera, ...], tuple[GammaFrame, ...]]:
    """Where the detectors stand, and what is counted when."""
    if study == "STATIC":
        cameras = tuple(_camera(phantom, rows, columns, angle) for angle in (ANTERIOR_DEG, POSTERIOR_DEG))
        return cameras, tuple(GammaFrame(place, 0.0, duration) for place in range(len(cameras)))
    if study == "TOMO":
        step = round(360.0 / count, 6)
        angles = [round((ANTERIOR_DEG + step * view) % 360.0, 6) for view in range(count)]
        cameras = tuple(_camera(phantom, rows, columns, angle, circular=True) for angle in angles)
        return cameras, tuple(GammaFrame(view, round(view * duration, 6), duration) for view in range(count))
    camera = (_camera(phantom, rows, columns, POSTERIOR_DEG if behind else ANTERIOR_DEG),)
    if study == "GATED":  # all slots are filled in turn, over the whole of the time
        return camera, tuple(GammaFrame(0, 0.0, duration) for _ in range(count))
    fast = count // 3 if duration > _FLOW_S else 0
    times, start = [], 0.0
    for place in range(count):
        flow = place < fast
        lasts = _FLOW_S if flow else duration
        times.append(GammaFrame(0, round(start, 6), lasts, 0 if flow or not fast else 1))
        start += lasts
    return camera, tuple(times)


def _camera(phantom: Phantom, rows: int, columns: int, angle_deg: float, *, circular: bool = False) -> Camera:
    """A detector as near to the patient as it can stand, or on a circle around him."""
    low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
    bottom, top = phantom.scan_range_mm
    x, y = ((low[k] + high[k]) / 2.0 for k in (0, 1))
    half = [(high[k] - low[k]) / 2.0 for k in (0, 1)]
    reach = math.hypot(*half) if circular else half[1]
    pixel = round(_MARGIN * max((top - bottom) / rows, 2.0 * max(half[0], reach if circular else 0.0) / columns), 4)
    center = (round(x, 3), round(y, 3), round((bottom + top) / 2.0, 3))
    return Camera(center, round(reach + _GAP_MM, 3), rows, columns, pixel, angle_deg)
