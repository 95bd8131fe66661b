"""PS3.3 C.7.6.10 Mask and C.7.6.4 Contrast/Bolus of a run of frames."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiography.cine import Cine
from modality.iods.image import Image
from modality.iods.macros.code import code

AGENT = ("109218004", "SCT", "Iohexol")
"""PS3.16 CID 12 Radiographic Contrast Agent."""
INGREDIENT = ("44588005", "SCT", "Iodine")
"""PS3.16 CID 13 Radiographic Contrast Agent Ingredient."""
ROUTE = ("58100008", "SCT", "Intra-arterial route")
"""PS3.16 CID 11 Route of Administration."""


def mask(dataset: Dataset, image: Image[Cine]) -> None:
    """The frames before the agent, whose mean is subtracted from the others (C.7.6.10.1)."""
    run = image.acquisition
    if not run.mask_frames:
        return
    item = Dataset()
    item.MaskOperation = "AVG_SUB"
    item.ApplicableFrameRange = [run.mask_frames + 1, len(run)]
    item.MaskFrameNumbers = list(range(1, run.mask_frames + 1))
    item.ContrastFrameAveraging = 1
    dataset.MaskSubtractionSequence = [item]
    dataset.RecommendedViewingMode = "SUB"


def contrast_bolus(dataset: Dataset, image: Image[Cine]) -> None:
    """The agent, where one flows."""
    if image.acquisition.bolus is None:
        return
    dataset.ContrastBolusAgent = AGENT[2]
    dataset.ContrastBolusAgentSequence = [code(*AGENT)]
    dataset.ContrastBolusRoute = "INTRA-ARTERIAL"
    dataset.ContrastBolusAdministrationRouteSequence = [code(*ROUTE)]
    dataset.ContrastBolusIngredient = "IODINE"
