"""PS3.3 C.7.6.22 Specimen: what lies on the slide and how it was prepared (steps by PS3.16 TID 8001 to 8003)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.microscopy.slide import SlideScan
from modality.iods.context import Context
from modality.iods.macros.code import code
from modality.iods.specimens import Specimen, container_of

_SLIDE = ("433466003", "SCT", "Microscope slide")
_SECTION = ("430856003", "SCT", "Tissue section")
_STEPS = "SpecimenPreparationStepContentItemSequence"
_STAINING = ("127790008", "SCT", "Staining")
_PROCESSING = ("9265001", "SCT", "Specimen processing")
_FIXATIVE = ("430864009", "SCT", "Tissue Fixative")
_MEDIUM = ("430863003", "SCT", "Embedding medium")
_HEMATOXYLIN = ("12710003", "SCT", "hematoxylin stain")
_STAINS: dict[str, tuple[tuple[str, str, str] | str, ...]] = {
    "HE": (_HEMATOXYLIN, ("36879007", "SCT", "water soluble eosin stain")),
    "DAB": (_HEMATOXYLIN, "Ki-67 by 3,3'-diaminobenzidine (DAB)"),
}
_ORGANS = {
    "colon": ("71854001", "SCT", "Colon"),
    "breast": ("76752008", "SCT", "Breast"),
}


def specimen(dataset: Dataset, scan: SlideScan, context: Context) -> None:
    """The slide, and each specimen on it: those of the order where it names any, else one drawn from the seed."""
    container = container_of(context)
    dataset.ContainerIdentifier = container.identifier
    dataset.IssuerOfTheContainerIdentifierSequence = list(container.issuer)
    dataset.ContainerTypeCodeSequence = [container.type or code(*_SLIDE)]
    dataset.ContainerComponentSequence = [_component()]
    dataset.SpecimenDescriptionSequence = [_described(one, scan) for one in container.specimens]


def _component() -> Dataset:
    item = Dataset()
    item.ContainerComponentTypeCodeSequence = [code("433472003", "SCT", "Microscope slide coverslip")]
    item.ContainerComponentMaterial = "GLASS"
    return item


def _described(one: Specimen, scan: SlideScan) -> Dataset:
    item = Dataset()
    item.SpecimenIdentifier = one.identifier
    item.IssuerOfTheSpecimenIdentifierSequence = list(one.issuer)
    item.SpecimenUID = one.uid
    item.SpecimenTypeCodeSequence = [one.type or code(*_SECTION)]
    item.SpecimenShortDescription = one.description or f"{scan.phantom.kind} section, {scan.protocol.stain}"
    item.SpecimenPreparationSequence = [
        _step(
            one.identifier,
            _PROCESSING,
            _coded(("430864009", "SCT", "Tissue Fixative"), ("431510009", "SCT", "Formalin")),
        ),
        _step(
            one.identifier,
            _PROCESSING,
            _coded(("430863003", "SCT", "Embedding medium"), ("311731000", "SCT", "Paraffin wax")),
        ),
        _step(one.identifier, _STAINING, *map(_substance, _STAINS[scan.protocol.stain])),
    ]
    organ = _ORGANS.get(scan.phantom.kind)
    if organ:
        item.PrimaryAnatomicStructureSequence = [code(*organ)]
    return item


def _step(identifier: str, processing: tuple[str, str, str], *items: Dataset) -> Dataset:
    step = Dataset()
    of_what = _written(("121041", "DCM", "Specimen Identifier"), identifier)
    setattr(step, _STEPS, [of_what, _coded(("111701", "DCM", "Processing type"), processing), *items])
    return step


def _substance(what: tuple[str, str, str] | str) -> Dataset:
    name = ("424361007", "SCT", "Using substance")
    return _written(name, what) if isinstance(what, str) else _coded(name, what)


def _coded(name: tuple[str, str, str], value: tuple[str, str, str]) -> Dataset:
    item = Dataset()
    item.ValueType = "CODE"
    item.ConceptNameCodeSequence = [code(*name)]
    item.ConceptCodeSequence = [code(*value)]
    return item


def _written(name: tuple[str, str, str], value: str) -> Dataset:
    item = Dataset()
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = [code(*name)]
    item.TextValue = value
    return item
