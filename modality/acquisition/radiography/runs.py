"""Runs of a C-arm (XA) and of a fluoroscope (RF), planned: what is set, and what is usual."""

from __future__ import annotations

from dataclasses import replace

from modality.acquisition.radiography import display
from modality.acquisition.radiography.bolus import Bolus
from modality.acquisition.radiography.chain import Detector
from modality.acquisition.radiography.cine import Cine
from modality.acquisition.radiography.cone import Cone
from modality.acquisition.radiography.protocol import BUCKY, RQA5_PHOTONS, Protocol, Tube
from modality.acquisition.radiography.radiograph import checked, sized
from modality.errors import UsageError
from phantoms.anatomy.torso.arteries import Vessels
from phantoms.phantom import Phantom

LEAST_KVP, MOST_KVP = 50.0, 125.0
"""Tube voltages of angiography and fluoroscopy."""

_SOURCE_MM, _DETECTOR_MM = 750.0, 1050.0  # isocentre and detector from the focal spot: customary, our choice
_FIELD_MM = 400.0
_MOST_FRAMES, _MOST_RATE = 600, 30.0
_MOST_ANGLE = (120.0, 45.0)


def _planned(
    phantom: Phantom,
    protocol: Protocol,
    seed: int,
    rows: int,
    columns: int,
    frames: int,
    rate: float,
    mask_frames: int,
    angles: tuple[float, float],
    iodine_mg_ml: float,
    table_mm_s: float,
) -> Cine:
    tube = protocol.tube
    checked("kvp", tube.kvp, LEAST_KVP, MOST_KVP)
    if tube.mas is not None:
        checked("mas", tube.mas, 0.001, 1000.0)
    checked("frames", frames, 1, _MOST_FRAMES)
    checked("frame_rate", rate, 0.5, _MOST_RATE)
    checked("mask_frames", mask_frames, 0, max(0, frames - 1))
    checked("primary_deg", angles[0], -_MOST_ANGLE[0], _MOST_ANGLE[0])
    checked("secondary_deg", angles[1], -_MOST_ANGLE[1], _MOST_ANGLE[1])
    checked("iodine_mg_ml", iodine_mg_ml, 0.0, 400.0)
    checked("table_mm_s", table_mm_s, -100.0, 100.0)
    if table_mm_s and angles[1]:
        raise UsageError("table_mm_s: the table moves only while the beam runs level; leave secondary_deg at 0")
    if table_mm_s and mask_frames:
        raise UsageError("table_mm_s: a mask fits no other place of the table; set this or mask_frames to 0")
    frame_time = round(1000.0 / rate, 3)
    low, high = phantom.bounds.low_mm, phantom.bounds.high_mm
    center = (
        round((low[0] + high[0]) / 2.0, 3),
        round((low[1] + high[1]) / 2.0, 3),
        round(sum(phantom.scan_range_mm) / 2.0 + table_mm_s * (frames - 1) / rate / 2.0, 3),
    )
    pitch = sized(rows, columns, _FIELD_MM)
    cone = Cone(center, _SOURCE_MM, _DETECTOR_MM, rows, columns, pitch, angles[0], angles[1])
    bolus = None
    if iodine_mg_ml and isinstance(phantom, Vessels):
        start = max(0.1, (max(1, mask_frames) - 0.5) / rate)
        bolus = Bolus(iodine_mg_ml, round(start, 6))
    return Cine(phantom, protocol, cone, seed, frames, frame_time, mask_frames, table_mm_s, bolus)


_ANGIOGRAPHIC = Detector(0.62, RQA5_PHOTONS, blur_mm=0.17, electronics=5.0)
_SCATTER = replace(BUCKY, primary=0.72, scattered=0.15)


def xa(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 512,
    columns: int = 512,
    frames: int = 12,
    frame_rate: float = 3.0,
    mask_frames: int | None = None,
    primary_deg: float = 0.0,
    secondary_deg: float = 0.0,
    iodine_mg_ml: float = 110.0,
    table_mm_s: float = 0.0,
    kvp: float = 75.0,
    mas: float | None = None,
    grid: bool = True,
    focal_spot_mm: float = 0.6,
) -> Cine:
    """Plan an angiogram.

    Args:
        phantom: the patient; an agent flows through the phantom vessels only.
        seed: of the noise.
        rows: rows of the detector; the height of the field stays.
        columns: columns of the detector, whose pixels are square.
        frames: how many, 1 to 600.
        frame_rate: a second, 0.5 to 30.
        mask_frames: how many of them come before the agent and are a mask for subtraction; 0 for none. 2 by default,
            fewer in a run so short, and none where the table moves.
        primary_deg: turn of the detector to the patient's left (LAO), or right where negative (RAO), -120 to 120.
        secondary_deg: to his head, or feet where negative, -45 to 45.
        iodine_mg_ml: greatest concentration of the agent where it is injected, 0 to 400.
        table_mm_s: speed of the table, the patient towards his head; -100 to 100, only without a mask.
        kvp: tube voltage in kV, 50 to 125.
        mas: tube current times time of a frame; automatic exposure control by default.
        grid: whether an anti-scatter grid stands before the detector.
        focal_spot_mm: width of the focal spot, 0 to 3.

    Raises:
        UsageError: an option is out of range.
    """
    if mask_frames is None:
        mask_frames = 0 if table_mm_s else max(0, min(2, frames - 1))
    checked("focal_spot_mm", focal_spot_mm, 0.0, 3.0)
    protocol = Protocol(
        "", Tube(kvp, mas, 300.0, focal_spot_mm), _SOURCE_MM, _DETECTOR_MM, 2.4, _ANGIOGRAPHIC,
        replace(_SCATTER, grid=grid), display.Look(),
    )  # fmt: skip
    return _planned(
        phantom, protocol, seed, rows, columns, frames, frame_rate, mask_frames, (primary_deg, secondary_deg),
        iodine_mg_ml, table_mm_s,
    )  # fmt: skip


def rf(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 512,
    columns: int = 512,
    frames: int = 10,
    frame_rate: float = 3.0,
    mask_frames: int = 0,
    primary_deg: float = 0.0,
    iodine_mg_ml: float = 160.0,
    table_mm_s: float = 12.0,
    kvp: float = 72.0,
    mas: float | None = None,
    grid: bool = True,
    focal_spot_mm: float = 0.6,
) -> Cine:
    """Plan a fluoroscopic run: fewer photons a frame than an angiogram, and a table that follows the agent.

    Args:
        phantom: the patient; an agent flows through the phantom vessels only.
        seed: of the noise.
        rows: rows of the detector; the height of the field stays.
        columns: columns of the detector, whose pixels are square.
        frames: how many, 1 to 600.
        frame_rate: a second, 0.5 to 30.
        mask_frames: how many of them come before the agent and are a mask for subtraction; 0 for none.
        primary_deg: turn of the detector to the patient's left, or right where negative, -120 to 120.
        iodine_mg_ml: greatest concentration of the agent where it is injected, 0 to 400.
        table_mm_s: speed of the table, the patient towards his head; -100 to 100, only without a mask.
        kvp: tube voltage in kV, 50 to 125.
        mas: tube current times time of a frame; automatic exposure control by default.
        grid: whether an anti-scatter grid stands before the detector.
        focal_spot_mm: width of the focal spot, 0 to 3.

    Raises:
        UsageError: an option is out of range.
    """
    checked("focal_spot_mm", focal_spot_mm, 0.0, 3.0)
    protocol = Protocol(
        "", Tube(kvp, mas, 80.0, focal_spot_mm), _SOURCE_MM, _DETECTOR_MM, 0.25, _ANGIOGRAPHIC,
        replace(_SCATTER, grid=grid), display.Look(),
    )  # fmt: skip
    return _planned(
        phantom, protocol, seed, rows, columns, frames, frame_rate, mask_frames, (primary_deg, 0.0), iodine_mg_ml,
        table_mm_s,
    )  # fmt: skip
