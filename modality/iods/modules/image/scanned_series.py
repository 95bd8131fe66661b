"""PS3.3 C.7.3.1 General Series: the attributes that depend on what was scanned."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.image import Image, Taken


def scanned_series(dataset: Dataset, image: Image[Taken]) -> None:
    """Body part and position of the patient: phantoms lie head first and supine."""
    dataset.BodyPartExamined = image.acquisition.body_part
    dataset.PatientPosition = "HFS"
