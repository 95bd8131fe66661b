"""Dates and times: nothing happens before what it follows from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from modality.station.consistency.case import Case
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, moment, text

_AGE = re.compile(r"(\d{3})([DWMY])", re.ASCII)
_DAYS = {"D": 1.0, "W": 7.0, "M": 30.4375, "Y": 365.25}
_ACQUISITION = ("AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime")
_STUDY = ("StudyDate", "StudyTime")

Period = tuple[datetime, datetime]


def _ordered(keyword: str, later: Part, after: Period | None, earlier: str, before: Period | None) -> Iterator[Finding]:
    """That what is later is not before what is earlier, as exactly as both are told."""
    if after and before:
        yield Finding(keyword, later.source, f"{after[0]:%Y-%m-%d %H:%M:%S.%f}", earlier,
                      f"{before[0]:%Y-%m-%d %H:%M:%S.%f}", after[1] >= before[0])  # fmt: skip


def _series(case: Case) -> Iterator[Finding]:
    for image in case.images:
        made = moment(image.part.dataset, "SeriesDate", "SeriesTime")
        yield from _ordered("SeriesDate", image.part, made, "study", moment(image.part.dataset, *_STUDY))


def _acquired_in_study(case: Case) -> Iterator[Finding]:
    for image in case.images:
        made = moment(image.part.dataset, *_ACQUISITION)
        yield from _ordered("AcquisitionDate", image.part, made, "study", moment(image.part.dataset, *_STUDY))


def _acquired_after_start(case: Case) -> Iterator[Finding]:
    for image, step in case.images_and_steps():
        start = moment(step.part.dataset, "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime")
        made = moment(image.part.dataset, *_ACQUISITION)
        yield from _ordered("AcquisitionDate", image.part, made, f"start of {step.part.source}", start)


def _acquired_before_end(case: Case) -> Iterator[Finding]:
    for image, step in case.images_and_steps():
        end = moment(step.part.dataset, "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime")
        made = moment(image.part.dataset, *_ACQUISITION)
        yield from _ordered("PerformedProcedureStepEndDate", step.part, end, image.part.source, made)


def _content(case: Case) -> Iterator[Finding]:
    for image in case.images:
        made = moment(image.part.dataset, *_ACQUISITION)
        content = moment(image.part.dataset, "ContentDate", "ContentTime")
        yield from _ordered("ContentDate", image.part, content, "acquisition", made)


def _age(case: Case) -> Iterator[Finding]:
    for image in case.images:
        dataset = image.part.dataset
        age = text(dataset, "PatientAge")
        born, study = moment(dataset, "PatientBirthDate", "PatientBirthTime"), moment(dataset, "StudyDate", "")
        if not (age and born and study):
            continue
        days = (study[0] - born[0]).days
        found = _AGE.fullmatch(age)
        held = False
        if found:
            unit = _DAYS[found[2]]
            slack = 0 if unit < 10 else 2  # months and years differ in length
            held = int(found[1]) * unit - slack <= days <= (int(found[1]) + 1) * unit + slack
        yield Finding("PatientAge", image.part.source, age, "birth to study", f"{days} days", held)


def _born(case: Case) -> Iterator[Finding]:
    for image in case.images:
        born = moment(image.part.dataset, "PatientBirthDate", "PatientBirthTime")
        yield from _ordered("StudyDate", image.part, moment(image.part.dataset, *_STUDY), "birth", born)


RULES = (
    Rule("R80", "A series does not begin before its study", "PS3.3 C.7.2.1, C.7.3.1", "images", _series),
    Rule("R81", "Nothing is acquired before the study or the performed step begins", "PS3.3 C.7.10.1, C.4.14",
         "images, performed step", lambda case: [*_acquired_in_study(case), *_acquired_after_start(case)]),
    Rule("R82", "Nothing is acquired after the performed step has ended", "PS3.3 C.4.14; PS3.4 F.7.2.2.2",
         "images, performed step", _acquired_before_end),
    Rule("R83", "Content does not begin before its acquisition", "PS3.3 C.7.6.1, C.7.10.1", "images", _content),
    Rule("R84", "Age, birth date and study date agree", "PS3.3 C.7.2.2", "images",
         lambda case: [*_age(case), *_born(case)]),
)  # fmt: skip
