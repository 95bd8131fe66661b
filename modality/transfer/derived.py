"""An instance made from another with loss: a new instance that names its source (PS3.3 C.7.6.1.1.2, C.12.4)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.identity import uid
from modality.transfer.syntaxes import TransferSyntax

_ENHANCED = ("1.2.840.10008.5.1.4.1.1.2.1", "1.2.840.10008.5.1.4.1.1.4.1")  # Enhanced CT and MR Image Storage
_GROUP = "DerivationImageSequence"


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def _evidence(dataset: Dataset) -> Dataset:
    """A reference to an instance with its study and series (PS3.3 Table C.17-3)."""
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID = dataset.SOPClassUID
    instance.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    series.ReferencedSOPSequence = [instance]
    series.SeriesInstanceUID = dataset.SeriesInstanceUID
    study.ReferencedSeriesSequence = [series]
    study.StudyInstanceUID = dataset.StudyInstanceUID
    return study


def derive_lossy(dataset: Dataset, syntax: TransferSyntax, quality: float | None) -> None:
    """Make a data set that was compressed with loss an instance of its own.

    Image Type says DERIVED, the derivation is coded (PS3.16 CID 7203, 113040), the source is referenced as the
    uncompressed predecessor (CID 7202, 121320), and the SOP Instance UID is new: the same for the same source, syntax
    and quality. An enhanced CT or MR image says so in its functional groups (PS3.3 C.7.6.16.2.6), and keeps its Image
    Type: what an enhanced MR image has to have for ORIGINAL it may not have for DERIVED (C.8.13.2).
    """
    source = Dataset()
    source.ReferencedSOPClassUID = dataset.SOPClassUID
    source.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    source.PurposeOfReferenceCodeSequence = [_code("121320", "Uncompressed predecessor")]
    if dataset.SOPClassUID in _ENHANCED and dataset.get("SharedFunctionalGroupsSequence"):
        derivation = Dataset()
        # A group is the frames' own or shared, never both (C.7.6.16.1.1).
        own = [item for item in dataset.get("PerFrameFunctionalGroupsSequence") or () if _GROUP in item]
        for groups in own or dataset.SharedFunctionalGroupsSequence:
            groups.DerivationImageSequence = [*(groups.get(_GROUP) or []), derivation]
        evidence = dataset.get("SourceImageEvidenceSequence") or []
        dataset.SourceImageEvidenceSequence = [*evidence, _evidence(dataset)]
    else:
        derivation = dataset
        if dataset.get("ImageType"):
            dataset.ImageType = ["DERIVED", *list(dataset.ImageType)[1:]]
    derivation.SourceImageSequence = [*(derivation.get("SourceImageSequence") or []), source]
    derivation.DerivationCodeSequence = [
        *(derivation.get("DerivationCodeSequence") or []),
        _code("113040", "Lossy Compression"),
    ]
    derivation.DerivationDescription = f"Lossy compression: {syntax.keyword}"
    dataset.SOPInstanceUID = uid("lossy", str(dataset.SOPInstanceUID), syntax.uid, quality)
