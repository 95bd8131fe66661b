"""PS3.3 C.8.12.5 Optical Path, and the macro that names a frame's (C.8.12.6.2)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.microscopy.slide import OpticalPath, SlideScan
from modality.iods.macros.code import code
from modality.iods.modules.microscopy.icc_profile import srgb_profile


def optical_path(dataset: Dataset, scan: SlideScan, paths: tuple[OpticalPath, ...]) -> None:
    """The light that the image was taken in, and how its colours are meant."""
    dataset.OpticalPathSequence = [_described(path, scan) for path in paths]


def _described(path: OpticalPath, scan: SlideScan) -> Dataset:
    item = Dataset()
    item.OpticalPathIdentifier = path.identifier
    item.OpticalPathDescription = path.description
    item.IlluminationTypeCodeSequence = [code(*path.illumination)]  # CID 8123
    item.IlluminationColorCodeSequence = [code("414298005", "SCT", "Full Spectrum")]
    item.ObjectiveLensPower = f"{scan.protocol.objective_power:g}"
    item.ICCProfile = srgb_profile()
    item.ColorSpace = "SRGB"
    return item


def path_identification(item: Dataset, identifier: str) -> None:
    """Optical Path Identification Macro."""
    path = Dataset()
    path.OpticalPathIdentifier = identifier
    item.OpticalPathIdentificationSequence = [path]
