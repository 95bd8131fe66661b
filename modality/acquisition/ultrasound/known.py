"""The truth of an examination as plain data, ready for truth.json."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from modality.acquisition.ultrasound.media import SPEED_M_S, medium_of

if TYPE_CHECKING:
    from modality.acquisition.ultrasound.sonogram import Sonogram

Values = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def known(sonogram: Sonogram) -> Mapping[str, Any]:
    """Where each structure is seen, how blood flows, and how pixels, probe and patient belong together.

    Pixels count from 0 at the middle of the first; a point of the plane is its face's middle, plus what its column
    lies to the right of the face's times the spacing along `across`, plus the same of its row along `down`.
    """
    protocol, probe, screen = sonogram.protocol, sonogram.probe, sonogram.screen
    return {
        "seed": sonogram.seed,
        "phantom": sonogram.phantom.name,
        "mode": protocol.mode,
        "rows": screen.rows,
        "columns": screen.columns,
        "pixel_spacing_mm": screen.pitch_mm,
        "face_pixel": list(screen.face),
        "depth_mm": screen.depth_mm,
        "probe": {
            "shape": probe.shape,
            "frequency_mhz": probe.frequency_mhz,
            "radius_mm": probe.radius_mm,
            "half_angle_deg": probe.half_deg,
            "half_width_mm": probe.half_mm,
            "axial_resolution_mm": round(probe.axial_mm, 4),
            "lateral_resolution_mm": sonogram.lateral_resolution_mm,
        },
        "across": list(sonogram.stance.across),
        "down": list(sonogram.stance.down),
        "frames": [
            {
                "time_s": sonogram.time_s(index),
                "face_mm": list(sonogram.stance.moved(sonogram.aside_mm(index)).at_mm),
                "beat": sonogram.beat(index),
            }
            for index in range(len(sonogram))
        ],
        "structures": balls(sonogram),
        "middle_frame": {"frame": len(sonogram) // 2 + 1, "structures": _areas(sonogram, len(sonogram) // 2)},
        **_flow(sonogram),
    }


def balls(sonogram: Sonogram) -> list[dict[str, Any]]:
    """The structures whose middle is known, in the frame that comes nearest to it."""
    phantom, screen = sonogram.phantom, sonogram.screen
    listed = []
    for label, structure in enumerate(phantom.structures, start=1):
        if structure.ball is None:
            continue
        center, radius = phantom.placement.ball(*structure.ball)
        u, v, aside = sonogram.stance.seen(center)
        index = min(range(len(sonogram)), key=lambda k: abs(sonogram.aside_mm(k) - aside))
        off = abs(sonogram.aside_mm(index) - aside)
        row, column = screen.pixel(u, v)
        inside = 0 <= round(row) < screen.rows and 0 <= round(column) < screen.columns
        medium = medium_of(structure.tissue, structure.name)
        listed.append(
            {
                "name": structure.name,
                "label": label,
                "center_mm": list(center),
                "radius_mm": radius,
                "frame": index + 1,
                "row": round(row, 2),
                "column": round(column, 2),
                "depth_mm": round(v, 3),
                "across_mm": round(u, 3),
                "aside_mm": round(off, 3),
                "section_radius_mm": round(math.sqrt(max(0.0, radius * radius - off * off)), 3),
                "in_picture": bool(inside and screen.seen[round(row), round(column)] and off < radius),
                "echogenicity_db": medium.echo_db,
                "attenuation_db_cm_mhz": medium.attenuation_db_cm_mhz,
            }
        )
    return listed


def _areas(sonogram: Sonogram, index: int) -> list[dict[str, Any]]:
    """What a frame shows: each structure with its pixels, their middle and the rectangle around them."""
    labels = sonogram.seen(index).labels
    screen, structures = sonogram.coarse, sonogram.phantom.structures
    picture = screen.filled(screen.nearest(labels))
    listed = []
    for label in np.unique(picture[picture > 0]).tolist():
        if label > len(structures):
            continue
        rows, columns = np.nonzero(picture == label)
        listed.append(
            {
                "name": structures[label - 1].name,
                "label": label,
                "pixels": int(rows.size),
                "row": round(int(rows.sum()) / rows.size, 2),
                "column": round(int(columns.sum()) / columns.size, 2),
                "rectangle": [int(rows.min()), int(columns.min()), int(rows.max()), int(columns.max())],
            }
        )
    return listed


def _flow(sonogram: Sonogram) -> dict[str, Any]:
    """Speeds, where they are looked at."""
    if not sonogram.protocol.with_flow:
        return {}
    middle = len(sonogram) // 2
    column, moving = sonogram.flowing(middle)
    boxed = _boxed(sonogram)
    listed = []
    for vessel in sonogram.vessels:
        mine = column.labels == vessel.label
        if not mine.any():
            continue
        beat = sonogram.beat(middle)
        speed = moving.steady_m_s + moving.beating_m_s * np.float32(beat)
        low, high = float(speed[mine].min()), float(speed[mine].max())
        listed.append(
            {
                "name": vessel.name,
                "label": vessel.label,
                "peak_m_s": vessel.course.peak_m_s,
                "pulsatile": vessel.course.pulsatile,
                "onward": vessel.course.onward,
                "speed_m_s": [
                    round(vessel.course.peak_m_s * (sonogram.beat(k) if vessel.course.pulsatile else 1.0), 6)
                    for k in range(len(sonogram))
                ],
                "middle_frame_towards_probe_m_s": [round(low, 5), round(high, 5)],
                "fastest_in_box": _fastest(sonogram, np.where(mine & boxed, speed, np.float32(0.0)), moving.cosine),
                "aliases": max(-low, high) > sonogram.nyquist_m_s,
            }
        )
    return {
        "nyquist_m_s": round(sonogram.nyquist_m_s, 6),
        "prf_hz": sonogram.protocol.prf_hz,
        "steer_deg": sonogram.protocol.steer_deg,
        "wall_filter_m_s": sonogram.protocol.wall_filter_m_s,
        "vessels": listed,
    }


def _boxed(sonogram: Sonogram) -> Mask:
    """Which places along the beams of the Doppler lie in the colour box, shape (places, beams)."""
    screen = sonogram.coloured
    u, v = sonogram.steered.plane
    row, column = (
        np.rint(place).astype(np.intp)
        for place in (screen.face[0] + v / screen.pitch_mm, screen.face[1] + u / screen.pitch_mm)
    )
    inside = (row >= 0) & (row < screen.rows) & (column >= 0) & (column < screen.columns)
    found: Mask = inside & screen.box[np.clip(row, 0, screen.rows - 1), np.clip(column, 0, screen.columns - 1)]
    return found


def _fastest(sonogram: Sonogram, towards_m_s: Values, cosine: Values) -> dict[str, float] | None:
    """Where a vessel's speed along the beam is the greatest, and what the Doppler equation makes of it there."""
    flat = int(np.abs(towards_m_s).argmax())
    towards, angled = float(towards_m_s.flat[flat]), float(cosine.flat[flat])
    if not towards:
        return None
    u, v = (float(np.broadcast_to(part, towards_m_s.shape).flat[flat]) for part in sonogram.steered.plane)
    row, column = sonogram.screen.pixel(u, v)
    return {
        "row": round(row, 2),
        "column": round(column, 2),
        "speed_m_s": round(towards / angled, 5),
        "angle_deg": round(math.degrees(math.acos(min(1.0, max(-1.0, angled)))), 3),
        "towards_probe_m_s": round(towards, 5),
        "shift_hz": round(2.0 * sonogram.probe.frequency_mhz * 1e6 * towards / SPEED_M_S, 2),
    }
