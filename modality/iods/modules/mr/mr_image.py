"""PS3.3 C.8.3.1 MR Image: what all images of a series share."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from modality.acquisition.frames import SliceBySlice
from modality.acquisition.mr.protocol import MrProtocol, Sequence
from modality.iods.image import FrameValues, Image
from modality.iods.values import decimal, set_known

_TERMS: Mapping[Sequence, tuple[list[str], str, str]] = {
    "SE": (["SE"], "NONE", ""),
    "TSE": (["SE"], "SK", ""),
    "GRE": (["GR"], "SP", ""),
    "IR": (["SE", "IR"], "NONE", ""),
    "FLAIR": (["SE", "IR"], "SK", ""),
    "STIR": (["SE", "IR"], "SK", ""),
    "bSSFP": (["GR"], "SS", ""),
    "DWI": (["SE", "EP"], "NONE", "FS"),
}
"""Scanning Sequence, Sequence Variant (SK segmented k-space, SP spoiled, SS steady state) and Scan Options (FS fat
saturation) of our sequences; partial Fourier adds PFP."""


def slice_spacing(image: Image[SliceBySlice[MrProtocol]]) -> FrameValues:
    """How far slices are apart: another's only where a series has several stacks."""
    geometry = image.acquisition.stacks[image.acquisition.stack_of(image.frame.index)]
    return {"SpacingBetweenSlices": decimal(geometry.slice_spacing_mm)}


def mr_image(dataset: Dataset, image: Image[SliceBySlice[MrProtocol]]) -> None:
    """The pulse sequence, the magnet and the sampling of k-space, the phase along the columns."""
    acquisition = image.acquisition
    protocol, geometry = acquisition.protocol, acquisition.geometry
    matrix = protocol.matrix(geometry)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence, dataset.SequenceVariant, saturation = _TERMS[protocol.sequence]
    partial = "PFP" if matrix.measured_rows < matrix.acquired_rows else ""
    dataset.ScanOptions = [option for option in (partial, saturation) if option]
    dataset.MRAcquisitionType = "2D"
    dataset.SequenceName = protocol.sequence
    dataset.RepetitionTime = decimal(protocol.repetition_time_ms)
    dataset.EchoTrainLength = str(protocol.echo_train_length)
    dataset.FlipAngle = decimal(protocol.flip_angle_deg)
    dataset.NumberOfAverages = decimal(protocol.averages)
    dataset.MagneticFieldStrength = decimal(protocol.field_strength_t)
    dataset.ImagingFrequency = decimal(protocol.imaging_frequency_mhz)
    dataset.ImagedNucleus = "1H"
    dataset.PixelBandwidth = decimal(protocol.pixel_bandwidth_hz)
    dataset.ReceiveCoilName = protocol.coil
    height_mm, width_mm = geometry.field_of_view_mm
    dataset.InPlanePhaseEncodingDirection = "COL"
    dataset.AcquisitionMatrix = [0, matrix.acquired_columns, matrix.acquired_rows, 0]
    dataset.NumberOfPhaseEncodingSteps = str(matrix.measured_rows)
    dataset.PercentSampling = decimal(round(100.0 * matrix.measured_rows / geometry.rows, 4))
    dataset.PercentPhaseFieldOfView = decimal(round(100.0 * height_mm / width_mm, 4))
    set_known(dataset, **slice_spacing(image))
