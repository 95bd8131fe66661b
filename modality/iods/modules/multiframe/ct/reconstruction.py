"""PS3.3 C.8.15.3.7 CT Reconstruction Macro."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place
from modality.iods.values import decimal

_GROUPS: Mapping[str, str] = {"SMOOTH": "SOFT_TISSUE", "STANDARD": "SOFT_TISSUE", "SHARP": "BONE"}
"""Convolution Kernel Group of our kernels: our choice."""


def ct_reconstruction(item: Dataset, place: Place[CtAcquisition]) -> None:
    """The field of view and the kernel; each is due for what is ORIGINAL, a localizer without reconstruction too."""
    protocol, geometry = place.acquisition.protocol, place.acquisition.geometry
    height_mm, width_mm = geometry.field_of_view_mm
    group = _GROUPS.get(protocol.kernel, "SOFT_TISSUE")
    reconstruction = Dataset()
    reconstruction.ReconstructionAlgorithm = "FILTER_BACK_PROJ"
    reconstruction.ConvolutionKernel = protocol.kernel
    of_head = place.acquisition.body_part == "HEAD" and group == "SOFT_TISSUE"
    reconstruction.ConvolutionKernelGroup = "BRAIN" if of_head else group
    if round(height_mm, 3) == round(width_mm, 3):
        reconstruction.ReconstructionDiameter = decimal(round(width_mm, 3))
    else:
        reconstruction.ReconstructionFieldOfView = [round(width_mm, 6), round(height_mm, 6)]
    reconstruction.ReconstructionPixelSpacing = [geometry.row_spacing_mm, geometry.column_spacing_mm]
    reconstruction.ReconstructionAngle = 360.0 if protocol.localizer is None else 0.0
    reconstruction.ImageFilter = "NONE"
    item.CTReconstructionSequence = [reconstruction]
