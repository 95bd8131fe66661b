"""Instances that tell whom they are of in what is seen of them: drawn for each study, and not stamped alone.

A mould's bytes are shared by all studies of an exam but for the identifiers in its header. Text in pixels or on a page
would stay that of whoever the mould was made of, beside a header that names another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from modality.iods.kind import Kind
from modality.load.exams.plan import PlannedStudy
from modality.station.study import Scan
from modality.transfer.elements import scan as find
from modality.transfer.instance import PreparedInstance

_BURNED_IN_ANNOTATION = 0x00280301


def names_somebody(instance: PreparedInstance) -> bool:
    """Whether a person can be told from what is seen of an instance: Burned In Annotation is YES (PS3.3 C.7.6.1)."""
    syntax, top = instance.syntax, frozenset((_BURNED_IN_ANNOTATION,))
    layout = find(instance.head, explicit=syntax.explicit, little_endian=syntax.little_endian, top=top)
    return any(
        bytes(instance.head[place.offset : place.offset + place.length]).strip() == b"YES"
        for place in layout.places
        if place.tag == _BURNED_IN_ANNOTATION and place.depth == 0
    )


def can_be_drawn(kind: Kind) -> bool:
    """Whether a kind writes what its data set says; a slide's label lies with the slide, which is scanned for long."""
    return kind.told_of is not None and kind.slides is None


def kept(scan: Scan) -> Scan:
    """The scan with each frame kept once it is made, so that it is drawn on again and not made again."""
    return replace(scan, acquisition=_kept(scan.acquisition))


def _kept(acquisition: Any) -> Any:
    if not hasattr(acquisition, "__dict__"):  # somebody else's, which has no room for it
        return acquisition
    made = copy.copy(acquisition)
    inner = vars(made).get("scan")
    if inner is not None:  # of a report
        object.__setattr__(made, "scan", _kept(inner))
    if callable(getattr(acquisition, "frame", None)):
        object.__setattr__(made, "frame", _once(acquisition.frame))
    return made


def _once(frame: Callable[[int], Any]) -> Callable[[int], Any]:
    known: dict[int, Any] = {}

    def kept_frame(index: int) -> Any:
        if index not in known:
            known[index] = frame(index)
        return known[index]

    return kept_frame


def of_study(scan: Scan, study: PlannedStudy, study_id: str) -> Scan:
    """The scan as one of a planned study: its UIDs stay those of the mould, whom and when it is of are the study's.

    Args:
        scan: that the moulds are of.
        study: whose patient and order it names.
        study_id: Study ID.
    """
    context, started, planned = scan.context, study.started, study.patient
    who = replace(
        context.patient,
        patient_id=planned.patient_id,
        name=planned.name,
        birth_date=planned.birth_date,
        sex=planned.sex,
    )
    order = replace(context.study, started=started, accession_number=study.accession_number, study_id=study_id)
    series = replace(context.series, started=started)
    return replace(scan, context=replace(context, patient=who, study=order, series=series))
