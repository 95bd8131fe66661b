"""PS3.3 C.8.15.3.1 CT Image Frame Type Macro, with the Common CT/MR Image Description Macro (Table C.8-131)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place


def description(dataset: Dataset, acquisition: CtAcquisition) -> list[str]:
    """Set what the macro has beside Frame Type, and tell that, which is Image Type too.

    Slices of a volume, as reconstructed or reformatted from it; or a radiograph, whose pixels are no volume's. What is
    reformatted comes from no other instance, so the Derivation Image Macro (C.7.6.16.2.6) is not due.
    """
    localizer, reformatted = acquisition.protocol.localizer is not None, acquisition.reformatted
    dataset.PixelPresentation = "MONOCHROME"
    dataset.VolumetricProperties = "SAMPLED" if localizer else "VOLUME"
    dataset.VolumeBasedCalculationTechnique = "MPR" if reformatted else "NONE"
    if reformatted:
        return ["DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"]
    return ["ORIGINAL", "PRIMARY", "LOCALIZER" if localizer else "VOLUME", "NONE"]


def ct_image_frame_type(item: Dataset, place: Place[CtAcquisition]) -> None:
    """What sort of frame it is."""
    frame_type = Dataset()
    frame_type.FrameType = description(frame_type, place.acquisition)
    item.CTImageFrameTypeSequence = [frame_type]
