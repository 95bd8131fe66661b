"""One sample of each measurement that `modality.iods.captured` lists."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from modality.iods.coded import Code, unit
from modality.iods.documents.content import KeyObjects, Pdf, Reference, Report, Result, Section
from modality.iods.measurements.eyes import (
    Autorefraction,
    Cornea,
    Keratometry,
    Lens,
    Lensometry,
    Meridian,
    Prism,
    Refraction,
)
from modality.iods.photographs.capture import Picture, Video
from modality.iods.waveforms import arterial_pulse, respiratory
from modality.iods.waveforms.leads import ECG_LEADS, EEG_LEADS
from modality.iods.waveforms.recording import Channel, Event, Group, Reading, Recording

DATA = Path(__file__).parents[1] / "data" / "video"
TAKEN = datetime(2024, 5, 17, 9, 31, 2, 500000)
STARTED = TAKEN.replace(tzinfo=timezone(timedelta(hours=2)))
SPO2 = Code("59408-5", "LN", "Oxygen saturation in Arterial blood by Pulse oximetry")
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
STUDY = "1.2.276.0.7230010.3.1.2.1"


def wave(channels: tuple[Channel, ...], rate_hz: float, count: int = 200, low: int = -3000, high: int = 3000) -> Group:
    samples = np.random.default_rng(7).integers(low, high + 1, (count, len(channels)))
    return Group(rate_hz, samples, channels)


def pleth(**changes: Any) -> Recording:
    """A minute's worth of unsigned words, as a Nonin of format 7 gives them, shortened."""
    channel = Channel("pleth", arterial_pulse.SOURCE, lowest=0, highest=65535)
    group = wave((channel,), 75.0, 300, 0, 65535)
    readings = (Reading(SPO2, 97, unit("%"), 1.0), Reading(SPO2, 96.5, unit("%"), 2.0))
    return Recording(**{"started": STARTED, "groups": (group,), "readings": readings} | changes)


def electrodes(names: dict[str, Code] | Any, count: int) -> tuple[Channel, ...]:
    chosen = list(names.items())[1 : count + 1]
    return tuple(
        Channel(name, code, unit("uV", "microvolt"), 2.5, low_hz=0.05, high_hz=100, notch_hz=50)
        for name, code in chosen
    )


def ecg(count: int, rate_hz: float = 500) -> Recording:
    return Recording(TAKEN, (wave(electrodes(ECG_LEADS, count), rate_hz),), events=(Event("Button pressed", 0.1),))


def picture(mode: str = "RGB", size: tuple[int, int] = (31, 21)) -> Any:
    """A smooth picture of odd sides."""
    from PIL import Image

    rows, columns = np.mgrid[: size[1], : size[0]]
    colour = np.stack([columns * 8 % 256, rows * 12 % 256, (rows + columns) * 5 % 256], axis=-1).astype(np.uint8)
    return Image.fromarray(colour).convert(mode)


def encoded(image: Any, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg() -> Picture:
    return Picture(encoded(picture(), "JPEG"), TAKEN, "wound.jpg", side="R")


def report() -> Report:
    glucose = Result(
        Code("2345-7", "LN", "Glucose [Mass/volume] in Serum or Plasma"),
        105.5,
        unit("mg/dL"),
        at=STARTED,
        reference="70-99",
        flag="H",
        comment="hemolytic",
    )
    eye = Code("79892-6", "LN", "Right eye Intraocular pressure")
    pressure = Result(eye, 15, unit("mm[Hg]"), site=Code("81745001", "SCT", "Eye"))
    colour = Result(Code("5778-6", "LN", "Color of Urine"), "yellow")
    group = Result(Code("883-9", "LN", "ABO group [Type] in Blood"), Code("112144000", "SCT", "Blood group A"))
    sections = (
        Section(Code("18719-5", "LN", "Chemistry studies"), (glucose, pressure)),
        Section(Code("18729-4", "LN", "Urinalysis studies"), (colour, group)),
    )
    evidence = (
        Reference(STUDY, "1.2.3", "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"),
        Reference("1.2.9", "1.2.3.1", "1.2.840.10008.5.1.4.1.1.9.5.1", "1.2.3.5", kind="WAVEFORM"),
    )
    return Report(Code("11502-2", "LN", "Laboratory report"), TAKEN, sections, evidence)


def selection() -> KeyObjects:
    objects = (
        Reference(STUDY, "1.2.3", "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"),
        Reference(STUDY, "1.2.3", "1.2.840.10008.5.1.4.1.1.7.4", "1.2.3.6", frames=(1, 3)),
        Reference(STUDY, "1.2.4", "1.2.840.10008.5.1.4.1.1.9.5.1", "1.2.3.5", kind="WAVEFORM"),
    )
    return KeyObjects(Code("113000", "DCM", "Of Interest"), TAKEN, objects, "The one with the gap")


def pages() -> Picture:
    return Picture(encoded(picture(), "TIFF", save_all=True, append_images=[picture()] * 2), TAKEN, "scan.tif")


SAMPLES: dict[str, tuple[str, Callable[[], Any]]] = {
    "arterial-pulse": ("waveforms.arterial_pulse", pleth),
    "respiratory": (
        "waveforms.respiratory",
        lambda: Recording(TAKEN, (wave((Channel("flow", respiratory.AIRFLOW, unit("L/min"), 0.1),), 50),)),
    ),
    "12-lead": ("waveforms.twelve_lead_ecg", lambda: ecg(12)),
    "general-ecg": ("waveforms.general_ecg", lambda: ecg(8)),
    "ambulatory": ("waveforms.ambulatory_ecg", lambda: ecg(3, 125)),
    "ecg-32": ("waveforms.general_32_bit_ecg", lambda: ecg(8, 250)),
    "eeg": ("waveforms.scalp_eeg", lambda: Recording(TAKEN, (wave(electrodes(EEG_LEADS, 8), 250, high=1 << 23),))),
    "lensometry": (
        "measurements.lensometry",
        lambda: Lensometry(TAKEN, Lens(-6.5, -1.5, 10, 2, prism=Prism(1, "OUT", 0.5, "DOWN")), Lens(-3.25)),
    ),
    "autorefraction": (
        "measurements.autorefraction",
        lambda: Autorefraction(TAKEN, Refraction(-6.5, -1.5, 10, pupil_mm=4.5), Refraction(-3.25), 64, 61),
    ),
    "keratometry": (
        "measurements.keratometry",
        lambda: Keratometry(TAKEN, Cornea(Meridian(7.5, 90), Meridian(7.8, 180, 43.25))),
    ),
    "pdf": ("documents.encapsulated_pdf", lambda: Pdf(PDF, TAKEN, "Report", Code("11526-1", "LN", "Pathology study"))),
    "sr": ("documents.comprehensive_sr", report),
    "kos": ("documents.key_objects", selection),
    "photograph": ("photographs.vl_photograph", jpeg),
    "capture": ("photographs.secondary_capture", jpeg),
    "pages": ("photographs.secondary_capture", pages),
    "video": (
        "photographs.video",
        lambda: Video((DATA / "avc_high.mp4").read_bytes(), TAKEN, "gait.mp4"),
    ),
}
