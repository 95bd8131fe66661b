"""PS3.3 C.8.13.2 MR Pulse Sequence."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.acquisition.mr.protocol import SPIN_ECHOES
from modality.iods.image import Image


def mr_pulse_sequence(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    """How echoes are made and k-space is crossed."""
    protocol = image.acquisition.protocol
    spin, planar = protocol.sequence in SPIN_ECHOES, protocol.sequence == "DWI"
    dataset.PulseSequenceName = protocol.sequence
    dataset.MRAcquisitionType = "2D"
    dataset.EchoPulseSequence = "BOTH" if planar else "SPIN" if spin else "GRADIENT"
    if spin:
        train = max(len(protocol.refocusing_ms), protocol.echo_train_length if protocol.echo_spacing_ms else 1)
        dataset.MultipleSpinEcho = "YES" if train > 1 else "NO"
    dataset.MultiPlanarExcitation = "NO"
    dataset.PhaseContrast = "NO"
    dataset.TimeOfFlightContrast = "NO"
    dataset.SteadyStatePulseSequence = "FREE_PRECESSION" if protocol.sequence == "bSSFP" else "NONE"
    dataset.EchoPlanarPulseSequence = "YES" if planar else "NO"
    dataset.SaturationRecovery = "NO"
    dataset.SpectrallySelectedSuppression = "FAT" if planar else "NONE"
    dataset.OversamplingPhase = "NONE"
    dataset.GeometryOfKSpaceTraversal = "RECTILINEAR"
    dataset.SegmentedKSpaceTraversal = "FULL" if planar else "PARTIAL" if protocol.echo_train_length > 1 else "SINGLE"
    dataset.RectilinearPhaseEncodeReordering = "LINEAR"
    dataset.NumberOfKSpaceTrajectories = 1
