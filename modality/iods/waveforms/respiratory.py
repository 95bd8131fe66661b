"""PS3.3 A.34.9 Respiratory Waveform IOD."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import RespiratoryWaveformStorage

from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.waveforms.iod import WaveformIod
from modality.iods.waveforms.recording import Recording

RESPIRATION = Code("109117", "DCM", "Respiration Waveform")
AIRFLOW = Code("130421", "DCM", "Airflow")
PRESSURE = Code("130426", "DCM", "Respiratory Pressure")
CO2 = Code("130439", "DCM", "CO2 Waveform Main-stream")
"""Channel sources of PS3.16 CID 3005."""

IOD = WaveformIod(
    title="a respiratory waveform",
    sop_class_uid=RespiratoryWaveformStorage,
    modality="RESP",
    interpretations=("SB", "SS"),
    rates_hz=(0.0, 100.0),
)
"""Its content constraints: A.34.9.4."""


def describe(recording: Recording, context: Context) -> Dataset:
    """The data set of a recording.

    Raises:
        UnsupportedError: the class cannot carry so many groups, channels or samples, or this rate.
        InputError: shapes or numbers do not fit together.
    """
    return IOD.describe(recording, context)
