"""PS3.3 C.8.7.8 X-Ray Acquisition Dose, C.8.7.9 X-Ray Generation, C.8.7.10 X-Ray Filtration and C.8.7.11 X-Ray Grid."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiography.mammogram import Mammogram
from modality.acquisition.radiography.radiograph import Exposure
from modality.iods.image import Image
from modality.iods.values import decimal, decimals

UGY_M2_OF_DGY_CM2 = 10.0
"""A kerma-area product of 1 dGy cm2 in uGy m2."""
_UAS_OF_MAS = 1000.0


def x_ray_generation(dataset: Dataset, image: Image[Exposure]) -> None:
    """What the tube gave."""
    exposure = image.acquisition
    tube = exposure.protocol.tube
    dataset.KVP = decimal(tube.kvp)
    dataset.XRayTubeCurrent = str(round(tube.current_ma))
    dataset.ExposureTime = str(max(1, round(exposure.exposure_time_ms)))
    if round(exposure.mas):
        dataset.Exposure = str(round(exposure.mas))  # of less than 1 mAs its finer twin alone
    dataset.ExposureInuAs = str(round(exposure.mas * _UAS_OF_MAS))
    dataset.ExposureControlMode = "AUTOMATIC" if tube.mas is None else "MANUAL"
    if tube.focal_spot_mm:
        dataset.FocalSpots = [decimal(tube.focal_spot_mm)]
    dataset.AnodeTargetMaterial = "TUNGSTEN"


def x_ray_filtration(dataset: Dataset, image: Image[Exposure]) -> None:
    """What filters the beam."""
    thickness = image.acquisition.protocol.tube.filter_mm
    dataset.FilterType = "FLAT"
    dataset.FilterMaterial = "ALUMINUM"
    dataset.FilterThicknessMinimum = dataset.FilterThicknessMaximum = decimals((thickness,))


def x_ray_grid(dataset: Dataset, image: Image[Exposure]) -> None:
    """Whether a grid keeps scatter from the detector."""
    dataset.Grid = ["FOCUSED", "RECIPROCATING"] if image.acquisition.protocol.scatter.grid else "NONE"


def x_ray_acquisition_dose(dataset: Dataset, image: Image[Exposure]) -> None:
    """What reached the patient, free in air, and the gland of a breast."""
    exposure = image.acquisition
    dose = exposure.dose
    dataset.EntranceDoseInmGy = decimal(round(dose["entrance_air_kerma_mgy"], 5))
    dataset.ImageAndFluoroscopyAreaDoseProduct = decimal(
        round(dose["kerma_area_product_ugy_m2"] / UGY_M2_OF_DGY_CM2, 6)
    )
    dataset.DistanceSourceToEntrance = decimal(exposure.entrance_mm)
    cone = exposure.cone
    # Of the field at the entrance to the patient, in cm.
    share = exposure.entrance_mm / cone.detector_mm
    sides = [max(1, round(size * cone.pitch_mm * share / 10.0)) for size in (cone.columns, cone.rows)]
    dataset.ExposedArea = sides
    if isinstance(exposure, Mammogram):
        dataset.OrganDose = decimal(round(exposure.glandular_dose_mgy / 100.0, 6))
