"""PS3.3 C.24.2 Encapsulated Document."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.coded import words
from modality.iods.documents.content import Pdf
from modality.iods.values import day, time


def encapsulated_document(dataset: Dataset, document: Pdf, mime_type: str) -> None:
    """The document, its bytes as they are, and a NULL where their number is odd (PS3.5 6.2).

    Args:
        dataset: gets the attributes.
        document: the file.
        mime_type: MIME Type of Encapsulated Document.
    """
    dataset.InstanceNumber = str(document.number)
    dataset.ContentDate = day(document.created)
    dataset.ContentTime = time(document.created)
    dataset.AcquisitionDateTime = ""  # when what the document shows was acquired: it does not say
    dataset.BurnedInAnnotation = "YES" if document.identified else "NO"
    dataset.DocumentTitle = words(document.title)
    dataset.ConceptNameCodeSequence = [document.kind.item()] if document.kind else []
    dataset.MIMETypeOfEncapsulatedDocument = mime_type
    put_in(dataset, document.data)


def put_in(dataset: Dataset, data: bytes) -> None:
    """Put a document's bytes into a data set, in the place of those that were there."""
    dataset.EncapsulatedDocumentLength = len(data)
    dataset.EncapsulatedDocument = data + bytes(len(data) % 2)
