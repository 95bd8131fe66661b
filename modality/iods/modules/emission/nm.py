"""PS3.3 C.8.4: the modules of a gamma camera's images; which vectors index their frames follows from the study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.acquisition.emission.gamma import Gamma
from modality.acquisition.emission.tomogram import SMOOTHING_FWHM_MM, Tomogram
from modality.iods.image import Image
from modality.iods.macros.code import code
from modality.iods.modules.emission.radiopharmaceutical import injected
from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.values import decimal, decimals
from modality.iods.values import time as time_of_day

ASSUMED_KG = 70.0
"""Weight of a patient of whom none is known: what is injected needs one."""

_ENERGY_SHARE = 0.1  # of the photopeak's energy, either way: a window of 20 %, which is customary
_MOST_OF_IS = 2**31 - 1
_VIEWS = {
    180.0: ("399321004", "SCT", "Anterior projection"),
    0.0: ("399001007", "SCT", "Posterior projection"),
}
"""PS3.16 CID 26 Nuclear Medicine Projections."""
FUROSEMIDE = ("387475002", "SCT", "Furosemide")
"""As SNOMED CT names the substance."""
_RR_SHARE = 0.15  # by which accepted beats may differ: our choice

VECTORS: Mapping[str, tuple[str, ...]] = {
    "STATIC": ("EnergyWindowVector", "DetectorVector"),
    "DYNAMIC": ("EnergyWindowVector", "DetectorVector", "PhaseVector", "TimeSliceVector"),
    "GATED": ("EnergyWindowVector", "DetectorVector", "RRIntervalVector", "TimeSlotVector"),
    "TOMO": ("EnergyWindowVector", "DetectorVector", "RotationVector", "AngularViewVector"),
    "RECON TOMO": ("SliceVector",),
}
"""What Frame Increment Pointer names, by Image Type value 3 (C.8.4.8.1)."""


def _milliseconds(seconds: float) -> str:
    """Actual Frame Duration, in ms."""
    return str(max(1, round(seconds * 1000.0)))


def nm_image_pixel(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.7 beside C.7.6.3: square pixels, their size at the detector."""
    camera = image.acquisition.cameras[0]
    dataset.PixelSpacing = decimals((camera.pixel_mm, camera.pixel_mm))


def nm_multi_frame(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.8: which frame is which, from 1."""
    study = image.acquisition
    times, frames = study.times, len(study)
    names = VECTORS[study.protocol.study]
    dataset.NumberOfFrames = str(frames)
    dataset.FrameIncrementPointer = [Tag(name) for name in names]
    ones = [1] * frames
    in_phase, seen = [], dict.fromkeys(range(frames), 0)
    for time in times:
        seen[time.phase] += 1
        in_phase.append(seen[time.phase])
    static = study.protocol.study == "STATIC"
    values = {
        "EnergyWindowVector": ones,
        "DetectorVector": [time.camera + 1 for time in times] if static else ones,
        "PhaseVector": [time.phase + 1 for time in times],
        "TimeSliceVector": in_phase,
        "RRIntervalVector": ones,
        "TimeSlotVector": list(range(1, frames + 1)),
        "RotationVector": ones,
        "AngularViewVector": list(range(1, frames + 1)),
        "SliceVector": list(range(1, frames + 1)),
    }
    for name in names:
        setattr(dataset, name, values[name])
    dataset.NumberOfEnergyWindows = 1
    dataset.NumberOfDetectors = len(study.cameras) if static else 1
    if study.protocol.study == "DYNAMIC":
        dataset.NumberOfPhases = times[-1].phase + 1
    if study.protocol.study == "GATED":
        dataset.NumberOfRRIntervals, dataset.NumberOfTimeSlots = 1, frames
    if study.protocol.study in ("TOMO", "RECON TOMO"):
        dataset.NumberOfRotations = 1
    if study.protocol.study == "RECON TOMO":
        dataset.NumberOfSlices = frames


def nm_image(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.9: what sort of study, and all that was counted."""
    study = image.acquisition
    dataset.ImageType = ["ORIGINAL", "PRIMARY", study.protocol.study, "EMISSION"]
    dataset.CountsAccumulated = str(min(_MOST_OF_IS, study.counts))
    dataset.AcquisitionTerminationCondition = "TIME"
    if study.protocol.study == "STATIC":
        dataset.ActualFrameDuration = _milliseconds(study.times[0].duration_s)
    if study.protocol.study == "GATED":
        dataset.TriggerSourceOrType = "EKG"
    widest = max(1.0, round(study.brightest, 3))
    voi_lut(dataset, (Window(round(widest / 2.0, 4), widest, "COUNTS"),))


def nm_isotope(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.10: the window around the photopeak, what was injected, in MBq, and the diuretic."""
    study, context = image.acquisition, image.context
    protocol = study.protocol
    peak = protocol.tracer.isotope.energy_kev
    limits = Dataset()
    limits.EnergyWindowLowerLimit = decimal(round(peak * (1.0 - _ENERGY_SHARE), 3))
    limits.EnergyWindowUpperLimit = decimal(round(peak * (1.0 + _ENERGY_SHARE), 3))
    window = Dataset()
    window.EnergyWindowName = protocol.tracer.isotope.name
    window.EnergyWindowRangeSequence = [limits]
    dataset.EnergyWindowInformationSequence = [window]
    at = context.series.started - timedelta(seconds=protocol.uptake_s)
    weight_kg = context.patient.weight_kg or ASSUMED_KG
    dose_mbq = round(protocol.dose_mbq_per_kg * weight_kg, 6)
    dataset.RadiopharmaceuticalInformationSequence = [injected(protocol.tracer, at, dose_mbq)]
    if study.renogram is not None and study.renogram.diuresis_s is not None:
        drug = Dataset()
        drug.InterventionDrugName = FUROSEMIDE[2]
        drug.InterventionDrugStartTime = time_of_day(at + timedelta(seconds=study.renogram.diuresis_s))
        drug.InterventionDrugCodeSequence = [code(*FUROSEMIDE)]
        dataset.InterventionDrugInformationSequence = [drug]


def nm_detector(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.11: each detector, where it stands and what is before it; the one of a tomogram where it begins."""
    study = image.acquisition
    items = []
    for camera in study.cameras if study.protocol.study == "STATIC" else study.cameras[:1]:
        item = Dataset()
        item.CollimatorGridName = study.collimator.name
        item.CollimatorType = "PARA"
        item.FieldOfViewShape = "RECTANGLE"
        # The row dimension first, which is row spacing times Rows (as C.8.11.4.1.1 has it).
        item.FieldOfViewDimensions = [str(round(side * camera.pixel_mm)) for side in (camera.rows, camera.columns)]
        item.FocalDistance = "0"
        item.StartAngle = decimal(camera.angle_deg)
        item.RadialPosition = [decimal(camera.radius_mm)]
        if isinstance(study, Tomogram):  # where the slices lie, and no more the detector (C.8.4.11)
            geometry = study.geometry
            item.ImageOrientationPatient = decimals((*geometry.row_direction, *geometry.column_direction))
            item.ImagePositionPatient = decimals(geometry.position_mm(0))
        else:
            item.ImageOrientationPatient = decimals((*camera.directions[0], 0.0, 0.0, -1.0))
            item.ImagePositionPatient = decimals(camera.first_pixel_mm)
        if camera.angle_deg in _VIEWS:
            item.ViewCodeSequence = [code(*_VIEWS[camera.angle_deg])]
        items.append(item)
    dataset.DetectorInformationSequence = items


def nm_tomo(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.12: once around the patient, from before him over his right."""
    study = image.acquisition
    first, frames = study.cameras[0], len(study.cameras)
    item = Dataset()
    item.StartAngle = decimal(first.angle_deg)
    item.AngularStep = decimal(round(360.0 / frames, 6))
    item.RotationDirection = "CC"
    item.ScanArc = "360"
    item.ActualFrameDuration = _milliseconds(study.times[0].duration_s)
    item.RadialPosition = decimals(camera.radius_mm for camera in study.cameras)
    item.NumberOfFramesInRotation = frames
    dataset.RotationInformationSequence = [item]
    dataset.TypeOfDetectorMotion = "STEP AND SHOOT"


def nm_reconstruction(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.12 of the views, and C.8.4.15 of the slices that were reconstructed from them."""
    nm_tomo(dataset, image)
    study = image.acquisition
    assert isinstance(study, Tomogram)
    geometry = study.geometry
    dataset.SpacingBetweenSlices = decimal(geometry.slice_spacing_mm)
    dataset.SliceThickness = decimal(geometry.slice_thickness_mm)
    dataset.ReconstructionDiameter = decimal(round(max(geometry.field_of_view_mm), 4))
    dataset.ConvolutionKernel = f"RAMP GAUSS {SMOOTHING_FWHM_MM:g}"
    dataset.CorrectedImage = "ATTN"


def nm_gated(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.13: the beats that were taken, and their slots."""
    study = image.acquisition
    beat_ms, slots = 60000.0 / study.protocol.heart_rate, len(study)
    dataset.BeatRejectionFlag = "Y"
    dataset.HeartRate = str(round(study.protocol.heart_rate))
    data = Dataset()
    data.FrameTime = decimal(round(beat_ms / slots, 4))
    data.NominalInterval = str(round(beat_ms))
    data.LowRRValue = str(round(beat_ms * (1.0 - _RR_SHARE)))
    data.HighRRValue = str(round(beat_ms * (1.0 + _RR_SHARE)))
    data.IntervalsAcquired = str(max(1, round(slots * study.times[0].duration_s * 1000.0 / beat_ms)))
    data.IntervalsRejected = "0"
    data.TimeSlotInformationSequence = []
    for _ in range(slots):
        slot = Dataset()
        slot.TimeSlotTime = decimal(round(study.times[0].duration_s * 1000.0, 3))
        data.TimeSlotInformationSequence.append(slot)
    gate = Dataset()
    gate.TriggerTime = "0"
    gate.CardiacFramingType = "FORW"
    gate.DataInformationSequence = [data]
    dataset.GatedInformationSequence = [gate]


def nm_phase(dataset: Dataset, image: Image[Gamma]) -> None:
    """C.8.4.14: how long the frames of each phase take."""
    times = image.acquisition.times
    dataset.PhaseInformationSequence = []
    for number in range(times[-1].phase + 1):
        mine = [time for time in times if time.phase == number]
        item = Dataset()
        item.PhaseDelay = "0"
        item.ActualFrameDuration = _milliseconds(mine[0].duration_s)
        item.PauseBetweenFrames = "0"
        item.NumberOfFramesInPhase = len(mine)
        item.PhaseDescription = "FLOW" if times[-1].phase and not number else "UPTAKE"
        dataset.PhaseInformationSequence.append(item)


OF_STUDY: Mapping[str, Callable[[Dataset, Image[Gamma]], None]] = {
    "TOMO": nm_tomo,
    "RECON TOMO": nm_reconstruction,
    "GATED": nm_gated,
    "DYNAMIC": nm_phase,
}
"""The module that a study alone has, by Image Type value 3."""


def nm_of_study(dataset: Dataset, image: Image[Gamma]) -> None:
    """The module that the study alone has, if any."""
    own = OF_STUDY.get(image.acquisition.protocol.study)
    if own is not None:
        own(dataset, image)
