"""Studies of a gamma camera: static, dynamic, gated and tomographic, from what one or two detectors count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition.emission.camera import COLLIMATORS, Camera, Collimator, Volume, attenuation_per_mm
from modality.acquisition.emission.counts import counted
from modality.acquisition.emission.timing import GammaFrame, Pulse, Uptake
from modality.acquisition.emission.tracers import Tracer
from modality.acquisition.frames import Frame
from phantoms.phantom import Phantom

Real = npt.NDArray[np.float64]

_GRAM = 1e-3  # kg
MOST_COUNTS = 65535
"""Greatest stored value."""

_ASSUMED_KVP, _ASSUMED_T = 120.0, 1.5  # of CT numbers and relaxation times, which are not told here


@dataclass(frozen=True, slots=True)
class GammaProtocol:
    """What is given and set.

    Args:
        study: STATIC, DYNAMIC, GATED, TOMO or RECON TOMO (PS3.3 C.8.4.9, Image Type value 3).
        tracer: what was injected.
        dose_mbq_per_kg: activity at the time of injection for each kg of the patient.
        uptake_s: from injection to the start of the study.
        collimator: a name from `COLLIMATORS`.
        heart_rate: beats a minute; of a gated study.
        bits_stored: bits of a stored value.
    """

    study: str
    tracer: Tracer
    dose_mbq_per_kg: float
    uptake_s: float
    collimator: str
    heart_rate: float = 60.0
    bits_stored: int = 16


@dataclass(frozen=True)
class Gamma:
    """A study: frames of counts.

    Args:
        phantom: the patient.
        protocol: what was set.
        cameras: the detectors, or the views of a tomogram.
        times: of each frame its detector or view, when it begins and how long it takes.
        seed: of the counts.
        uptake: how the tracer moves while it is looked at; of a dynamic study.
        pulse: how the heart beats; of a gated one.
    """

    phantom: Phantom
    protocol: GammaProtocol
    cameras: tuple[Camera, ...]
    times: tuple[GammaFrame, ...]
    seed: int
    uptake: Uptake | None = None
    pulse: Pulse | None = None

    @property
    def body_part(self) -> str:
        """Body Part Examined."""
        return self.phantom.body_part

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the frames besides the seed."""
        return (self.protocol, self.cameras, self.times, self.phantom, self.uptake, self.pulse)

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Frame `index`: counts, shape (rows, columns).

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        counts = counted(self.expected(index), self.seed, index)
        return Frame(index, np.minimum(counts, MOST_COUNTS).astype(np.uint16))

    @property
    def collimator(self) -> Collimator:
        """Before each detector."""
        return COLLIMATORS[self.protocol.collimator]

    @cached_property
    def bq_per_ml(self) -> float:
        """Activity concentration, when the study begins, of what has taken up as much as the body's mean."""
        left = self.protocol.tracer.isotope.left(self.protocol.uptake_s)
        return round(self.protocol.dose_mbq_per_kg * 1e6 * _GRAM * left, 6)

    @cached_property
    def relative(self) -> tuple[float, ...]:
        """Uptake of each label relative to the body's mean."""
        return self.protocol.tracer.by_label(self.phantom)

    @cached_property
    def changing(self) -> tuple[bool, ...]:
        """Which labels change by themselves: those that take up, or beat."""
        if self.uptake is not None:
            return tuple(value >= self.uptake.least for value in self.relative)
        if self.pulse is not None:
            names = ("", *(one.name for one in self.phantom.structures))
            hot = (None, *(one.tissue.activity for one in self.phantom.structures))
            beating = (Pulse.beats(name, own) for name, own in zip(names, hot, strict=True))
            return tuple(beating)
        return (False,) * len(self.relative)

    def shares(self, index: int) -> tuple[float, float]:
        """What is there in a frame of the steady labels' activity and of the changing ones', decay apart."""
        time = self.times[index]
        if self.uptake is not None:
            return self.uptake.shares(time.start_s, time.duration_s)
        if self.pulse is not None:
            return 1.0, self.pulse.volume(index, len(self))
        return 1.0, 1.0

    def expected(self, index: int) -> Real:
        """Mean counts of a frame, shape (rows, columns)."""
        time = self.times[index]
        left = self.protocol.tracer.isotope.mean_share(time.start_s, time.duration_s)
        decays = self.bq_per_ml * time.duration_s * left
        steady, changing = self._projections(time.camera).astype(np.float64)
        shares = self.shares(index)
        total: Real = (steady * shares[0] + changing * shares[1]) * decays
        return total

    def _projections(self, camera: int) -> npt.NDArray[np.float32]:
        if camera not in self._seen:
            self._seen[camera] = self._volume.projections(self.cameras[camera], self.collimator)
        return self._seen[camera]

    @cached_property
    def _seen(self) -> dict[int, npt.NDArray[np.float32]]:
        return {}

    @cached_property
    def _volume(self) -> Volume:
        first = self.cameras[0]
        isotope = self.protocol.tracer.isotope
        values = np.zeros((len(self.relative), 3), dtype=np.float32)
        for label, (value, changes) in enumerate(zip(self.relative, self.changing, strict=True)):
            values[label, int(changes)] = value
        values[:, 2] = [attenuation_per_mm(tissue, isotope) for tissue in self.phantom.tissues]
        low, high = self.phantom.bounds.low_mm[1], self.phantom.bounds.high_mm[1]
        return Volume(self.phantom, values, first, max(1, math.ceil((high - low) / first.pixel_mm) + 1))

    @cached_property
    def counts(self) -> int:
        """Counts of all frames."""
        return sum(int(frame.pixels.sum(dtype=np.int64)) for frame in self)

    @cached_property
    def brightest(self) -> float:
        """Greatest mean count of a pixel in any frame."""
        return max(float(self.expected(index).max()) for index in range(len(self)))

    def truth(self) -> Mapping[str, Any]:
        """Where each structure is seen, what it has taken up, and how many counts each frame can expect."""
        listed = []
        for one in self.phantom.truth(kvp=_ASSUMED_KVP, field_strength_t=_ASSUMED_T):
            label, (x, y, z) = one["label"], one["center_mm"]
            listed.append(
                {
                    "name": one["name"],
                    "label": label,
                    "center_mm": one["center_mm"],
                    "radius_mm": one["radius_mm"],
                    "volume_mm3": one["volume_mm3"],
                    "uptake_relative": self.relative[label],
                    "activity_bq_per_ml": round(self.relative[label] * self.bq_per_ml, 4),
                    "changes": self.changing[label],
                    "seen": [list(camera.seen((x, y, z))) for camera in self.cameras],
                }
            )
        camera, isotope = self.cameras[0], self.protocol.tracer.isotope
        return {
            "seed": self.seed,
            "phantom": self.phantom.name,
            "study": self.protocol.study,
            "tracer": self.protocol.tracer.name,
            "half_life_s": isotope.half_life_s,
            "rows": camera.rows,
            "columns": camera.columns,
            "pixel_spacing_mm": camera.pixel_mm,
            "detector_angles_deg": [one.angle_deg for one in self.cameras],
            "radius_mm": camera.radius_mm,
            "fwhm_mm_at_center": round(self.collimator.fwhm_mm(camera.radius_mm), 4),
            **({"ejection_fraction": self.pulse.ejection_fraction} if self.pulse else {}),
            "frames": [
                {
                    "view": time.camera + 1,
                    "start_s": time.start_s,
                    "duration_s": time.duration_s,
                    "steady": self.shares(index)[0],
                    "changing": self.shares(index)[1],
                    "expected_counts": round(float(self.expected(index).sum()), 3),
                }
                for index, time in enumerate(self.times)
            ],
            "structures": listed,
        }
