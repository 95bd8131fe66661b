"""Mammograms: a compressed breast on a detector below it, from above (CC) or from the middle above (MLO)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modality.acquisition.radiography.chain import Detector, Scatter
from modality.acquisition.radiography.cone import Cone
from modality.acquisition.radiography.display import Look
from modality.acquisition.radiography.protocol import Protocol, Tube
from modality.acquisition.radiography.radiograph import Exposure, Presentation, checked, intents_of, sized
from modality.acquisition.radiography.sheets import Sampling
from modality.errors import UsageError
from phantoms.anatomy.breast.compressed import CompressedBreast, Projection, Side
from phantoms.phantom import Phantom

LEAST_KVP, MOST_KVP = 25.0, 40.0
"""Tube voltages of mammography."""

_DETECTOR_MM, _SUPPORT_MM = 660.0, 20.0  # focal spot to detector, and the support above it: customary, our choice
_FIELD_MM = (230.0, 172.0)  # along the chest wall and to the front: our choice
_BELOW_MM = 22.0  # of the field below a breast that lies obliquely
_COMPRESSED_N_PER_MM = 2.3
_LEAST_N, _MOST_N = 40.0, 200.0

_TUBE_KERMA_UGY = 284.0
_TARGET_UGY = 110.0
_LEAST_KEV = 12.0
_FILTER_MM = 0.7
_PHOTONS = 6000.0
_SELENIUM = Detector(0.6, _PHOTONS, blur_mm=0.035, electronics=6.0)
_SCATTER = Scatter(0.009, 22.0, grid=True, primary=0.75, scattered=0.2)
_LOOK = Look(base=0.45, base_mm=9.0, edges=1.0, edge_mm=0.35, shown=(0.02, 0.998), bare=0.45)
"""Tube, detector and scatter of a mammograph with a tungsten anode and 0.7 mm of aluminium; its air kerma at 80 kV,
which no such tube has, is that at 30 kV drawn on by the square: 40 uGy for each mAs at 1 m. Photons for each mm2 and
uGy of so soft a beam, the scatter of a breast (half of the primary photons behind 50 mm) and the grid's transmissions:
customary, our choice."""


@dataclass(frozen=True)
class Mammogram(Exposure):
    """An exposure of a breast.

    Args:
        breast: the phantom.
    """

    @property
    def breast(self) -> CompressedBreast:
        """The patient's breast."""
        assert isinstance(self.phantom, CompressedBreast)
        return self.phantom

    @property
    def thickness_mm(self) -> float:
        """Distance of the plates."""
        return self.breast.thickness_mm

    @property
    def compression_n(self) -> float:
        """Force of the compression: firmer for a thicker breast; our choice."""
        return round(min(max(_COMPRESSED_N_PER_MM * self.thickness_mm, _LEAST_N), _MOST_N), 1)

    @property
    def glandular_dose_mgy(self) -> float:
        """Mean dose to the glandular tissue.

        Entrance air kerma times a conversion factor that falls with thickness: 0.21 at 50 mm, about what D. R. Dance,
        Phys. Med. Biol. 35:1211 (1990) has for a half-value layer of 0.5 mm of aluminium; falling by 1.6 % a mm from
        there: our approximation.
        """
        factor = 0.21 * math.pow(1.0 - 0.016, self.thickness_mm - 50.0)
        entrance = self.protocol.tube.kerma_ugy(self.mas, self.entrance_mm) / 1000.0
        return round(entrance * factor, 4)

    @property
    def dose(self) -> dict[str, float]:
        """Kerma and dose, the breast's among them."""
        return {
            **super().dose,
            "mean_glandular_dose_mgy": self.glandular_dose_mgy,
            "compression_force_n": self.compression_n,
            "compressed_thickness_mm": self.thickness_mm,
        }

    def truth(self) -> Mapping[str, Any]:
        """As of every exposure, and which breast it is."""
        return {**super().truth(), "laterality": self.phantom.laterality}


def mg(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 1536,
    columns: int = 1152,
    view: Projection | None = None,
    laterality: Side | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    grid: bool = True,
    focal_spot_mm: float = 0.3,
    presentation: Presentation = "PRESENTATION",
) -> Mammogram:
    """Plan a mammogram.

    Args:
        phantom: a breast.
        seed: of the noise.
        rows: rows of the detector, along the chest wall; the field stays.
        columns: columns of the detector, whose pixels are square.
        view: CC or MLO; the phantom's own by default.
        laterality: L or R; the phantom's own by default.
        kvp: tube voltage in kV, 25 to 40; 30 by default.
        mas: tube current times time; automatic exposure control by default.
        grid: whether an anti-scatter grid stands before the detector.
        focal_spot_mm: width of the focal spot, 0 to 3.
        presentation: PRESENTATION, PROCESSING (raw values), or both, which refer to each other.

    Raises:
        UsageError: the phantom is no breast, or an option is out of range.
    """
    if not isinstance(phantom, CompressedBreast):
        raise UsageError(f"mg: {phantom.name} is no breast, which a mammograph needs: give --phantom breast")
    breast = phantom.compressed(view or phantom.projection, laterality or phantom.laterality)
    voltage = checked("kvp", 30.0 if kvp is None else kvp, LEAST_KVP, MOST_KVP)
    if mas is not None:
        checked("mas", mas, 1.0, 1000.0)
    checked("focal_spot_mm", focal_spot_mm, 0.0, 3.0)
    high = breast.bounds.high_mm[0]
    low = breast.bounds.low_mm[0]
    pitch = sized(rows, columns, _FIELD_MM[0])
    # The central ray goes down along the chest wall: in the middle, or so that the armpit's end leaves the field.
    right = breast.laterality == "R"
    middle = (high + low) / 2.0
    if breast.projection == "MLO":
        inside = _FIELD_MM[0] / 2.0 - _BELOW_MM
        middle = high - inside if right else low + inside
    middle = round(middle, 3)
    width = columns * pitch
    cone = Cone(
        (middle, 0.0, 0.0),
        _DETECTOR_MM - _SUPPORT_MM - breast.thickness_mm / 2.0,
        _DETECTOR_MM,
        rows,
        columns,
        pitch,
        mirrored=right,
        vertical=True,
        offset_mm=(round((-1.0 if right else 1.0) * width / 2.0, 6), 0.0),
    )
    protocol = Protocol(
        breast.projection,
        Tube(voltage, mas, 100.0, focal_spot_mm, _FILTER_MM, _TUBE_KERMA_UGY, _LEAST_KEV),
        cone.source_mm,
        _DETECTOR_MM,
        _TARGET_UGY,
        _SELENIUM,
        Scatter(_SCATTER.per_mm, _SCATTER.spread_mm, grid, _SCATTER.primary, _SCATTER.scattered),
        _LOOK,
    )
    return Mammogram(breast, protocol, cone, seed, intents_of(presentation), Sampling(pitch))
