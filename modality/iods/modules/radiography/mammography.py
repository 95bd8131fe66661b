"""PS3.3 C.8.11.6 Mammography Series and C.8.11.7 Mammography Image."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiography.mammogram import Mammogram
from modality.iods.image import Image
from modality.iods.macros.code import code
from modality.iods.modules.radiography.views import shown
from modality.iods.values import decimal

BREAST = ("76752008", "SCT", "Breast")
"""PS3.16 CID 4013 Mammography Anatomic Region, Table L-1."""

_OBLIQUE_DEG = 45.0


def mammography_image(dataset: Dataset, image: Image[Mammogram]) -> None:
    """Which breast, seen how; all of it is in the view, and nothing was implanted."""
    mammogram = image.acquisition
    oblique = mammogram.protocol.view == "MLO"
    sign = 1.0 if mammogram.phantom.laterality == "R" else -1.0
    dataset.PositionerType = "MAMMOGRAPHIC"
    dataset.PositionerPrimaryAngle = decimal(sign * _OBLIQUE_DEG if oblique else 0.0)
    dataset.ImageLaterality = str(mammogram.phantom.laterality)
    dataset.OrganExposed = "BREAST"
    dataset.AnatomicRegionSequence = [code(*BREAST)]
    dataset.ViewCodeSequence = [code(*shown(mammogram).code)]
    dataset.ViewCodeSequence[0].ViewModifierCodeSequence = []
    dataset.PartialView = "NO"
    dataset.BreastImplantPresent = "NO"
