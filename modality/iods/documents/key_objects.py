"""PS3.3 A.35.4 Key Object Selection Document IOD, by PS3.16 TID 2010."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from modality.errors import InputError
from modality.iods.captured import context_modules
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.documents.content import KeyObjects
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.document.content_items import container, device_observer, reference_item, text_item
from modality.iods.modules.document.general import document_general, evidence
from modality.iods.modules.document.series import document_series

MODALITY = "KO"
_DESCRIPTION = Code("113012", "DCM", "Key Object Description")


def describe(selection: KeyObjects, context: Context) -> Dataset:
    """The data set of a selection.

    Raises:
        InputError: nothing is selected, or objects of several studies, each of which needs a selection of its own.
    """
    if not selection.objects:
        raise InputError(f"{selection.title.meaning}: nothing is selected")
    if len({one.study_uid for one in selection.objects}) > 1:
        raise InputError(f"{selection.title.meaning}: objects of several studies: make a selection in each of them")
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY, series=document_series)
    document_general(dataset, context, selection.created, selection.number)
    dataset.CurrentRequestedProcedureEvidenceSequence = evidence(selection.objects)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "2010"
    dataset.ContentTemplateSequence = [template]
    description = [text_item("CONTAINS", _DESCRIPTION, selection.description)] if selection.description else []
    items = [*device_observer(context.equipment), *description, *map(reference_item, selection.objects)]
    container(dataset, selection.title, items)
    uid = context.identity.uid("instance", selection.number)
    sop_common(dataset, context, sop_class_uid=KeyObjectSelectionDocumentStorage, sop_instance_uid=uid)
    return dataset
