"""PS3.3 C.7.2.1 General Study."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.macros.code import copied_codes
from modality.iods.macros.reference import copied_references
from modality.iods.values import day, set_known, time


def general_study(dataset: Dataset, context: Context) -> None:
    """The study as ordered; references and codes are those of every request that it answers."""
    study = context.study
    dataset.StudyInstanceUID = study.uid
    dataset.StudyDate = day(study.started)
    dataset.StudyTime = time(study.started)
    dataset.ReferringPhysicianName = study.referring_physician
    dataset.StudyID = study.study_id
    dataset.AccessionNumber = study.accession_number
    referenced = [item for request in study.requests for item in request.referenced_studies]
    procedures = [item for request in study.requests for item in request.requested_procedure_codes]
    set_known(
        dataset,
        StudyDescription=study.description,
        ReferencedStudySequence=copied_references(referenced),
        ProcedureCodeSequence=copied_codes(procedures),
    )
