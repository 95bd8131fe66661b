"""PS3.3 C.7.6.14 Acquisition Context."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from modality.iods.image import Image


def acquisition_context(dataset: Dataset, image: Image[Any]) -> None:  # noqa: ARG001 - nothing was noted
    """The conditions of the acquisition; no such thing was noted."""
    dataset.AcquisitionContextSequence = []
