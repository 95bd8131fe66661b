from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

import phantoms
from modality.acquisition.frames import Frame
from modality.identity import Identity, Patient
from modality.iods.context import Context, Equipment, PerformedStep, Series, Study
from modality.iods.kind import Kind
from modality.protocol.worklist import ScheduledStep
from modality.registry import KINDS

STARTED = datetime(2024, 5, 17, 9, 30, 15, 250000)
STUDY_UID = "1.2.276.0.7230010.3.1.2.1"


def code_item(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def reference_item(sop_class: str, instance: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return item


def full_request(number: int = 1) -> ScheduledStep:
    step = Dataset()
    step.ScheduledProcedureStepID = f"SPS{number}"
    step.ScheduledProcedureStepDescription = "Scan of the head"
    step.ScheduledProtocolCodeSequence = [code_item(f"P{number}", "99LAB", "Head routine")]
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 100"
    item.AccessionNumber = f"ACC{number}"
    item.StudyInstanceUID = STUDY_UID
    item.RequestedProcedureID = f"RP{number}"
    item.RequestedProcedureDescription = "Schädel"
    item.RequestedProcedureCodeSequence = [code_item("24725-4", "LN", "CT Head")]
    item.ReasonForTheRequestedProcedure = "Fall"
    item.ReferencedStudySequence = [reference_item("1.2.840.10008.3.1.2.3.1", STUDY_UID)]
    item.ReferencedPatientSequence = [reference_item("1.2.840.10008.3.1.2.1.1", "1.2.3.4")]
    item.Allergies = "Latex"
    item.PregnancyStatus = 4
    item.ScheduledProcedureStepSequence = [step]
    return ScheduledStep(item)


def sparse_request() -> ScheduledStep:
    """What a careless RIS answers: empty values, empty items, items that lack half of their macro."""
    step = Dataset()
    step.ScheduledProcedureStepID = ""
    step.ScheduledProtocolCodeSequence = [Dataset()]
    item = Dataset()
    item.AccessionNumber = ""
    item.StudyInstanceUID = ""
    item.RequestedProcedureCodeSequence = []
    item.ReferencedStudySequence = [reference_item("", "1.2.3")]
    item.PregnancyStatus = None
    item.ScheduledProcedureStepSequence = [step]
    return ScheduledStep(item)


REQUESTS: dict[str, tuple[ScheduledStep, ...]] = {
    "full": (full_request(),),
    "grouped": (full_request(1), full_request(2)),
    "sparse": (sparse_request(),),
    "unscheduled": (),
}


@pytest.fixture
def make_context() -> Callable[..., Context]:
    """A context whose worklist step is full, grouped, sparse or none."""

    def make(worklist: str = "full", *, kind: str = "ct", patient: Patient | None = None, mpps: bool = True) -> Context:
        requests = REQUESTS[worklist]
        identity = Identity(5, (kind, worklist))
        known = worklist in ("full", "grouped")
        full_patient = Patient("SIM1", "Müller^Jörg", "19500229", "M", "ISO_IR 100", "HOSPITAL", 1.8, 81.5)
        study = Study(
            uid=identity.uid("study"),
            started=STARTED,
            study_id="S1" if known else "",
            accession_number="ACC1" if known else "",
            description="CT Schädel" if known else "",
            referring_physician="Weiß^Anna" if known else "",
            requests=requests,
        )
        step = PerformedStep(identity.uid("step") if mpps else "", "PPS1", STARTED, "Head" if known else "")
        series = Series(
            uid=identity.uid("series"),
            number=3,
            started=STARTED,
            frame_of_reference_uid=identity.uid("frame of reference"),
            description="Head 2.5 mm" if known else "",
            protocol_name="HEAD" if known else "",
            performed_step=None if worklist == "unscheduled" and not mpps else step,
            performing_physician="Roe^Jane" if known else "",
            operators_name="Doe^John" if known else "",
        )
        return Context(patient or (full_patient if known else Patient("", "")), study, series, identity, Equipment())

    return make


@pytest.fixture
def make_acquisition() -> Callable[..., Any]:
    """A small scan of the water phantom, said to be of some body part, on any grid."""

    def make(kind: str = "ct", *, body_part: str = "HEAD", slices: int = 3, geometry: Any = None) -> Any:
        phantom = replace(phantoms.water(), body_part=body_part)
        loaded: Kind = KINDS.load(kind)
        acquisition = loaded.acquire(phantom, seed=1, rows=24, columns=32, slices=slices)
        return acquisition if geometry is None else replace(acquisition, geometry=geometry)

    return make


@pytest.fixture
def blank_frame() -> Callable[..., Frame]:
    return lambda index=0, rows=24, columns=32: Frame(index, np.zeros((rows, columns), np.uint16))


@pytest.fixture
def make_dataset(make_context, make_acquisition) -> Callable[..., Dataset]:
    """The first image of a kind."""

    def make(kind: str = "ct", worklist: str = "full", *, body_part: str = "HEAD", **context: Any) -> Dataset:
        acquisition = make_acquisition(kind, body_part=body_part, slices=1)
        return next(KINDS.load(kind).describe(acquisition, make_context(worklist, kind=kind, **context)))

    return make
