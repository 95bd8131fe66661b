"""PS3.3 C.8.13.5.1 MR Image Frame Type Macro, with the Common CT/MR and the MR Image Description Macros (C.8.16)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.acquisition.mr.protocol import MrProtocol, Weighting
from modality.iods.multi_frame import Place

_LONG_ECHO_MS, _LONG_REPETITION_MS = 60.0, 1500.0  # our choice; between the customary times of T1, T2 and PD


def acquisition_contrast(protocol: MrProtocol, weighting: Weighting) -> str:
    """The term of Acquisition Contrast (C.8.13.3.3) for a frame; where the sequence names none, the times do."""
    named = {"FLAIR": "FLUID_ATTENUATED", "STIR": "STIR", "DWI": "DIFFUSION", "IR": "T1", "bSSFP": "T2"}
    if protocol.sequence in named:
        return named[protocol.sequence]
    if protocol.sequence == "GRE":
        return "T1" if weighting.echo_time_ms < _LONG_ECHO_MS / 6 else "T2_STAR"
    if weighting.echo_time_ms >= _LONG_ECHO_MS:
        return "T2"
    return "PROTON_DENSITY" if protocol.repetition_time_ms >= _LONG_REPETITION_MS else "T1"


def flavor(acquisition: MrAcquisition) -> str:
    """Value 3 of Image Type and Frame Type (C.8.16.1.3)."""
    if len(acquisition.stacks) > 1:
        return "LOCALIZER"
    if acquisition.protocol.sequence == "DWI":
        return "DIFFUSION"
    return "DYNAMIC" if acquisition.protocol.dynamic else "VOLUME"


def description(dataset: Dataset, acquisition: MrAcquisition, contrast: str) -> list[str]:
    """Set what the macros have beside Frame Type, and tell that, which is Image Type too: magnitudes of slices."""
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "NONE"
    dataset.ComplexImageComponent = "MAGNITUDE"
    dataset.AcquisitionContrast = contrast
    return ["ORIGINAL", "PRIMARY", flavor(acquisition), "NONE"]


def mr_image_frame_type(item: Dataset, place: Place[MrAcquisition]) -> None:
    """What sort of frame it is, and what it is weighted by."""
    acquisition = place.acquisition
    weighting = acquisition.weightings[acquisition.weighting_of(place.index)]
    frame_type = Dataset()
    frame_type.FrameType = description(frame_type, acquisition, acquisition_contrast(acquisition.protocol, weighting))
    item.MRImageFrameTypeSequence = [frame_type]
