"""Ultrasound examinations, planned: what is set, and what is usual."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from modality.acquisition.ultrasound.flow import vessels_of
from modality.acquisition.ultrasound.media import SPEED_M_S
from modality.acquisition.ultrasound.probe import CURVED, LINEAR, PHASED, SHAPES, Probe
from modality.acquisition.ultrasound.screen import Screen, most_steered_deg
from modality.acquisition.ultrasound.sonogram import B_MODE, COLOUR, GREY, MODES, PALETTE, RGB, Sonogram, UsProtocol
from modality.acquisition.ultrasound.stance import VIEWS, placed
from modality.errors import UnknownNameError, UsageError
from phantoms.phantom import Phantom
from phantoms.solids import Vector

Mode = Literal["b", "colour-doppler"]
Photometric = Literal["MONOCHROME2", "RGB", "PALETTE COLOR"]
Shape = Literal["curved", "phased", "linear"]
View = Literal["sagittal", "transverse", "coronal", "compressed"]

_MOST_FRAMES, _MOST_SIDE, _LEAST_SIDE = 600, 2048, 48
_SAMPLES_OF_A_PULSE, _PLACE_MM = 2.2, 0.4
_MOST_PLACES = 480


@dataclass(frozen=True, slots=True)
class _Make:
    """A probe as it is sold: customary measures, our choice."""

    frequency_mhz: float
    depth_mm: float
    aperture_mm: float
    radius_mm: float
    half_deg: float
    half_mm: float
    beams: int


_MAKES: Mapping[str, _Make] = {
    CURVED: _Make(3.5, 160.0, 25.0, 60.0, 34.0, 0.0, 240),
    PHASED: _Make(2.5, 160.0, 20.0, 0.0, 42.0, 0.0, 160),
    LINEAR: _Make(10.0, 45.0, 12.0, 0.0, 0.0, 25.0, 224),
}


@dataclass(frozen=True, slots=True)
class _Usual:
    """How a phantom is looked at by default.

    Args:
        probe: its shape.
        view: a name from `VIEWS`.
        over: the point on the middle beam, or the name of the structure or vessel there.
        depth_mm: how deep; None takes the probe's own.
        sweep_mm: how far the probe moves.
        frequency_mhz: of the pulse; None takes the probe's own.
        prf_hz: of the Doppler.
        steer_deg: of its beams, where a linear probe sends them.
    """

    probe: str
    view: str
    over: Vector | str
    depth_mm: float | None = None
    sweep_mm: float = 24.0
    frequency_mhz: float | None = None
    prf_hz: float = 3000.0
    steer_deg: float = 20.0  # customary, our choice


_USUAL: Mapping[tuple[str, str], _Usual] = {
    ("abdomen", B_MODE): _Usual(CURVED, "sagittal", "gall bladder", 180.0, 30.0),
    ("abdomen", COLOUR): _Usual(CURVED, "transverse", (-34.0, 0.0, 39.0), 170.0, 0.0),
    ("vessels", B_MODE): _Usual(CURVED, "transverse", (-20.0, 0.0, 39.0), 160.0, 16.0),
    ("vessels", COLOUR): _Usual(CURVED, "transverse", (-48.0, 0.0, 39.0), 170.0, 0.0),
    ("breast", B_MODE): _Usual(LINEAR, "compressed", "mass", None, 12.0),
    ("thorax", B_MODE): _Usual(PHASED, "transverse", (30.0, 0.0, 0.0)),
    ("spheres", B_MODE): _Usual(CURVED, "transverse", (0.0, 0.0, 34.0), 180.0, 0.0),
}


_USUAL_LINEAR: Mapping[tuple[str, str], _Usual] = {
    ("vessels", COLOUR): _Usual(LINEAR, "sagittal", "right external iliac artery", 135.0, 0.0, 3.5, 5500.0, -20.0),
}
"""Where a linear probe is asked for: lengthwise over an artery, no deeper than it lies."""

_MOST_STEER_DEG = 30.0  # customary, our choice


def us(
    phantom: Phantom,
    *,
    seed: int,
    mode: Mode = "b",
    photometric: Photometric | None = None,
    probe: Shape | None = None,
    view: View | None = None,
    x_mm: float | None = None,
    y_mm: float | None = None,
    z_mm: float | None = None,
    rows: int = 480,
    columns: int = 640,
    frames: int = 30,
    frame_rate: float = 25.0,
    depth_mm: float | None = None,
    frequency_mhz: float | None = None,
    bandwidth: float = 0.6,
    aperture_mm: float | None = None,
    focus_mm: float | None = None,
    sweep_mm: float | None = None,
    heart_rate: float = 66.0,
    dynamic_range_db: float = 60.0,
    gain_db: float = 0.0,
    tgc_db_cm_mhz: float = 0.5,
    noise_db: float = -80.0,
    prf_hz: float | None = None,
    wall_filter_cm_s: float = 4.0,
    steer_deg: float | None = None,
    annotation: bool = False,
) -> Sonogram:
    """Plan an ultrasound examination.

    Args:
        phantom: the patient.
        seed: of scatterers and noise.
        mode: b, or colour-doppler with the flow in vessels in colour.
        photometric: MONOCHROME2, RGB or PALETTE COLOR; grey by default, RGB with colour-doppler, which has no grey one.
        probe: curved or phased for a sector, linear for a rectangle; the phantom's usual one by default.
        view: sagittal or transverse from the front, coronal from the patient's right, or compressed from above.
        x_mm: where the probe stands, to the patient's left; only across its beams.
        y_mm: where it stands, to his back; likewise.
        z_mm: where it stands, to his head; likewise.
        rows: rows of a frame, 48 to 2048.
        columns: columns of a frame, 48 to 2048; pixels are square.
        frames: how many, 1 to 600; one makes a single-frame image.
        frame_rate: a second, 1 to 120.
        depth_mm: how deep, 10 to 300.
        frequency_mhz: middle of the pulse's band, 1 to 20.
        bandwidth: of the pulse at -6 dB, as a part of the frequency, 0.1 to 1.2: the wider, the finer along the beam.
        aperture_mm: width of the elements that form a beam, 4 to 60: the wider, the finer across the beams.
        focus_mm: depth of the sent beam's focus, 5 to 300; 0.55 of the depth by default.
        sweep_mm: how far the probe moves at right angles to its plane over all frames, 0 to 200.
        heart_rate: beats a minute, 20 to 240, or 0 for arteries that stand still at their peak speed.
        dynamic_range_db: from black to white, 20 to 120.
        gain_db: of all echoes, -40 to 40.
        tgc_db_cm_mhz: attenuation that time gain compensation makes up for, 0 to 2.
        noise_db: of the receiver, relative to liver's echo at the face, -200 to 0.
        prf_hz: pulse repetition frequency of the Doppler, 100 to 30000, no faster than echoes return from the depth;
            by default 3000 (5500 with a linear probe on vessels), or as many as the depth allows.
        wall_filter_cm_s: slower flow is not coloured, 0 to 100.
        steer_deg: by how much the Doppler's beams, and the colour box with them, lean towards increasing columns, -30
            to 30; only of a linear probe with colour-doppler, and no further than the box holds the middle of the
            picture. By default 20 (on vessels -20, against the flow), or as much as the depth allows.
        annotation: patient's name, ID, date and settings are burned into the pixels.

    Raises:
        UsageError: an option is out of range, does not fit another, or the probe meets no patient.
    """
    for name, value, (low, high) in (
        ("rows", rows, (_LEAST_SIDE, _MOST_SIDE)),
        ("columns", columns, (_LEAST_SIDE, _MOST_SIDE)),
        ("frames", frames, (1, _MOST_FRAMES)),
        ("frame_rate", frame_rate, (1.0, 120.0)),
        ("depth_mm", depth_mm, (10.0, 300.0)),
        ("frequency_mhz", frequency_mhz, (1.0, 20.0)),
        ("bandwidth", bandwidth, (0.1, 1.2)),
        ("aperture_mm", aperture_mm, (4.0, 60.0)),
        ("focus_mm", focus_mm, (5.0, 300.0)),
        ("sweep_mm", sweep_mm, (0.0, 200.0)),
        ("heart_rate", heart_rate or None, (20.0, 240.0)),
        ("dynamic_range_db", dynamic_range_db, (20.0, 120.0)),
        ("gain_db", gain_db, (-40.0, 40.0)),
        ("tgc_db_cm_mhz", tgc_db_cm_mhz, (0.0, 2.0)),
        ("noise_db", noise_db, (-200.0, 0.0)),
        ("prf_hz", prf_hz, (100.0, 30000.0)),
        ("wall_filter_cm_s", wall_filter_cm_s, (0.0, 100.0)),
        ("steer_deg", steer_deg, (-_MOST_STEER_DEG, _MOST_STEER_DEG)),
    ):
        if value is not None and not low <= value <= high:
            raise UsageError(f"{name} {value:g}: from {low:g} to {high:g}")
    for name, chosen, known in (
        ("mode", mode, MODES), ("probe", probe, SHAPES), ("view", view, tuple(VIEWS)),
        ("photometric", photometric, (GREY, RGB, PALETTE)),
    ):  # fmt: skip
        if chosen is not None and chosen not in known:
            raise UnknownNameError(f"{name} {chosen!r}: one of {', '.join(known)}")
    if mode == COLOUR and photometric == GREY:
        raise UsageError("photometric MONOCHROME2: colour-doppler is RGB or PALETTE COLOR")
    usual = _usual(phantom, mode, probe)
    shape = probe or usual.probe
    make = _MAKES[shape]
    depth = float(depth_mm or (usual.depth_mm if shape == usual.probe and usual.depth_mm else make.depth_mm))
    most = math.floor(SPEED_M_S * 1e3 / (2.0 * depth))
    rate = min(usual.prf_hz, float(most)) if prf_hz is None else float(prf_hz)
    if mode == COLOUR and rate > most:
        raise UsageError(f"prf_hz {rate:g}: echoes from {depth:g} mm allow {most} at most")
    made = Probe(
        shape,
        float(frequency_mhz or (usual.frequency_mhz if shape == usual.probe else None) or make.frequency_mhz),
        float(bandwidth),
        float(aperture_mm or make.aperture_mm),
        float(focus_mm or round(0.55 * depth, 1)),
        make.radius_mm,
        make.half_deg,
        make.half_mm,
        max(24, min(make.beams, columns)),
    )
    chosen_view = view or usual.view
    stance = placed(phantom, made, chosen_view, _over(phantom, usual, chosen_view, (x_mm, y_mm, z_mm)))
    protocol = UsProtocol(
        mode,
        photometric or (RGB if mode == COLOUR else GREY),
        round(1000.0 / frame_rate, 3),
        float(usual.sweep_mm if sweep_mm is None else sweep_mm),
        float(heart_rate),
        float(dynamic_range_db),
        float(gain_db),
        float(tgc_db_cm_mhz),
        float(noise_db),
        rate,
        round(wall_filter_cm_s / 100.0, 6),
        bool(annotation),
        _steered(steer_deg, usual.steer_deg, mode, made, depth),
    )
    samples, finer = _sampling(made, depth, Screen(made, depth, 2, rows, columns).pitch_mm)
    screen = Screen(made, depth, samples, int(rows), int(columns))
    return Sonogram(phantom, protocol, made, stance, screen, finer, seed, int(frames))


def _steered(asked: float | None, usual_deg: float, mode: str, probe: Probe, depth_mm: float) -> float:
    """By how much the Doppler's beams lean.

    Raises:
        UsageError: nothing can be steered, or not as far.
    """
    if mode != COLOUR or probe.shape != LINEAR:
        if asked is not None:
            raise UsageError("steer_deg: only colour-doppler with a linear probe is steered; leave it out")
        return 0.0
    most = most_steered_deg(probe.half_mm, depth_mm)
    if asked is None:
        return math.copysign(min(abs(usual_deg), float(most)), usual_deg)
    if abs(asked) > most:
        raise UsageError(f"steer_deg {asked:g}: {depth_mm:g} mm of depth allow {most} at most, either way")
    return float(asked)


def _usual(phantom: Phantom, mode: str, probe: str | None) -> _Usual:
    if probe == LINEAR and (phantom.name, mode) in _USUAL_LINEAR:
        return _USUAL_LINEAR[phantom.name, mode]
    found = _USUAL.get((phantom.name, mode)) or _USUAL.get((phantom.name, B_MODE))
    if found is not None:
        return found
    low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
    middle = (round((low[0] + high[0]) / 2.0, 3), 0.0, round(sum(phantom.scan_range_mm) / 2.0, 3))
    return _Usual(CURVED, "transverse", middle, None, 0.0)


def _over(phantom: Phantom, usual: _Usual, view: str, asked: tuple[float | None, ...]) -> Vector:
    """The point on the middle beam.

    Raises:
        UsageError: a coordinate was asked for along the beam.
    """
    down = VIEWS[view][1]
    for name, value, along in zip(("x_mm", "y_mm", "z_mm"), asked, down, strict=True):
        if value is not None and along:
            raise UsageError(f"{name}: the beams of the {view} view run along it; give the two others")
    over = usual.over
    if isinstance(over, str):
        over = _within(phantom, over)
    x, y, z = (at if value is None else float(value) for at, value in zip(over, asked, strict=True))
    return (x, y, z)


def _within(phantom: Phantom, name: str) -> Vector:
    """A point of a structure: the middle of its ball, half of the way along a vessel, or else of the first ball."""
    balls = {one.name: one.ball for one in phantom.structures if one.ball is not None}
    if name not in balls:
        for vessel in vessels_of(phantom):
            if vessel.name == name:
                return vessel.pieces[(len(vessel.pieces) - 1) // 2][0]
    ball = balls.get(name) or next(iter(balls.values()))
    return phantom.placement.ball(*ball)[0]


def _sampling(probe: Probe, depth_mm: float, pitch_mm: float) -> tuple[int, int]:
    """Samples along a beam, fine enough for the pulse or else the pixels, and how many of them share one place."""
    step = max(probe.axial_mm / _SAMPLES_OF_A_PULSE, pitch_mm / 3.0)
    place = max(_PLACE_MM, depth_mm / _MOST_PLACES) if probe.shape != LINEAR else max(0.12, depth_mm / _MOST_PLACES)
    finer = max(1, round(place / step))
    return math.ceil(depth_mm / (step * finer)) * finer, finer
