"""PS3.3 A.34.8 Arterial Pulse Waveform IOD: the plethysmogram of a pulse oximeter."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import ArterialPulseWaveformStorage

from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.recording import Recording

SOURCE = Code("109116", "DCM", "Arterial Pulse Waveform")
"""Channel source: the one code of PS3.16 CID 3004."""

IOD = WaveformIod(
    title="an arterial pulse waveform",
    sop_class_uid=ArterialPulseWaveformStorage,
    modality="HD",
    interpretations=("SB", "SS"),
    rates_hz=(0.0, 600.0),
)
"""Its content constraints: A.34.8.4."""


def describe(recording: Recording, context: Context) -> Dataset:
    """The data set of a recording.

    Raises:
        UnsupportedError: the class cannot carry so many groups, channels or samples, or this rate.
        InputError: shapes or numbers do not fit together.
    """
    return IOD.describe(recording, context)
