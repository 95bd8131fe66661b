"""Cine runs of a C-arm (XA) and of a fluoroscope (RF): frames while an agent flows, before a table that may move."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from modality.acquisition import kept
from modality.acquisition.frames import Frame
from modality.acquisition.projection.beam import Beam, beam
from modality.acquisition.projection.materials import BASIS, densities
from modality.acquisition.radiography.bolus import Bolus
from modality.acquisition.radiography.casting import Moved, moved_lengths
from modality.acquisition.radiography.chain import Shadow, detected, shadow
from modality.acquisition.radiography.cone import Cone, seen_structures
from modality.acquisition.radiography.protocol import Protocol
from modality.acquisition.radiography.sheets import Sampling
from phantoms.anatomy.torso.arteries import Branch, Vessels
from phantoms.phantom import Phantom

_COARSE_MM, _ALONG_MM = 0.65, 1.2
_FINE_MM = 0.6
_IODINE = BASIS.index("I")
_MG_PER_ML = 1e-3  # in g/cm3
_FULL = 0.22  # of 12 bits, the middle of the patient: our choice


@dataclass(frozen=True)
class Cine:
    """A run of frames.

    Args:
        phantom: the patient.
        protocol: what was set.
        cone: the geometry of the first frame.
        seed: of the noise.
        frames: how many.
        frame_time_ms: from one frame to the next.
        mask_frames: the first so many are a mask, from which the others are subtracted; 0 where nothing is.
        table_mm_s: speed of the table, with the patient towards his head.
        bolus: the injection; None where nothing flows.
    """

    phantom: Phantom
    protocol: Protocol
    cone: Cone
    seed: int
    frames: int
    frame_time_ms: float
    mask_frames: int
    table_mm_s: float
    bolus: Bolus | None

    @property
    def body_part(self) -> str:
        """Body Part Examined."""
        return self.phantom.body_part

    @property
    def digested(self) -> tuple[object, ...]:
        """All that determines the frames besides the seed."""
        return (
            self.protocol, self.cone, self.phantom, self.frames, self.frame_time_ms, self.mask_frames, self.table_mm_s,
            self.bolus,
        )  # fmt: skip

    def __len__(self) -> int:
        return self.frames

    def __iter__(self) -> Iterator[Frame]:
        return (self.frame(index) for index in range(len(self)))

    def frame(self, index: int) -> Frame:
        """Frame `index`: values in proportion to the beam, shape (rows, columns).

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        protocol = self.protocol
        signal = detected(
            self.shadow(index), self.kerma_ugy, protocol.detector, self.cone.pitch_mm, self.seed, index
        )  # fmt: skip
        full = (1 << protocol.bits_stored) - 1
        stored = np.clip(np.rint(signal * (_FULL * full / self._middle)), 0, full).astype(np.uint16)
        return Frame(index, stored)

    def time_s(self, index: int) -> float:
        """When a frame is taken, from the first one on."""
        return round(index * self.frame_time_ms / 1000.0, 6)

    def table_mm(self, index: int) -> float:
        """How far the table has moved."""
        return round(self.table_mm_s * self.time_s(index), 4)

    @property
    def used(self) -> Beam:
        """The beam."""
        tube = self.protocol.tube
        return beam(tube.kvp, tube.filter_mm, tube.least_kev)

    def shadow(self, index: int) -> Shadow:
        """What reaches the detector in a frame, without noise."""
        basis = len(BASIS)
        seen = self._static[index if self.table_mm_s else 0]
        on_rays = seen[:basis].astype(np.float64)
        if self.bolus is not None:
            on_rays[_IODINE] += self._flowing[index][0]
            for branch, length in zip(self._blushing, seen[basis:], strict=True):
                on_rays[_IODINE] += length * (_MG_PER_ML * self.bolus.concentration_mg_ml(branch, self.time_s(index)))
        return shadow(on_rays, self.used, self.cone, self.protocol.scatter, self.protocol.tube.focal_spot_mm)

    @cached_property
    def _blushing(self) -> tuple[Branch, ...]:
        """What the agent fills through capillaries."""
        vessels = self.phantom
        if self.bolus is None or not isinstance(vessels, Vessels):
            return ()
        return tuple(branch for branch in vessels.branches if branch.delay_s)

    @cached_property
    def _static(self) -> npt.NDArray[np.float32]:
        """What lies on the rays without agent, and the lengths in what blushes.

        Of each frame where the table moves, else of all.
        """
        moves = [Moved(self.table_mm(index), slice(None)) for index in range(len(self) if self.table_mm_s else 1)]

        def table() -> npt.NDArray[np.float32]:
            basis = densities(self.phantom.tissues).astype(np.float32)
            blushing = np.zeros((len(basis), len(self._blushing)), dtype=np.float32)
            for place, branch in enumerate(self._blushing):
                blushing[branch.label, place] = 1.0
            return np.concatenate([basis, blushing], axis=1)

        return self._cast("still", self.phantom, table, self._sampling(_COARSE_MM, _ALONG_MM), moves)

    def _cast(
        self,
        what: str,
        phantom: Phantom,
        table: Callable[[], npt.NDArray[np.float32]],
        sampling: Sampling,
        moves: list[Moved],
    ) -> npt.NDArray[np.float32]:
        """Line integrals for each move, kept for the next run like this one; shape (moves, quantities, ...)."""

        def cast() -> npt.NDArray[np.int32]:
            found = moved_lengths(phantom, table(), self.cone, sampling, moves)
            return np.stack(found).view(np.int32)

        ups = tuple(move.up_mm for move in moves)
        times = (self.bolus, self.frame_time_ms, len(self))
        setting = (what, self.cone, sampling, ups, times if self.bolus else None)
        return kept.begun(self.phantom, setting).image("rays", cast).view(np.float32)

    def _sampling(self, across_mm: float, along_mm: float) -> Sampling:
        """No finer than the pixels are in the patient."""
        return Sampling(max(across_mm, round(self.cone.pitch_mm / self.cone.magnification, 4)), along_mm)

    @cached_property
    def _flowing(self) -> npt.NDArray[np.float32]:
        """Iodine in vessels on the rays of each frame, in mm g/cm3."""
        vessels, bolus = self.phantom, self.bolus
        assert bolus is not None
        assert isinstance(vessels, Vessels)
        before = vessels.first_of_stream - 1

        def table() -> npt.NDArray[np.float32]:
            flowing = np.zeros((len(vessels.structures) - before + 1, len(self)), dtype=np.float32)
            for branch in vessels.branches:
                if not branch.delay_s:
                    flowing[branch.label - before] = [
                        _MG_PER_ML * bolus.concentration_mg_ml(branch, self.time_s(index)) for index in range(len(self))
                    ]
            return flowing

        moves = [Moved(self.table_mm(index), slice(index, index + 1)) for index in range(len(self))]
        return self._cast("flowing", vessels.stream, table, self._sampling(_FINE_MM, _FINE_MM), moves)

    @cached_property
    def _middle(self) -> float:
        """Signal behind the patient in the first frame, from which exposure control goes."""
        return self.shadow(0).middle

    @cached_property
    def mas(self) -> float:
        """Of each frame, to 0.001."""
        protocol = self.protocol
        if protocol.tube.mas is not None:
            return protocol.tube.mas
        per_mas = protocol.tube.kerma_ugy(1.0, self.cone.detector_mm)
        return max(0.001, round(protocol.target_ugy / (self._middle * per_mas), 3))

    @property
    def pulse_ms(self) -> float:
        """How long the tube gives its current for a frame."""
        return max(0.1, round(self.mas / self.protocol.tube.current_ma * 1000.0, 2))

    @property
    def kerma_ugy(self) -> float:
        """Air kerma at the detector with nothing in the way, of a frame."""
        return self.protocol.tube.kerma_ugy(self.mas, self.cone.detector_mm)

    @property
    def dose(self) -> dict[str, float]:
        """Kerma of the run: free in air; at the patient entrance reference point 150 mm before the isocentre."""
        cone = self.cone
        point = self.protocol.tube.kerma_ugy(self.mas, cone.source_mm - 150.0) * len(self)
        area_mm2 = cone.rows * cone.columns * cone.pitch_mm**2
        return {
            "kvp": self.protocol.tube.kvp,
            "mas_per_frame": self.mas,
            "reference_point_air_kerma_mgy": round(point / 1000.0, 6),
            "kerma_area_product_ugy_m2": round(self.kerma_ugy * len(self) * area_mm2 * 1e-6, 6),
            "detector_air_kerma_ugy_per_frame": round(self.kerma_ugy * self._middle, 5),
        }

    def truth(self) -> Mapping[str, Any]:
        """Where each structure is seen in the first frame, what the agent does, table and dose."""
        structures = seen_structures(self.phantom, self.cone, self.protocol.tube.kvp)
        if self.bolus is not None and isinstance(self.phantom, Vessels):
            branches = {branch.label: branch for branch in self.phantom.branches}
            for one in structures:
                branch = branches.get(one["label"])
                if branch is not None:
                    one["arrival_s"] = self.bolus.arrival_s(branch)
                    one["iodine_mg_ml"] = [
                        round(self.bolus.concentration_mg_ml(branch, self.time_s(index)), 4)
                        for index in range(len(self))
                    ]
        stenosis = {}
        if isinstance(self.phantom, Vessels) and self.phantom.stenosed:
            stenosis = {"stenosis": {"of": self.phantom.stenosed, "percent": self.phantom.stenosis_percent}}
        return {
            "seed": self.seed,
            "phantom": self.phantom.name,
            "rows": self.cone.rows,
            "columns": self.cone.columns,
            "imager_pixel_spacing_mm": self.cone.pitch_mm,
            "source_to_detector_mm": self.cone.detector_mm,
            "source_to_patient_mm": self.cone.source_mm,
            "positioner_primary_deg": self.cone.primary_deg,
            "positioner_secondary_deg": self.cone.secondary_deg,
            "frame_times_s": [self.time_s(index) for index in range(len(self))],
            "table_mm": [self.table_mm(index) for index in range(len(self))],
            "mask_frames": list(range(1, self.mask_frames + 1)),
            "scatter_fraction": self.shadow(0).scatter_fraction,
            "dose": self.dose,
            **stenosis,
            "structures": structures,
        }
