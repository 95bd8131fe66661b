"""PS3.3 C.17.2 SR Document General and C.17.6.2 Key Object Document: when, for which requests, on what evidence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.documents.content import Reference
from modality.iods.macros.code import copied_codes
from modality.iods.macros.reference import copied_references, reference
from modality.iods.values import day, time
from modality.protocol.worklist import ScheduledStep, text


def document_general(dataset: Dataset, context: Context, created: datetime, number: int) -> None:
    """What both kinds of document have.

    Args:
        dataset: gets the attributes.
        context: of the document.
        created: Content Date and Time.
        number: Instance Number.
    """
    dataset.InstanceNumber = str(number)
    dataset.ContentDate = day(created)
    dataset.ContentTime = time(created)
    requests = [_request(request) for request in context.study.requests if request.study_uid]
    if requests:
        dataset.ReferencedRequestSequence = requests


def _request(request: ScheduledStep) -> Dataset:
    item = Dataset()
    item.StudyInstanceUID = request.study_uid
    item.ReferencedStudySequence = copied_references(request.referenced_studies)
    item.AccessionNumber = request.accession_number
    item.PlacerOrderNumberImagingServiceRequest = text(request.item, "PlacerOrderNumberImagingServiceRequest")
    item.FillerOrderNumberImagingServiceRequest = text(request.item, "FillerOrderNumberImagingServiceRequest")
    item.RequestedProcedureID = request.requested_procedure_id
    item.RequestedProcedureDescription = request.requested_procedure_description
    item.RequestedProcedureCodeSequence = copied_codes(request.requested_procedure_codes)
    return item


def evidence(references: Iterable[Reference]) -> list[Dataset]:
    """Instances by study and series, each once (Table C.17-3)."""
    studies: dict[str, dict[str, dict[str, str]]] = {}
    for one in references:
        series = studies.setdefault(one.study_uid, {}).setdefault(one.series_uid, {})
        series[one.sop_instance_uid] = one.sop_class_uid
    items = []
    for study_uid, by_series in studies.items():
        study = Dataset()
        study.StudyInstanceUID = study_uid
        study.ReferencedSeriesSequence = [_series(uid, instances) for uid, instances in by_series.items()]
        items.append(study)
    return items


def _series(series_uid: str, instances: dict[str, str]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = series_uid
    series.ReferencedSOPSequence = [reference(sop_class, uid) for uid, sop_class in instances.items()]
    return series
