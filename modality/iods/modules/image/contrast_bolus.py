"""PS3.3 C.7.6.4 Contrast/Bolus: the agent that a dynamic MR series follows."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.context import Context
from modality.iods.image import Image
from modality.iods.macros.code import code
from modality.iods.values import decimal, set_known

AGENT = ("407976008", "SCT", "Gadobutrol")
"""PS3.16 CID 12 Radiographic Contrast Agent."""
INGREDIENT = ("58281002", "SCT", "Gadolinium")
"""PS3.16 CID 13 Radiographic Contrast Agent Ingredient."""
ROUTE = ("47625008", "SCT", "Intravenous route")
"""PS3.16 CID 11 Route of Administration."""
MMOL_PER_ML = 1.0
"""Of gadobutrol as it is sold."""
_MMOL_PER_KG = 0.1  # what the arterial function is for, see modality.acquisition.mr.contrast


def volume_ml(context: Context) -> str:
    """What was injected; unknown, and so empty, where the patient's weight is."""
    weight_kg = context.patient.weight_kg
    return "" if weight_kg is None else decimal(round(weight_kg * _MMOL_PER_KG / MMOL_PER_ML, 2))


def contrast_bolus(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """Which agent was given, and how much of it."""
    if not image.acquisition.protocol.dynamic:
        return
    dataset.ContrastBolusAgent = AGENT[2]
    dataset.ContrastBolusAgentSequence = [code(*AGENT)]
    dataset.ContrastBolusRoute = "IV"
    dataset.ContrastBolusAdministrationRouteSequence = [code(*ROUTE)]
    dataset.ContrastBolusIngredient = "GADOLINIUM"
    dataset.ContrastBolusIngredientConcentration = decimal(MMOL_PER_ML)
    set_known(dataset, ContrastBolusVolume=volume_ml(image.context))
