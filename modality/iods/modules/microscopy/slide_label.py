"""PS3.3 C.8.12.8 Slide Label."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.specimens import container_of


def label_lines(context: Context) -> tuple[str, ...]:
    """What is printed on the label, under the barcode: the slide, the order and the patient."""
    lines = (container_of(context).identifier, context.study.accession_number, context.patient.patient_id)
    return tuple(line for line in lines if line)


def slide_label(dataset: Dataset, context: Context) -> None:
    """What the label says: the barcode holds the container's identifier."""
    dataset.BarcodeValue = container_of(context).identifier
    dataset.LabelText = "\r\n".join(label_lines(context))
