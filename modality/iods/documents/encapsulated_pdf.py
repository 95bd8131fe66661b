"""PS3.3 A.45.1 Encapsulated PDF IOD."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from modality.errors import InputError
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.documents.content import Pdf
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.document.encapsulated_document import encapsulated_document
from modality.iods.modules.document.sc_equipment import sc_equipment

MODALITY = "DOC"
_HEADER, _END = b"%PDF-", b"%%EOF"
_HEADER_WITHIN = 1024  # bytes: as readers allow (ISO 32000 wants it at the start)
_LARGEST = 0xFFFFFFFE  # a length is even, and of 32 bits (PS3.5 7.1)
_LONGEST_TITLE = 1024  # characters of VR ST


def describe(document: Pdf, context: Context) -> Dataset:
    """The data set of a PDF.

    Raises:
        InputError: the bytes are no whole PDF, or the title is too long.
    """
    _check(document)
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY)
    sc_equipment(dataset, context, "WSD")
    encapsulated_document(dataset, document, "application/pdf")
    uid = context.identity.uid("instance", document.number)
    sop_common(dataset, context, sop_class_uid=EncapsulatedPDFStorage, sop_instance_uid=uid)
    return dataset


def _check(document: Pdf) -> None:
    data, source = document.data, document.source
    if not data:
        raise InputError(f"{source}: empty, and no PDF")
    if _HEADER not in data[:_HEADER_WITHIN]:
        raise InputError(f"{source}: not a PDF: no {_HEADER.decode()} at its start")
    if data.rfind(_END) < 0:
        raise InputError(f"{source}: the PDF breaks off: no {_END.decode()} at its end; was it copied as a whole?")
    if len(data) > _LARGEST:
        raise InputError(f"{source}: {len(data)} bytes are more than one instance holds")
    if len(document.title) > _LONGEST_TITLE:
        raise InputError(f"{source}: the title is longer than {_LONGEST_TITLE} characters")
