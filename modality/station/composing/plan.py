"""What a configuration of a study says: one patient, one order, and series of several kinds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.identity import Patient
from modality.iods.attributes import set_attributes
from modality.iods.setting.private import PrivateBlock
from modality.protocol.repertoire import character_set_for

_CHECKED = {
    "patient_id": "PatientID",
    "name": "PatientName",
    "birth_date": "PatientBirthDate",
    "sex": "PatientSex",
    "issuer": "IssuerOfPatientID",
    "size_m": "PatientSize",
    "weight_kg": "PatientWeight",
    "description": "StudyDescription",
    "accession": "AccessionNumber",
    "study_id": "StudyID",
    "referring_physician": "ReferringPhysicianName",
}


@dataclass(frozen=True, slots=True)
class PatientPlan:
    """What is laid down of the patient; the rest is drawn from the seed.

    Args:
        patient_id: Patient ID.
        name: Patient's Name, components by ``^``.
        birth_date: Patient's Birth Date, YYYYMMDD.
        sex: M, F or O.
        issuer: Issuer of Patient ID.
        size_m: Patient's Size.
        weight_kg: Patient's Weight.
    """

    patient_id: str | None = None
    name: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    issuer: str | None = None
    size_m: float | None = None
    weight_kg: float | None = None

    def __post_init__(self) -> None:
        _check(self)
        if self.size_m is not None and not 0 < self.size_m < 3:
            raise ValueError(f"size_m: {self.size_m} is no height in m")
        if self.weight_kg is not None and not 0 < self.weight_kg < 700:
            raise ValueError(f"weight_kg: {self.weight_kg} is no weight in kg")

    def over(self, drawn: Patient) -> Patient:
        """The patient of a seed, with what is laid down in its place."""
        laid_down = {one.name: value for one in fields(self) if (value := getattr(self, one.name)) is not None}
        if self.name:
            named = Dataset()
            named.PatientName = self.name
            laid_down["character_set"] = character_set_for(named, drawn.character_set) or "ISO_IR 192"
        return replace(drawn, **laid_down)


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What is laid down of the study and its order; the rest is drawn from the seed.

    Args:
        description: Study Description, and that of the requested procedure.
        accession: Accession Number.
        study_id: Study ID.
        referring_physician: Referring Physician's Name.
        started: local date and time of the first series.
        minutes_between: from the start of a series to that of the next.
        set: attributes of every series, by keyword: text, a number, or a list of them.
    """

    description: str = ""
    accession: str | None = None
    study_id: str | None = None
    referring_physician: str = ""
    started: datetime | None = None
    minutes_between: float = 5.0
    set: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check(self)
        if self.started is not None and self.started.tzinfo is not None:
            raise ValueError("started: give a local date and time, without an offset")
        if not 0 <= self.minutes_between <= 24 * 60:
            raise ValueError(f"minutes_between: from 0 to a day, not {self.minutes_between}")


@dataclass(frozen=True, slots=True)
class SeriesOfKind:
    """One series.

    Args:
        kind: an entry of the table of kinds.
        description: Series Description; what the kind and the phantom are called by default.
        phantom: what is scanned; the kind's own by default. A report's is that of what it is about.
        phantom_options: of the phantom's function.
        options: of the kind's acquisition, by the names of its parameters.
        about: of a report: the description of the earlier series that it is about; by default the first of the kind
            that it usually is about, or else of another that it can be about, or of that in its option `about`.
        transfer_syntax: keyword or UID; the kind's own by default.
        quality: of a lossy transfer syntax, on its codec's own scale.
        set: attributes, as those of the study, over which they prevail.
        persona: whose habits its machine has: a shipped one's name, or a TOML beside the configuration; the study's by
            default.
        defects: names of defects that are put into its instances.
    """

    kind: str
    description: str = ""
    phantom: str | None = None
    phantom_options: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""
    transfer_syntax: str | None = None
    quality: float | None = None
    set: Mapping[str, Any] = field(default_factory=dict)
    persona: str = field(default="", repr=False)  # what it does goes into the UIDs by what it holds
    defects: tuple[str, ...] = field(default=(), repr=False)  # an instance and its broken twin have the same UIDs

    def __post_init__(self) -> None:
        if "seed" in (*self.options, *self.phantom_options):
            raise ValueError("seed: it is that of the whole study, and given on the command line")


@dataclass(frozen=True, slots=True)
class ComposedPlan:
    """What a configuration of a study holds.

    Args:
        series: at least one, in order.
        study: what is known of study and order.
        patient: what is known of the patient.
        private: the dictionary of private attributes, which `set` may name too.
        persona: whose habits every machine has that has none of its own, and who names the patient.
    """

    series: tuple[SeriesOfKind, ...]
    study: StudyPlan = field(default_factory=StudyPlan)
    patient: PatientPlan = field(default_factory=PatientPlan)
    private: tuple[PrivateBlock, ...] = ()
    persona: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.series:
            raise ValueError("at least one [[series]] is needed")

    def beside(self, folder: Path) -> ComposedPlan:
        """The plan with the files that it names found in the folder of its configuration."""

        def found(persona: str) -> str:
            return str(folder / persona) if persona.endswith(".toml") else persona

        series = tuple(replace(one, persona=found(one.persona)) for one in self.series)
        return replace(self, series=series, persona=found(self.persona))

    @property
    def digest(self) -> str:
        """What sets this study apart from others of its seed: all that is said, but for how it is encoded."""
        plain = [replace(one, transfer_syntax=None, quality=None) for one in self.series]
        return hashlib.sha256(repr((plain, self.study, self.patient, self.private)).encode()).hexdigest()[:32]


def _check(plan: PatientPlan | StudyPlan) -> None:
    """Each text has to fit its attribute's VR."""
    for one in fields(plan):
        value = getattr(plan, one.name)
        if one.name in _CHECKED and value is not None:
            try:
                set_attributes(Dataset(), {_CHECKED[one.name]: str(value)})
            except UsageError as error:
                reason = str(error).partition("; --defect")[0]  # which breaks instances, and no plan
                raise ValueError(f"{one.name}: {reason}") from error
