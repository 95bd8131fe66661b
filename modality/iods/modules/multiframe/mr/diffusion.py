"""PS3.3 C.8.13.5.9 MR Diffusion Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.multi_frame import Place


def mr_diffusion(item: Dataset, place: Place[MrAcquisition]) -> None:
    """Diffusion b-value, of all directions together as on a trace image."""
    acquisition = place.acquisition
    b_value = acquisition.weightings[acquisition.weighting_of(place.index)].b_s_per_mm2 or 0.0
    diffusion = Dataset()
    diffusion.DiffusionBValue = b_value
    diffusion.DiffusionDirectionality = "ISOTROPIC" if b_value else "NONE"
    item.MRDiffusionSequence = [diffusion]
