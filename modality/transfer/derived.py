"""An instance made from another with loss: a new instance that names its source (PS3.3 C.7.6.1.1.2, C.12.4)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.identity import uid
from modality.transfer.syntaxes import TransferSyntax


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item


def derive_lossy(dataset: Dataset, syntax: TransferSyntax, quality: float | None) -> None:
    """Make a data set that was compressed with loss an instance of its own.

    Image Type says DERIVED, the derivation is coded (PS3.16 CID 7203, 113040), the source is referenced as the
    uncompressed predecessor (CID 7202, 121320), and the SOP Instance UID is new: the same for the same source, syntax
    and quality.
    """
    source = Dataset()
    source.ReferencedSOPClassUID = dataset.SOPClassUID
    source.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    source.PurposeOfReferenceCodeSequence = [_code("121320", "Uncompressed predecessor")]
    dataset.SourceImageSequence = [*(dataset.get("SourceImageSequence") or []), source]
    dataset.DerivationCodeSequence = [
        *(dataset.get("DerivationCodeSequence") or []),
        _code("113040", "Lossy Compression"),
    ]
    dataset.DerivationDescription = f"Lossy compression: {syntax.keyword}"
    if dataset.get("ImageType"):
        dataset.ImageType = ["DERIVED", *list(dataset.ImageType)[1:]]
    dataset.SOPInstanceUID = uid("lossy", str(dataset.SOPInstanceUID), syntax.uid, quality)
