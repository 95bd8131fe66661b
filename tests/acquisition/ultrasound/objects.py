"""Objects whose echoes can be told by hand: a block with its front at y = -60, and what lies in it."""

from __future__ import annotations

from typing import Any

from modality.acquisition.ultrasound import Sonogram, us
from phantoms.combined import tube
from phantoms.material import same
from phantoms.objects.plastics import solution
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Box, Solid, Vector, sphere
from phantoms.tissues import TISSUES

EVEN = solution("thin gel", 0.0, 1.0, same(350.0, 180.0))
"""Without texture: -30 dB, 0.1 dB/cm/MHz."""
GEL = solution("gel", 0.0, 1.0, same(350.0, 180.0))
"""0 dB, 0.5 dB/cm/MHz."""
FRONT_MM = -60.0


def block(*inside: Structure, even: bool = False) -> Phantom:
    """A block of gel, 240 mm wide and 120 mm deep."""
    gel = Structure(
        "gel", Box((0.0, 0.0, 0.0), (240.0, 120.0, 240.0)), EVEN if even else GEL, ((0.0, -50.0, 90.0), 5.0)
    )
    return Phantom("block", "PHANTOM", (gel, *inside), (-100.0, 100.0), 240.0)


def ball(center: Vector, radius_mm: float, tissue: str = "cyst", name: str = "") -> Structure:
    return Structure(name or tissue, sphere(center, radius_mm), TISSUES[tissue], (center, radius_mm))


def vessel(start: Vector, end: Vector, radius_mm: float, name: str = "flow") -> Structure:
    solid: Solid = tube([start, end], radius_mm)
    return Structure(name, solid, TISSUES["blood"])


def scan(phantom: Phantom, **options: Any) -> Sonogram:
    """A linear probe in the middle of the front, that hears no noise and makes up for no attenuation."""
    usual = {"probe": "linear", "view": "transverse", "frequency_mhz": 5.0, "depth_mm": 60.0, "frames": 1, "z_mm": 0.0,
             "noise_db": -200.0, "tgc_db_cm_mhz": 0.0, "heart_rate": 0.0, "sweep_mm": 0.0}  # fmt: skip
    return us(phantom, **{"seed": 3, **usual, **options})
