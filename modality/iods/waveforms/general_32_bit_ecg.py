"""PS3.3 A.34.18 General 32-bit ECG IOD."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import General32bitECGWaveformStorage

from modality.iods.context import Context
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.recording import Recording

IOD = WaveformIod(
    title="a general 32-bit ECG",
    sop_class_uid=General32bitECGWaveformStorage,
    modality="ECG",
    interpretations=("SS", "SL"),
    groups=4,
    channels=24,
)
"""Its content constraints: A.34.18.4."""


def describe(recording: Recording, context: Context) -> Dataset:
    """The data set of a recording.

    Raises:
        UnsupportedError: the class cannot carry so many groups, channels or samples, or this rate.
        InputError: shapes or numbers do not fit together.
    """
    return IOD.describe(recording, context)
