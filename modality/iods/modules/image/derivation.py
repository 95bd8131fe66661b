"""PS3.3 C.7.6.1 General Image: what a derived image was made from, and C.7.6.16.2.11 what its values mean."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset

from modality.iods.macros.code import code

_PROCESSED = ("121322", "DCM", "Source image for image processing operation")  # PS3.16 CID 7202


def derivation(dataset: Dataset, sources: Iterable[Dataset], how: tuple[str, str, str], description: str) -> None:
    """Source images and derivation.

    Args:
        dataset: gets the attributes.
        sources: references to the source images; they get their purpose.
        how: the code of PS3.16 CID 7203.
        description: Derivation Description.
    """
    dataset.SourceImageSequence = []
    for source in sources:
        source.PurposeOfReferenceCodeSequence = [code(*_PROCESSED)]
        dataset.SourceImageSequence.append(source)
    dataset.DerivationDescription = description
    dataset.DerivationCodeSequence = [code(*how)]


def real_world_values(
    dataset: Dataset, *, label: str, explanation: str, unit: tuple[str, str], quantity: tuple[str, str, str], last: int
) -> None:
    """Stored values are values in a unit, one for one.

    Args:
        dataset: gets the attribute.
        label: LUT Label.
        explanation: LUT Explanation.
        unit: UCUM code and its meaning.
        quantity: the code of what is measured.
        last: the largest stored value.
    """
    item = Dataset()
    item.RealWorldValueFirstValueMapped = 0
    item["RealWorldValueFirstValueMapped"].VR = "US"
    item.RealWorldValueLastValueMapped = last
    item["RealWorldValueLastValueMapped"].VR = "US"
    item.RealWorldValueIntercept = 0.0
    item.RealWorldValueSlope = 1.0
    item.LUTExplanation = explanation
    item.LUTLabel = label
    item.MeasurementUnitsCodeSequence = [code(unit[0], "UCUM", unit[1])]
    measured = Dataset()
    measured.ValueType = "CODE"
    measured.ConceptNameCodeSequence = [code("246205007", "SCT", "Quantity")]
    measured.ConceptCodeSequence = [code(*quantity)]
    item.QuantityDefinitionSequence = [measured]
    dataset.RealWorldValueMappingSequence = [item]
