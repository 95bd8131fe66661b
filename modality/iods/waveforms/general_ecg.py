"""PS3.3 A.34.4 General ECG IOD."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import GeneralECGWaveformStorage

from modality.iods.context import Context
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.recording import Recording

IOD = WaveformIod(
    title="a general ECG",
    sop_class_uid=GeneralECGWaveformStorage,
    modality="ECG",
    interpretations=("SS",),
    groups=4,
    channels=24,
    rates_hz=(200.0, 1000.0),
    enhanced_equipment=False,
)
"""Its content constraints: A.34.4.4."""


def describe(recording: Recording, context: Context) -> Dataset:
    """The data set of a recording.

    Raises:
        UnsupportedError: the class cannot carry so many groups, channels or samples, or this rate.
        InputError: shapes or numbers do not fit together.
    """
    return IOD.describe(recording, context)
