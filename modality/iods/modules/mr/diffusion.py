"""PS3.3 C.8.13.5.9 MR Diffusion: its attributes at the top level of an MR Image.

The MR Image IOD has none for diffusion; a Standard Extended SOP Class (PS3.2) may carry standard attributes of other
modules, and programs look for these here.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.image import FrameValues, Image
from modality.iods.values import set_known


def diffusion_values(image: Image[MrAcquisition]) -> FrameValues:
    """Diffusion b-value, of all directions together as on a trace image; nothing without diffusion weighting."""
    acquisition = image.acquisition
    b_value = acquisition.weightings[acquisition.weighting_of(image.frame.index)].b_s_per_mm2
    if b_value is None:
        return {}
    return {"DiffusionBValue": b_value, "DiffusionDirectionality": "ISOTROPIC" if b_value else "NONE"}


def diffusion(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """The diffusion weighting."""
    set_known(dataset, **diffusion_values(image))
