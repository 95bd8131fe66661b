"""PS3.3 A.34.12 Routine Scalp EEG Waveform IOD, whose interruptions start a new instance."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import RoutineScalpElectroencephalogramWaveformStorage

from modality.iods.context import Context
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.recording import Recording

IOD = WaveformIod(
    title="a routine scalp EEG",
    sop_class_uid=RoutineScalpElectroencephalogramWaveformStorage,
    modality="EEG",
    interpretations=("SS", "SL"),
    channels=64,
    gaps=False,
)
"""Its content constraints: A.34.12.4."""


def describe(recording: Recording, context: Context) -> Dataset:
    """The data set of a recording.

    Raises:
        UnsupportedError: the class cannot carry so many groups, channels or samples, this rate, or gaps.
        InputError: shapes or numbers do not fit together.
    """
    return IOD.describe(recording, context)
