"""What every IOD that is described from a device's data has: modules of the context, and instances ready to leave.

Each such module has a function ``describe(measurement, context)``, which gives the data set of one instance:

=============================== ================================ =================================================
module                          measurement                      SOP Class
=============================== ================================ =================================================
waveforms.arterial_pulse        waveforms.recording.Recording    Arterial Pulse Waveform
waveforms.respiratory           waveforms.recording.Recording    Respiratory Waveform
waveforms.twelve_lead_ecg       waveforms.recording.Recording    12-lead ECG Waveform
waveforms.general_ecg           waveforms.recording.Recording    General ECG Waveform
waveforms.ambulatory_ecg        waveforms.recording.Recording    Ambulatory ECG Waveform
waveforms.general_32_bit_ecg    waveforms.recording.Recording    General 32-bit ECG Waveform
waveforms.scalp_eeg             waveforms.recording.Recording    Routine Scalp EEG Waveform
measurements.lensometry         measurements.eyes.Lensometry     Lensometry Measurements
measurements.autorefraction     measurements.eyes.Autorefraction Autorefraction Measurements
measurements.keratometry        measurements.eyes.Keratometry    Keratometry Measurements
documents.encapsulated_pdf      documents.content.Pdf            Encapsulated PDF
documents.comprehensive_sr      documents.content.Report         Comprehensive SR
documents.key_objects           documents.content.KeyObjects     Key Object Selection Document
photographs.vl_photograph       photographs.capture.Picture      VL Photographic Image
photographs.secondary_capture   photographs.capture.Picture      Secondary Capture; multi-frame where it has pages
photographs.video               photographs.capture.Video        Video Photographic Image
=============================== ================================ =================================================

Some give Pixel Data that is encapsulated already, a JPEG or a video whose bytes stay as they are: `prepared` encodes
every one of these data sets as it is meant.
"""

from __future__ import annotations

import struct
from typing import Protocol

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

from modality.iods.context import Context
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.transfer.encode import around_pixels, prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.pixels import PixelElement
from modality.transfer.syntaxes import BY_UID, TransferSyntax

# The element around the fragments, and what ends them (PS3.5 A.4).
_FRAGMENTS_HEADER = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_SEQUENCE_DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


class SeriesModule(Protocol):
    """A module of the series, such as General Series."""

    def __call__(self, dataset: Dataset, context: Context, *, modality: str) -> None:
        """Set its attributes."""


def context_modules(
    dataset: Dataset, context: Context, *, modality: str, series: SeriesModule = general_series
) -> None:
    """Patient, study, series and equipment.

    Args:
        dataset: gets the attributes.
        context: of the instance.
        modality: Modality, which the IOD fixes.
        series: the module of the series.
    """
    patient(dataset, context)
    general_study(dataset, context)
    patient_study(dataset, context)
    series(dataset, context, modality=modality)
    general_equipment(dataset, context)


def header(context: Context, *, modality: str) -> Dataset:
    """What the attributes of patient, study and series will say, before there is an instance that says it."""
    dataset = Dataset()
    context_modules(dataset, context, modality=modality)
    return dataset


def prepared(dataset: Dataset, source: str = "") -> PreparedInstance:
    """A described data set, ready to leave: as it is where its Pixel Data is encapsulated already, else natively.

    Args:
        dataset: what a `describe` gave.
        source: where it came from, for messages.
    """
    meta = getattr(dataset, "file_meta", None)
    if meta is None:
        return prepare(dataset, source=source)
    syntax = BY_UID.get(meta.TransferSyntaxUID) or TransferSyntax(meta.TransferSyntaxUID, "", encapsulated=True)
    element = PixelElement([_FRAGMENTS_HEADER, bytes(dataset.PixelData), _SEQUENCE_DELIMITER])
    head, after = around_pixels(dataset, syntax, element)
    return PreparedInstance(syntax.uid, head, [*element.parts, *after], source)


def encapsulate_as_is(dataset: Dataset, stream: bytes, transfer_syntax_uid: str, *, offsets: bool = True) -> None:
    """Give a data set Pixel Data that is a codec's own stream: one frame, or all frames of a video (PS3.5 A.4).

    Args:
        dataset: gets Pixel Data, and a file meta information that names the syntax.
        stream: goes in one fragment; its bytes stay as they are, and a NULL makes their number even.
        transfer_syntax_uid: that of the stream.
        offsets: write a Basic Offset Table; of a video it is empty.
    """
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
    dataset.add_new("PixelData", "OB", encapsulate([stream], has_bot=offsets))
    dataset["PixelData"].is_undefined_length = True
