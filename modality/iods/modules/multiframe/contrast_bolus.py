"""PS3.3 C.7.6.4b Enhanced Contrast/Bolus, and C.7.6.16.2.12 Contrast/Bolus Usage Macro."""

from __future__ import annotations

from datetime import timedelta

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.image import Image
from modality.iods.macros.code import code
from modality.iods.modules.image.contrast_bolus import AGENT, INGREDIENT, MMOL_PER_ML, ROUTE, volume_ml
from modality.iods.multi_frame import Place
from modality.iods.values import date_time, decimal

_AGENT_NUMBER = 1


def enhanced_contrast_bolus(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """Which agent was given, how much of it, and when."""
    protocol = image.acquisition.protocol
    if not protocol.dynamic:
        return
    agent = code(*AGENT)
    agent.ContrastBolusAgentNumber = _AGENT_NUMBER
    agent.ContrastBolusAdministrationRouteSequence = [code(*ROUTE)]
    agent.ContrastBolusIngredientCodeSequence = [code(*INGREDIENT)]
    agent.ContrastBolusVolume = volume_ml(image.context)
    agent.ContrastBolusIngredientConcentration = decimal(MMOL_PER_ML)
    begun = image.context.series.started + timedelta(milliseconds=round(protocol.bolus_arrival_s * 1000.0))
    profile = Dataset()
    profile.ContrastBolusVolume = agent.ContrastBolusVolume
    profile.ContrastBolusStartTime = date_time(begun)[8:]
    agent.ContrastAdministrationProfileSequence = [profile]
    dataset.ContrastBolusAgentSequence = [agent]


def contrast_bolus_usage(item: Dataset, place: Place[MrAcquisition]) -> None:
    """Whether the agent had arrived in the middle of the frame's acquisition."""
    acquisition = place.acquisition
    after_s = acquisition.weightings[acquisition.weighting_of(place.index)].after_bolus_s
    there = after_s is not None and after_s > 0.0
    usage = Dataset()
    usage.ContrastBolusAgentNumber = _AGENT_NUMBER
    usage.ContrastBolusAgentAdministered = "YES" if there else "NO"
    usage.ContrastBolusAgentDetected = "YES" if there else "NO"
    if there:
        usage.ContrastBolusAgentPhase = "DYNAMIC"
    item.ContrastBolusUsageSequence = [usage]
