"""PS3.3 A.34.3 12-Lead ECG IOD."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import TwelveLeadECGWaveformStorage

from modality.iods.context import Context
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.recording import Recording

IOD = WaveformIod(
    title="a 12-lead ECG",
    sop_class_uid=TwelveLeadECGWaveformStorage,
    modality="ECG",
    interpretations=("SS",),
    groups=5,
    channels=13,
    all_channels=13,
    samples=16384,
    rates_hz=(200.0, 1000.0),
    enhanced_equipment=False,
)
"""Its content constraints: A.34.3.4."""


def describe(recording: Recording, context: Context) -> Dataset:
    """The data set of a recording.

    Raises:
        UnsupportedError: the class cannot carry so many groups, channels or samples, or this rate.
        InputError: shapes or numbers do not fit together.
    """
    return IOD.describe(recording, context)
