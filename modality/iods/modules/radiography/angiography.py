"""PS3.3 C.8.7.1 X-Ray Image, C.8.7.2 X-Ray Acquisition, C.8.7.4 X-Ray Table, C.8.7.5 and C.8.7.6 positioners."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiography.cine import Cine
from modality.iods.image import Image
from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.modules.radiography.exposure import UGY_M2_OF_DGY_CM2
from modality.iods.values import decimal, decimals

_HIGH_DOSE_UGY = 0.5  # of a frame at the detector: from there on it is an acquisition, not fluoroscopy; our choice


def x_ray_image(dataset: Dataset, image: Image[Cine]) -> None:
    """One plane; values in proportion to the beam."""
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]
    dataset.PixelIntensityRelationship = "LIN"
    dataset.LossyImageCompression = "00"
    dataset.PatientOrientation = ["L", "F"] if not image.acquisition.cone.primary_deg else []
    dataset.ImageLaterality = image.acquisition.phantom.laterality
    full = 1 << image.acquisition.protocol.bits_stored
    voi_lut(dataset, (Window(full * 0.3, full * 0.6, "NORMAL"),))


def x_ray_acquisition(dataset: Dataset, image: Image[Cine]) -> None:
    """What the tube gave for each frame, and what the run added up to."""
    cine = image.acquisition
    tube, cone = cine.protocol.tube, cine.cone
    dataset.KVP = decimal(tube.kvp)
    dataset.RadiationSetting = "GR" if cine.protocol.target_ugy >= _HIGH_DOSE_UGY else "SC"
    dataset.RadiationMode = "PULSED"
    dataset.XRayTubeCurrent = str(round(tube.current_ma))
    dataset.ExposureTime = str(max(1, round(cine.pulse_ms)))
    if round(cine.mas):
        dataset.Exposure = str(round(cine.mas))  # of less than 1 mAs its finer twin alone
    dataset.ExposureInuAs = str(round(cine.mas * 1000.0))
    dataset.AveragePulseWidth = decimal(cine.pulse_ms)
    if tube.focal_spot_mm:
        dataset.FocalSpots = [decimal(tube.focal_spot_mm)]
    dataset.Grid = "IN" if cine.protocol.scatter.grid else "NONE"
    dataset.ImagerPixelSpacing = decimals((cone.pitch_mm, cone.pitch_mm))
    dataset.FieldOfViewShape = "RECTANGLE"
    # The row dimension first, which is row spacing times Rows (C.8.7.2, C.8.11.4.1.1).
    dataset.FieldOfViewDimensions = [str(round(side * cone.pitch_mm)) for side in (cone.rows, cone.columns)]
    dataset.ImageAndFluoroscopyAreaDoseProduct = decimal(
        round(cine.dose["kerma_area_product_ugy_m2"] / UGY_M2_OF_DGY_CM2, 6)
    )


def _distances(dataset: Dataset, cine: Cine) -> None:
    cone = cine.cone
    dataset.DistanceSourceToPatient = decimal(cone.source_mm)
    dataset.DistanceSourceToDetector = decimal(cone.detector_mm)
    dataset.EstimatedRadiographicMagnificationFactor = decimal(round(cone.magnification, 4))


def xa_positioner(dataset: Dataset, image: Image[Cine]) -> None:
    """The C-arm, which stands still."""
    cone = image.acquisition.cone
    _distances(dataset, image.acquisition)
    dataset.PositionerMotion = "STATIC"
    dataset.PositionerPrimaryAngle = decimal(cone.primary_deg)
    dataset.PositionerSecondaryAngle = decimal(cone.secondary_deg)


def xrf_positioner(dataset: Dataset, image: Image[Cine]) -> None:
    """The column of a fluoroscope."""
    _distances(dataset, image.acquisition)
    dataset.ColumnAngulation = decimal(image.acquisition.cone.primary_deg)


def x_ray_table(dataset: Dataset, image: Image[Cine]) -> None:
    """How the table moves: along the patient is its lateral increment, positive to the head (C.8.7.4.1.3)."""
    cine = image.acquisition
    dataset.TableMotion = "DYNAMIC" if cine.table_mm_s else "STATIC"
    if cine.table_mm_s:
        still = ["0"] * len(cine)
        dataset.TableVerticalIncrement = dataset.TableLongitudinalIncrement = still if len(cine) > 1 else still[0]
        dataset.TableLateralIncrement = decimals(cine.table_mm(index) for index in range(len(cine)))
