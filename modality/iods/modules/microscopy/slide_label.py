"""PS3.3 C.8.12.8 Slide Label."""

from __future__ import annotations

from collections.abc import Collection

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.specimens import container_of

_LINE_END = "\r\n"
_PRINTED = ("ContainerIdentifier", "AccessionNumber", "PatientID")


def slide_label(dataset: Dataset, context: Context) -> None:
    """What the label says, the slide, the order and the patient: the barcode holds the container's identifier."""
    dataset.BarcodeValue = container_of(context).identifier
    dataset.LabelText = _text(dataset)


def relabel(dataset: Dataset, given: Collection[str]) -> None:
    """Let the label of a data set say what its attributes say, once they are set.

    Args:
        dataset: is changed where it has a label.
        given: keywords that are set, and stay as they are.
    """
    if "LabelText" in dataset and "LabelText" not in given:
        dataset.LabelText = _text(dataset)
    if "BarcodeValue" in dataset and "BarcodeValue" not in given:
        dataset.BarcodeValue = str(dataset.get("ContainerIdentifier") or "")


def printed(dataset: Dataset) -> tuple[str, tuple[str, ...]]:
    """What is printed on the label of a data set: what the barcode holds, and the lines below it."""
    return str(dataset.get("BarcodeValue") or ""), tuple(str(dataset.get("LabelText") or "").splitlines())


def _text(dataset: Dataset) -> str:
    return _LINE_END.join(filter(None, (str(dataset.get(keyword) or "") for keyword in _PRINTED)))
