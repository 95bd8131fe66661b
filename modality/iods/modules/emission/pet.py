"""PS3.3 C.8.9.1 PET Series, C.8.9.2 PET Isotope and C.8.9.4 PET Image."""

from __future__ import annotations

import math
from datetime import timedelta

from pydicom.dataset import Dataset

from modality.acquisition.emission.pet import PetAcquisition
from modality.iods.image import Image
from modality.iods.modules.emission.radiopharmaceutical import injected
from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.values import date_time, day, decimal, decimals, time

ASSUMED_KG = 70.0
"""Weight of a patient of whom none is known: what is injected needs one, Patient's Weight is then left out."""

_WINDOW_SUV = {"PHANTOM": 5.0, "HEAD": 12.0}  # from 0 to this: our choice
_USUAL_WINDOW_SUV = 7.0
_ENERGY_WINDOW_KEV = (425.0, 650.0)  # our choice, as lutetium scanners have it
_ONLY_COUNTS = 2**31 - 1  # what IS holds


def pet_series(dataset: Dataset, image: Image[PetAcquisition]) -> None:
    """How the series was counted, corrected and reconstructed."""
    scan = image.acquisition
    dataset.Units = "BQML"
    dataset.CountsSource = "EMISSION"
    dataset.SeriesType = ["WHOLE BODY" if scan.beds > 1 else "STATIC", "IMAGE"]
    dataset.NumberOfSlices = len(scan)
    dataset.CorrectedImage = ["NORM", "DTIM", "ATTN", "SCAT", "DECY", "RAN"]
    dataset.RandomsCorrectionMethod = "DLYD"
    dataset.AttenuationCorrectionMethod = "known attenuation of the phantom"
    dataset.ScatterCorrectionMethod = "no scatter simulated"
    dataset.DecayCorrection = "START"
    dataset.ReconstructionDiameter = decimal(max(scan.geometry.field_of_view_mm))
    dataset.ConvolutionKernel = f"Gaussian, {scan.protocol.fwhm_mm:g} mm"
    dataset.ReconstructionMethod = "simulated, time of flight"
    dataset.CollimatorType = "NONE"
    window = Dataset()
    window.EnergyWindowLowerLimit, window.EnergyWindowUpperLimit = decimals(_ENERGY_WINDOW_KEV)
    dataset.EnergyWindowRangeSequence = [window]


def pet_isotope(dataset: Dataset, image: Image[PetAcquisition]) -> None:
    """What was injected: so much that the images' values are the standardized uptake values of the truth.

    SUVbw is the value times Patient's Weight over Radionuclide Total Dose, decayed from Radiopharmaceutical Start Time
    to Series Time, to which Decay Correction START refers.
    """
    scan, context = image.acquisition, image.context
    weight_kg = context.patient.weight_kg or ASSUMED_KG
    at = context.series.started - timedelta(seconds=scan.protocol.uptake_s)
    isotope = scan.tracer.isotope
    item = injected(scan.tracer, at, _injected_bq(scan, weight_kg))
    item.RadionuclideHalfLife = decimal(isotope.half_life_s)
    assert isotope.positron_fraction is not None
    item.RadionuclidePositronFraction = decimal(isotope.positron_fraction)
    item.RadiopharmaceuticalStartDateTime = date_time(at)  # the day before where midnight came between
    dataset.RadiopharmaceuticalInformationSequence = [item]


def dose_of_the_weight(scan: PetAcquisition, dataset: Dataset) -> None:
    """Let the dose follow a Patient's Weight that was set, or the uptake values would be wrong by as much as it.

    Args:
        scan: how much a kilogram gets.
        dataset: a slice, attributes set; its Radionuclide Total Dose is changed. A weight that is none leaves it.
    """
    weight_kg = float(dataset.get("PatientWeight") or 0.0)
    if math.isfinite(weight_kg) and weight_kg > 0.0:
        for item in dataset.RadiopharmaceuticalInformationSequence:  # none where it was emptied
            item.RadionuclideTotalDose = decimal(_injected_bq(scan, weight_kg))


def _injected_bq(scan: PetAcquisition, weight_kg: float) -> float:
    return round(scan.protocol.dose_mbq_per_kg * 1e6 * weight_kg, 3)


def pet_image(dataset: Dataset, image: Image[PetAcquisition]) -> None:
    """The slice: what its values mean, and when it was counted."""
    scan, index = image.acquisition, image.frame.index
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.RescaleIntercept = "0"
    dataset.RescaleSlope = decimal(scan.slope(index))
    dataset.ImageIndex = index + 1
    began = image.context.series.started + timedelta(seconds=scan.start_s(index))
    dataset.AcquisitionDate, dataset.AcquisitionTime = day(began), time(began)
    dataset.ActualFrameDuration = str(round(scan.protocol.duration_s * 1000.0))
    dataset.FrameReferenceTime = decimal(round(scan.reference_s(index) * 1000.0, 3))
    dataset.DecayFactor = decimal(scan.decay_factor(index))
    dataset.DoseCalibrationFactor = "1"
    dataset.PrimaryPromptsCountsAccumulated = str(min(_ONLY_COUNTS, scan.counts(index)))
    dataset.ScatterFractionFactor = "0"
    dataset.DeadTimeFactor = "1"
    voi_lut(dataset, (window_of(scan),))


def window_of(scan: PetAcquisition) -> Window:
    """From nothing to what is much, in Bq/ml."""
    widest = _WINDOW_SUV.get(scan.body_part, _USUAL_WINDOW_SUV) * scan.bq_per_ml_of_suv
    return Window(round(widest / 2.0, 3), max(1.0, round(widest, 3)), "UPTAKE")
