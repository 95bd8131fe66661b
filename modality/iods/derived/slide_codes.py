"""What the nuclei and the regions of a stained section are called in SNOMED CT and DICOM's own codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Concept(NamedTuple):
    """A code: Code Value, Coding Scheme Designator and Code Meaning."""

    value: str
    scheme: str
    meaning: str


class NucleusCode(NamedTuple):
    """Category (CID 7150) and type (CID 8135) of an annotated nucleus, and the structure that it is a part of."""

    category: Concept
    type: Concept
    structure: Concept


class RegionCode(NamedTuple):
    """Segmented Property Category (CID 7150) and Type of a region."""

    category: Concept
    type: Concept


_ANATOMY = Concept("91723000", "SCT", "Anatomical Structure")
_ABNORMAL = Concept("49755003", "SCT", "Morphologically Abnormal Structure")
_PLACE = Concept("309825002", "SCT", "Spatial and Relational Concept")
_TISSUE = Concept("85756007", "SCT", "Tissue")
_NUCLEUS = Concept("84640000", "SCT", "Nucleus")
_EPITHELIUM = Concept("31610004", "SCT", "Epithelium")

NUCLEI: Mapping[str, NucleusCode] = {
    "epithelial": NucleusCode(_ANATOMY, _NUCLEUS, _EPITHELIUM),
    "tumour": NucleusCode(_ABNORMAL, _NUCLEUS, _EPITHELIUM),
    "lymphocyte": NucleusCode(_ANATOMY, _NUCLEUS, Concept("56972008", "SCT", "Lymphocyte")),
    "fibroblast": NucleusCode(_ANATOMY, _NUCLEUS, Concept("21793004", "SCT", "Connective tissue")),
    "muscle": NucleusCode(_ANATOMY, _NUCLEUS, Concept("91727004", "SCT", "Muscle tissue")),
}
"""By the class that the truth gives a nucleus."""

REGIONS: Mapping[str, RegionCode] = {
    "tissue": RegionCode(_TISSUE, _TISSUE),
    "normal": RegionCode(_TISSUE, Concept("17621005", "SCT", "Normal")),
    "inflamed": RegionCode(_ABNORMAL, Concept("23583003", "SCT", "Inflammation")),
    "tumour": RegionCode(_ABNORMAL, Concept("108369006", "SCT", "Neoplasm")),
    "fold": RegionCode(_TISSUE, Concept("111207", "DCM", "Image artifact(s)")),
    "hole": RegionCode(_PLACE, Concept("125040", "DCM", "Background")),
}
"""By the name of a region, in the order of the segments. Of a fold no context group knows more than an artifact."""
