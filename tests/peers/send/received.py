"""What a peer received."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom import Dataset


def by_uid(paths: list[Path]) -> dict[str, Dataset]:
    """Files by SOP Instance UID."""
    return {str(dataset.SOPInstanceUID): dataset for dataset in map(pydicom.dcmread, paths)}


def syntaxes(datasets: dict[str, Dataset]) -> set[str]:
    """The transfer syntaxes that they are in."""
    return {one.file_meta.TransferSyntaxUID.keyword for one in datasets.values()}
