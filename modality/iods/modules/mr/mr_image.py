"""PS3.3 C.8.3.1 MR Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.iods.image import Image
from modality.iods.values import decimal

# Scanning Sequence and Sequence Variant: the gradient echo of this scanner is a spoiled one.
_SEQUENCES = {"SE": ("SE", "NONE"), "GRE": ("GR", "SP")}


def mr_image(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """The pulse sequence and the magnet; k-space is Cartesian and full, the phase along the columns."""
    acquisition = image.acquisition
    protocol, geometry = acquisition.protocol, acquisition.geometry
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    dataset.ScanningSequence, dataset.SequenceVariant = _SEQUENCES[protocol.sequence]
    dataset.ScanOptions = ""
    dataset.MRAcquisitionType = "2D"
    dataset.RepetitionTime = decimal(protocol.repetition_time_ms)
    dataset.EchoTime = decimal(protocol.echo_time_ms)
    dataset.EchoTrainLength = "1"
    dataset.EchoNumbers = "1"
    dataset.FlipAngle = decimal(protocol.flip_angle_deg)
    dataset.NumberOfAverages = decimal(protocol.averages)
    dataset.MagneticFieldStrength = decimal(protocol.field_strength_t)
    dataset.ImagingFrequency = decimal(protocol.imaging_frequency_mhz)
    dataset.ImagedNucleus = "1H"
    dataset.PixelBandwidth = decimal(protocol.pixel_bandwidth_hz)
    height_mm, width_mm = geometry.field_of_view_mm
    dataset.InPlanePhaseEncodingDirection = "COL"
    dataset.NumberOfPhaseEncodingSteps = str(geometry.rows)
    dataset.PercentSampling = "100"
    dataset.PercentPhaseFieldOfView = decimal(100.0 * height_mm / width_mm)
    dataset.SpacingBetweenSlices = decimal(geometry.slice_spacing_mm)
