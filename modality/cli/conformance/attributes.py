"""The attributes of worklist query, performed step, commitment and images, each with where its value comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.cli.conformance.document import Section, Table
from modality.identity import Identity
from modality.iods.context import Context, Equipment, PerformedStep, Series, Study
from modality.iods.kind import Kind
from modality.protocol import commitment, performed_step, step_states
from modality.protocol.performed_step import PerformedSeries, StepStart
from modality.protocol.worklist import ScheduledStep, WorklistQuery
from modality.registry import KINDS

_FILLED = "modality.iods.modules."
_WORKLIST, _MODALITY, _FIXED, _EMPTY = "worklist", "modality", "fixed by kind and scan", "empty"
_MOMENTS = (datetime(2026, 1, 2, 10, 20, 30), datetime(2027, 3, 4, 5, 6, 7))  # noqa: DTZ001 - as DICOM has it


def sample(number: int) -> ScheduledStep:
    """A scheduled step that answers every return key, each text with a value of its own."""
    item = WorklistQuery().identifier()
    item.SpecificCharacterSet = f"ISO_IR 10{number}"
    _fill(item, f"{number}", iter(range(100, 1000)))
    item.StudyInstanceUID = f"1.2.{number}"
    item.PatientBirthDate = f"19{50 + number}0101"
    item.PatientSex = "FM"[number % 2]
    item.PatientSize, item.PatientWeight, item.PregnancyStatus = f"1.{60 + number}", f"{70 + number}", 3 + number
    return ScheduledStep(item)


def _fill(dataset: Dataset, mark: str, numbers: Iterator[int]) -> None:
    for element in dataset:
        if element.VR == "SQ":
            for inner in element.value:
                _fill(inner, mark, numbers)
        elif element.VR == "UI":
            element.value = f"1.2.{mark}.{next(numbers)}"
        elif element.VR not in ("DS", "US", "DA", "TM", "CS"):
            element.value = f"W{mark}{next(numbers)}"


def _walk(dataset: Dataset, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every element with where it stands; of a sequence its first item."""
    for element in dataset:
        where = f"{path}{element.keyword or element.tag}"
        yield where, element
        if element.VR == "SQ" and element.value:
            yield from _walk(element.value[0], f"{where} > ")


def _tag(keyword: str) -> str:
    number = tag_for_keyword(keyword)
    tag = Tag(number) if number is not None else None
    return f"({tag.group:04X},{tag.element:04X})" if tag is not None else ""


def worklist_keys() -> Section:
    """The worklist query: what is matched, and what is asked for (PS3.4 Table K.6-1)."""
    asked = {one.name: "X" for one in fields(WorklistQuery) if one.name != "date"}
    narrowed = dict(_walk(WorklistQuery(date=_MOMENTS[0].date(), **asked).identifier()))
    rows = []
    for where, element in _walk(WorklistQuery().identifier()):
        keyed = narrowed[where].value not in (element.value, [])
        matching = keyed and element.VR != "SQ"
        rows.append((where, _tag(element.keyword), element.VR, "yes" if matching else "", "yes"))
    return Section(
        "Modality Worklist query attributes",
        (
            (
                "One query asks for every key, so that no second one is needed; a range is used for the start date "
                "alone. An item that lacks any of them, sequences included, still starts a procedure."
            ),
        ),
        (Table("Keys of the worklist query", ("Attribute", "Tag", "VR", "Matching key", "Return key"), rows),),
    )


def performed_step_attributes() -> Section:
    """What N-CREATE and N-SET hold, and where it comes from (PS3.4 Table F.7.2-1)."""
    scheduled = sample(1)
    start = StepStart(
        "STATION", "CT", "PPSID", "1.2.1", "STUDYID", _MOMENTS[0], scheduled, "DESCRIPTION", "NAME", "HERE"
    )
    created = performed_step.create(start)
    series = PerformedSeries("1.3", "PROTOCOL", "SERIES", "ARCHIVE", "PHYSICIAN", "OPERATOR", [("1.4", "1.5")])
    reasons = performed_step.DISCONTINUATION_REASONS
    finished = performed_step.finish(_MOMENTS[1], [series], reason=next(iter(reasons)))
    known = {str(element.value) for _, element in _walk(scheduled.item) if element.VR != "SQ"} - {""}
    rows = []
    for where, element in _walk(created):
        kind = _type_of(step_states.CREATE_ATTRIBUTES, where)
        rows.append((where, _tag(element.keyword), element.VR, "N-CREATE", kind, _source(element, known)))
    for where, element in _walk(finished):
        kind = _type_of(step_states.FINAL_ATTRIBUTES, where) or _type_of(step_states.SET_ATTRIBUTES, where)
        rows.append((where, _tag(element.keyword), element.VR, "N-SET", kind, _source(element, known)))
    transitions = [
        (state or "(none)", ", ".join(sorted(after)) or "nothing more")
        for state, after in step_states.TRANSITIONS.items()
    ]
    return Section(
        "Modality Performed Procedure Step attributes",
        (
            (
                "N-CREATE when a step begins, N-SET when it ends; the last N-SET lists every instance created. The "
                "RIS judges what it is told by the same table."
            ),
        ),
        (
            Table(
                "Attributes of N-CREATE and of the final N-SET",
                ("Attribute", "Tag", "VR", "Message", "Type", "Value from"),
                rows,
            ),
            Table("States of a performed step", ("From", "To"), transitions),
            Table("Reasons for discontinuation (CID 9300)", ("Code (DCM)", "Meaning"), list(reasons.items())),
        ),
    )


def _type_of(requirements: step_states.Requirements, where: str) -> str:
    kind, table = "", requirements
    for keyword in where.split(" > "):
        found = table.get(keyword)
        if found is None:
            return ""
        kind, table = (found, {}) if isinstance(found, str) else found
    return kind


def _source(element: Any, known: set[str]) -> str:
    if element.VR == "SQ":
        return _EMPTY if not element.value else "see its item"
    value = str(element.value) if element.value is not None else ""
    return _EMPTY if not value else _WORKLIST if value in known else _MODALITY


def commitment_attributes() -> Section:
    """What a request for commitment holds, and how a report is read (PS3.4 annex J)."""
    rows = [
        (where, _tag(element.keyword), element.VR)
        for where, element in _walk(commitment.action("1.2", [("1.3", "1.4")]))
    ]
    reasons = [(f"{number:04X}H", meaning) for number, meaning in commitment.FAILURE_REASONS.items()]
    return Section(
        "Storage Commitment attributes",
        (
            (
                "A fresh Transaction UID for each N-ACTION. A report is taken on the same association or on another "
                "one that the archive opens, and always answered; what is pending stays on disk over a restart, and "
                "what failed is stored and asked for again."
            ),
        ),
        (
            Table("Attributes of the N-ACTION", ("Attribute", "Tag", "VR"), rows),
            Table("Failure reasons known", ("Reason", "Meaning"), reasons),
        ),
    )


def _context(number: int) -> Context:
    """A context whose every text is of the order, or of the modality, and of no other context."""
    scheduled = sample(number)
    who = replace(scheduled.patient, birth_date=f"19{60 + number}0101", sex="FM"[number % 2])
    identity, moment = Identity(number, ("conformance",)), _MOMENTS[number]
    study = Study(
        scheduled.study_uid,
        moment,
        f"S{number}",
        scheduled.accession_number,
        scheduled.requested_procedure_description,
        scheduled.referring_physician,
        (scheduled,),
    )
    step = PerformedStep(identity.uid("performed step"), f"P{number}", moment, scheduled.description)
    series = Series(
        identity.uid("series"),
        1 + number,
        moment,
        identity.uid("frame"),
        f"Series {number}",
        scheduled.description,
        step,
        scheduled.performing_physician,
        f"Operator {number}",
    )
    machine = Equipment("Maker", "Model", f"STATION{number}", f"{number}", f"v{number}", f"House {number}", "Radiology")
    return Context(who, study, series, identity, machine)


def _described(kind: Kind, acquisition: Any, context: Context) -> Dataset | None:
    """One small instance of a kind, without its pixel data; None where a kind is described in another way."""
    if kind.iod is not None:
        return kind.iod.describe_frame(acquisition, context, next(iter(acquisition)))
    if kind.multi_frame is not None:
        return kind.multi_frame.describe(acquisition, context)
    if kind.slides is not None:
        series = kind.slides(acquisition, context)
        whole: Dataset = series.describe(series.levels(None, None)[0][0])
        return whole
    if kind.describe is not None:
        return next(kind.describe(acquisition, context))
    return None


def _small(kind: Kind) -> Any:
    """A small scan: as few pixels as the kind takes."""
    from modality.station.study import acquire, load_phantom

    phantom = None if kind.default_phantom is None else load_phantom(kind.default_phantom, seed=1)
    takes = inspect.signature(kind.acquire).parameters
    sizes = {"rows": 256, "columns": 256} if kind.slides else {"rows": 64, "columns": 64, "slices": 2}
    if kind.multi_frame and isinstance(getattr(takes.get("frames"), "default", None), int):
        sizes["frames"] = 2
    if kind.reports:  # of a scan that shows something
        sizes |= {"slices": 40, "grid_mm": 12}
    return acquire(kind, phantom, seed=1, **{name: value for name, value in sizes.items() if name in takes})


def images() -> Section:
    """Each kind of instance: its modules, and its attributes with where their values come from."""
    return Section(
        "Attributes of the instances made here",
        (
            (
                f"`{_WORKLIST}`: as the worklist item has it; `{_MODALITY}`: made for each study, series or "
                f"instance; `{_FIXED}`: the same whoever is scanned. Only what is filled is listed; of a sequence "
                "the first item is shown. `--set Keyword=Value` sets any attribute over these."
            ),
        ),
        sections=[_kind(name, KINDS.load(name)) for name in KINDS.names()],
    )


def _kind(name: str, kind: Kind) -> Section:
    acquisition = _small(kind)
    first, second = (_described(kind, acquisition, _context(number)) for number in (0, 1))
    rows = []
    if first is not None and second is not None:
        known = {str(element.value) for _, element in _walk(sample(0).item) if element.VR != "SQ"} - {""}
        known |= {_context(0).patient.birth_date, _context(0).patient.sex}
        others = dict(_walk(second))
        for where, element in _walk(first):
            if element.VR == "SQ":
                source = "see its item" if element.value else _EMPTY
            elif element.keyword == "PixelData":
                source = _MODALITY
            elif element.is_empty:
                source = _EMPTY
            elif where in others and str(others[where].value) == str(element.value):
                source = _FIXED
            else:
                source = _WORKLIST if str(element.value) in known else _MODALITY
            rows.append((where, _tag(element.keyword), element.VR, source))
    modules = [(module,) for module in _modules(kind)]
    return Section(
        f"{kind.title} ({name})",
        (f"SOP Class UID {kind.sop_class_uid}, Modality {kind.modality}.",),
        (
            Table(f"Modules and macros of {name}", ("Module",), modules),
            Table(f"Attributes of {name}", ("Attribute", "Tag", "VR", "Value from"), rows),
        ),
    )


def _modules(kind: Kind) -> list[str]:
    """The modules of an IOD by the first lines of the files that fill them, which name their clauses."""
    functions = _within(kind.slides) if kind.slides is not None else []
    for iod in (kind.iod, kind.multi_frame):
        if iod is not None:
            functions += [*iod.context_modules, *iod.image_modules]
    if kind.multi_frame is not None:
        acquisition = _small(kind)
        functions += [*kind.multi_frame.shared(acquisition), *kind.multi_frame.per_frame(acquisition)]
    return _clauses(functions)


def _within(part: Any) -> list[Callable[..., Any]]:
    """What the file of a function or class takes from the modules."""
    return [
        value
        for value in vars(inspect.getmodule(part)).values()
        if getattr(value, "__module__", "").startswith(_FILLED)
    ]


def _clauses(functions: Iterable[Callable[..., Any]]) -> list[str]:
    found = []
    for function in functions:
        inner = function.func if isinstance(function, partial) else function
        parts = [inner]
        if not inner.__module__.startswith(_FILLED):  # one of the IOD's own file: what it calls
            called = inner.__code__.co_names
            parts = [part for part in _within(inner) if getattr(part, "__name__", "") in called]
        for part in parts:
            said = (inspect.getmodule(part).__doc__ or "").strip().splitlines()
            if said and said[0].startswith("PS3.3"):
                found.append(said[0].rstrip("."))
    return list(dict.fromkeys(found))
