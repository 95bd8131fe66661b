"""PS3.3 C.8.13.5.2 MR Timing and Related Parameters Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.acquisition.mr.protocol import SPIN_ECHOES
from modality.iods.multi_frame import Place
from modality.iods.values import decimal


def mr_timing(item: Dataset, place: Place[MrAcquisition]) -> None:
    """Repetition, flip angle, echo trains; nothing is heated and no nerve stimulated here, so both are zero."""
    protocol = place.acquisition.protocol
    spin, planar = protocol.sequence in SPIN_ECHOES, protocol.sequence == "DWI"
    timing = Dataset()
    timing.RepetitionTime = decimal(protocol.repetition_time_ms)
    timing.FlipAngle = decimal(protocol.flip_angle_deg)
    timing.EchoTrainLength = str(protocol.echo_train_length)
    timing.RFEchoTrainLength = 1 if planar else protocol.echo_train_length if spin else 0
    timing.GradientEchoTrainLength = protocol.echo_train_length if planar else 0 if spin else 1
    timing.SpecificAbsorptionRateSequence = [_absorption_rate()]
    timing.GradientOutputType = "DB_DT"
    timing.GradientOutput = 0.0
    timing.OperatingModeSequence = [_mode("STATIC FIELD"), _mode("RF"), _mode("GRADIENT")]
    item.MRTimingAndRelatedParametersSequence = [timing]


def _absorption_rate() -> Dataset:
    rate = Dataset()
    rate.SpecificAbsorptionRateDefinition = "IEC_WHOLE_BODY"
    rate.SpecificAbsorptionRateValue = 0.0
    return rate


def _mode(of: str) -> Dataset:
    mode = Dataset()
    mode.OperatingModeType = of
    mode.OperatingMode = "IEC_NORMAL"
    return mode
