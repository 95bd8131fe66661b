"""What the operator of a radiography machine sets, and the air kerma that follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modality.acquisition.radiography.chain import Detector, Scatter
from modality.acquisition.radiography.display import Look

_KERMA_UGY_PER_MAS = 60.0
_REFERENCE_KVP = 80.0
_METRE_MM = 1000.0

RQA5_PHOTONS = 30174.0
"""Photons for each mm2 and uGy of a general radiographic beam: IEC 62220-1:2003, beam quality RQA 5."""


@dataclass(frozen=True, slots=True)
class Tube:
    """What gives the beam.

    Args:
        kvp: tube voltage in kV.
        mas: tube current times exposure time, of a frame where there are several; None leaves it to automatic exposure
            control, which gives the detector `target_ugy` behind the middle of the patient.
        current_ma: tube current.
        focal_spot_mm: width of the focal spot.
        filter_mm: total filtration in mm of aluminium.
        kerma_ugy_per_mas: air kerma at a distance of 1 m and 80 kV; it grows as the square of the voltage. Customary
            for 2.5 to 3 mm of aluminium, our choice.
        least_kev: where its spectrum begins.
    """

    kvp: float
    mas: float | None
    current_ma: float
    focal_spot_mm: float
    filter_mm: float = 3.0
    kerma_ugy_per_mas: float = _KERMA_UGY_PER_MAS
    least_kev: float = 20.0

    def kerma_ugy(self, mas: float, distance_mm: float) -> float:
        """Air kerma at a distance from the focal spot, free in air."""
        return self.kerma_ugy_per_mas * mas * (self.kvp / _REFERENCE_KVP) ** 2 * (_METRE_MM / distance_mm) ** 2


@dataclass(frozen=True, slots=True)
class Protocol:
    """What was set for an exposure, and what it is measured with.

    Args:
        view: how the beam goes through the patient: PA, AP, LATERAL, CC, MLO; the angles say it elsewhere.
        tube: the beam.
        source_mm: distance of the focal spot from the isocentre.
        detector_mm: distance of the focal spot from the detector.
        target_ugy: air kerma that the detector is meant to get behind the patient.
        detector: what measures the beam.
        scatter: of the patient, and the grid.
        look: how pictures are made of it.
        bits_stored: of a value.
    """

    view: str
    tube: Tube
    source_mm: float
    detector_mm: float
    target_ugy: float
    detector: Detector
    scatter: Scatter
    look: Look
    bits_stored: int = 12


FLAT_PANEL = Detector(0.65, RQA5_PHOTONS, blur_mm=0.12)
"""Caesium iodide on amorphous silicon: customary efficiency and blur, our choice."""
IMAGING_PLATE = Detector(0.28, RQA5_PHOTONS, blur_mm=0.18, electronics=8.0, bits_stored=12)
"""A photostimulable phosphor: less efficient and less sharp; our choice."""

BUCKY = Scatter(0.015, 50.0, grid=True, primary=0.7, scattered=0.12)
"""Scatter of general radiography: 200 mm of water scatter three times what they let through unscattered, as commonly
measured in large fields; of the grid, ratio 12, customary transmissions. Our choice."""


@dataclass(frozen=True, slots=True)
class Technique:
    """Customary settings of a view of a body part: our choice.

    Args:
        kvp: tube voltage in kV.
        source_mm: distance of the focal spot from the middle of the patient.
        detector_mm: from the detector.
        target_ugy: air kerma behind the patient.
    """

    kvp: float
    source_mm: float
    detector_mm: float
    target_ugy: float = 2.5


TECHNIQUES: Mapping[tuple[str, str], Technique] = {
    ("CHEST", "PA"): Technique(120.0, 1640.0, 1800.0),
    ("CHEST", "AP"): Technique(100.0, 1000.0, 1150.0),
    ("CHEST", "LATERAL"): Technique(125.0, 1580.0, 1800.0),
    ("HEAD", "AP"): Technique(75.0, 1020.0, 1150.0, 4.0),
    ("HEAD", "LATERAL"): Technique(70.0, 1040.0, 1150.0, 4.0),
    ("KNEE", "AP"): Technique(60.0, 1060.0, 1150.0, 5.0),
    ("KNEE", "LATERAL"): Technique(60.0, 1060.0, 1150.0, 5.0),
}
USUAL = Technique(78.0, 1000.0, 1150.0, 4.0)
"""Of any other."""

VIEWS: Mapping[str, tuple[float, bool]] = {"PA": (0.0, False), "LATERAL": (90.0, False), "AP": (180.0, True)}
"""Turn of the detector about the patient in degrees, and whether columns run against its own direction."""

FIRST_VIEW: Mapping[str, str] = {"CHEST": "PA"}
"""The view by body part where none is asked for; AP of all others."""
