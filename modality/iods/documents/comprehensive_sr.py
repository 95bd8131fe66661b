"""PS3.3 A.35.3 Comprehensive SR IOD: results of a device.

No template is named: the tree is a title, language, observer (PS3.16 TID 1204, 1002, 1004) and sections of results,
which is none of PS3.16's root templates; TID 1500 is for measurements on images.
"""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage

from modality.errors import InputError
from modality.iods.captured import context_modules
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.documents.content import Report
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.document.content_items import (
    LANGUAGE,
    code_item,
    container,
    device_observer,
    reference_item,
    result_item,
    section,
)
from modality.iods.modules.document.general import document_general, evidence
from modality.iods.modules.document.series import document_series

MODALITY = "SR"
_SOURCE = Code("121112", "DCM", "Source of Measurement")


def describe(report: Report, context: Context) -> Dataset:
    """The data set of a report.

    Raises:
        InputError: it holds no results, a section is empty, or a value is none.
    """
    if not report.sections or not all(one.results for one in report.sections):
        raise InputError(f"{report.title.meaning}: a report needs results, and each section one at least")
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY, series=document_series)
    document_general(dataset, context, report.created, report.number)
    dataset.CompletionFlag = "COMPLETE" if report.complete else "PARTIAL"
    dataset.VerificationFlag = "UNVERIFIED"
    dataset.PerformedProcedureCodeSequence = []
    own = evidence(one for one in report.evidence if one.study_uid == context.study.uid)
    other = evidence(one for one in report.evidence if one.study_uid != context.study.uid)
    if own:
        dataset.CurrentRequestedProcedureEvidenceSequence = own
    if other:
        dataset.PertinentOtherEvidenceSequence = other
    container(
        dataset,
        report.title,
        [
            code_item("HAS CONCEPT MOD", LANGUAGE, report.language),
            *device_observer(context.equipment),
            *(section(one.heading, map(result_item, one.results)) for one in report.sections),
            *(reference_item(one, _SOURCE) for one in report.evidence),
        ],
    )
    uid = context.identity.uid("instance", report.number)
    sop_common(dataset, context, sop_class_uid=ComprehensiveSRStorage, sop_instance_uid=uid)
    return dataset
