"""PS3.3 Table 10-7 General Anatomy Optional Macro."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.dataset import Dataset

from modality.iods.macros.code import code

# PS3.16 Table L-1: Body Part Examined and the code that says the same.
_REGIONS: Mapping[str, tuple[str, str, str]] = {
    "ABDOMEN": ("818981001", "SCT", "Abdomen"),
    "CHEST": ("816094009", "SCT", "Chest"),
    "HEAD": ("69536005", "SCT", "Head"),
    "KNEE": ("72696002", "SCT", "Knee"),
    "LSPINE": ("122496007", "SCT", "Lumbar spine"),
    "PHANTOM": ("706342009", "SCT", "Phantom"),
}


_WHOLE_BODY = ("38266002", "SCT", "Entire body")


def region(body_part: str) -> Dataset:
    """The code of a body part; that of the whole body for what the table lacks."""
    return code(*_REGIONS.get(body_part, _WHOLE_BODY))


def general_anatomy(dataset: Dataset, body_part: str) -> None:
    """Set Anatomic Region Sequence, where the body part has a code.

    Args:
        dataset: gets the attribute.
        body_part: Body Part Examined.
    """
    if body_part in _REGIONS:
        dataset.AnatomicRegionSequence = [code(*_REGIONS[body_part])]
