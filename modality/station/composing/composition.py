"""A study of several kinds, made as its plan says: one patient, one study, one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta
from inspect import Parameter, signature
from typing import Any, Literal

from pydicom.dataset import Dataset

from modality.acquisition.digest import content_digest
from modality.acquisition.frames import Acquisition
from modality.errors import UnknownNameError, UsageError
from modality.identity import Identity, patient, time_of
from modality.iods.context import Context, Equipment, Series
from modality.iods.context import Study as StudyContext
from modality.iods.kind import Kind
from modality.iods.reports.source import reported_identity
from modality.iods.setting.file import AttributeFile
from modality.protocol.worklist import ScheduledStep
from modality.registry import KINDS, unknown
from modality.station.awkwardness.finishing import PLAIN, Finish, check_applies, finish_of, told_of
from modality.station.composing.plan import ComposedPlan, SeriesOfKind
from modality.station.series.told import told
from modality.station.study import Scan, Study, acquire, load_phantom
from modality.transfer.syntaxes import syntax

_SEEDS = 1 << 48
_LONGEST_LO = 64  # characters (PS3.5 6.2)


@dataclass(slots=True)
class _Planned:
    """A series on its way to be made.

    Args:
        plan: what the configuration says.
        kind: what sort of series.
        description: Series Description.
        acquisition: gives the frames.
        scanned: the name of the phantom; empty where none is scanned.
        about: the place of the series that it reports on, from 0; None for all but reports.
        finish: what is done to its instances once they are made.
    """

    plan: SeriesOfKind
    kind: Kind
    description: str
    acquisition: Acquisition
    scanned: str
    about: int | None
    finish: Finish = PLAIN

    @property
    def machine(self) -> tuple[str, str]:
        """Series of one machine and one phantom share a frame of reference."""
        return self.kind.name, self.scanned


def compose(
    plan: ComposedPlan, *, seed: int, started: datetime | None = None, beside: Sequence[ComposedPlan] = ()
) -> Study:
    """A study of several kinds.

    The patient and what is scanned are those of the seed, whatever the plan says besides; the UIDs and the noise come
    from a seed of the study's own, which is drawn from the seed and from all that the plan says but for encodings.

    Args:
        plan: what the configuration holds.
        seed: what all is drawn from.
        started: of the first series; the plan's, or the seed's, by default.
        beside: of the patient's other studies, which the patient has to suit too.

    Raises:
        UsageError: a name, an option or a value is wrong; the message names the series.
        UnsupportedError: a transfer syntax cannot carry the pixels.
    """
    started = started or plan.study.started or time_of(seed)
    whole, finishes = _finishes(plan)
    personas = [part for finish in (whole, *finishes) for part in finish.scope]
    scope = (plan.digest, started.isoformat(), *personas)
    own_seed = Identity(seed, ("composed study", *scope)).number("seed", _SEEDS)
    identity = Identity(own_seed, ("study",))
    planned: list[_Planned] = []
    for number, series in enumerate(plan.series, start=1):
        try:
            planned.append(_planned(series, planned, seed, own_seed))
            planned[-1].finish = finishes[number - 1]
            _check_references(planned)
        except UsageError as error:
            raise UsageError(f"series {number} ({series.kind}): {error}") from error
    reported = _reported(planned)
    study = _study(plan, identity, planned, reported, started)
    sex = "" if plan.patient.sex is not None else _sex((plan, *beside))
    who = plan.patient.over(whole.patient(patient(seed, sex), seed))
    identities = [_identity_of(planned, index, own_seed) for index in range(len(planned))]
    if len({one.uid("series") for one in identities}) < len(identities):
        raise UsageError("two series that others are about are the same: leave one out, or give it other options")
    frames_of_reference: dict[tuple[str, str], str] = {}
    if reported is not None:  # it gives its own to the others of its machine
        frames_of_reference[planned[reported].machine] = identities[reported].uid("frame of reference")
    scans = []
    for index, (one, own) in enumerate(zip(planned, identities, strict=True)):
        source = planned[_root(planned, index)]
        frame_of_reference = frames_of_reference.setdefault(source.machine, own.uid("frame of reference"))
        context = Context(
            patient=who,
            study=replace(study, requests=(_request(study, one.kind, identity),)),
            series=Series(
                uid=own.uid("series"),
                number=index + 1,
                started=started + timedelta(minutes=index * plan.study.minutes_between),
                frame_of_reference_uid=frame_of_reference,
                description=one.description,
                protocol_name="-".join(filter(None, (one.kind.name, one.scanned))),
            ),
            identity=own,
            equipment=Equipment(station_name=f"SIM{one.kind.modality}"),
        )
        encoding = syntax(one.plan.transfer_syntax) if one.plan.transfer_syntax else one.kind.default_syntax
        encoding.check_quality(one.plan.quality)
        told = AttributeFile(plan.study.set, plan.private).assignments(one.plan.set)
        set_over = one.finish.assignments(told) or None
        scans.append(Scan(one.kind, one.acquisition, context, encoding, one.plan.quality, set_over, finish=one.finish))
        check_applies(scans[-1])
    return Study(tuple(scans), seed)


def _sex(plans: Iterable[ComposedPlan]) -> Literal["", "F", "M"]:
    """The Patient's Sex that the kinds of all studies of a patient ask for; empty where they suit anybody."""
    kinds: Iterator[Kind] = (KINDS.load(series.kind) for plan in plans for series in plan.series)
    return next((kind.patient_sex for kind in kinds if kind.patient_sex), "")


def _finishes(plan: ComposedPlan) -> tuple[Finish, list[Finish]]:
    """What is done to the instances of the study, and of each series."""
    found = []
    for number, one in enumerate(plan.series, start=1):
        try:
            found.append(finish_of(one.persona or plan.persona or None, one.defects))
        except UsageError as error:
            raise UsageError(f"series {number} ({one.kind}): {error}") from error
    return finish_of(plan.persona or None, ()), found


def _check_references(planned: list[_Planned]) -> None:
    """A report has to know the images by the UIDs that their machine gives them."""
    one = planned[-1]
    if one.about is None:
        return
    names = [set(each.finish.persona.long_uids if each.finish.persona else ()) for each in (one, planned[one.about])]
    if names[0] != names[1]:
        raise UsageError("it refers to a series whose persona makes other UIDs: give both one persona")


def _planned(series: SeriesOfKind, earlier: list[_Planned], seed: int, own_seed: int) -> _Planned:
    """One series' acquisition, which makes no pixels yet."""
    kind: Kind = KINDS.load(series.kind)
    about = _about(series, kind, earlier)
    if about is not None and kind.also_reports:
        series = replace(series, options={**series.options, "about": earlier[about].kind.name})
    _check_options(kind, series.options, earlier[about].kind if about is not None else None)
    if about is not None:
        return _report(series, kind, about, earlier[about], own_seed)
    if kind.default_phantom is None:
        if series.phantom is not None or series.phantom_options:
            raise UsageError("scans no phantom: leave out phantom and phantom_options")
        phantom = None
    else:
        named = series.phantom or kind.usual_phantom(series.options) or kind.default_phantom
        phantom = load_phantom(named, **{"seed": seed, **series.phantom_options})
    acquisition = acquire(kind, phantom, seed=own_seed, **series.options)
    scanned = phantom.name if phantom is not None else ""
    return _Planned(series, kind, _description(series, kind, scanned), acquisition, scanned, None)


def _report(series: SeriesOfKind, kind: Kind, about: int, source: _Planned, own_seed: int) -> _Planned:
    """A report on the very scan that an earlier series makes."""
    if series.phantom is not None or series.phantom_options:
        raise UsageError(f"reports what {source.description!r} scanned: leave out phantom and phantom_options")
    made: Any = acquire(kind, source.acquisition.phantom, seed=own_seed, **series.options)
    if "scan" not in {one.name for one in (fields(made) if is_dataclass(made) else ())}:
        raise UsageError(f"{kind.name} cannot be made about another series")
    whole = replace(made, scan=source.acquisition)
    return _Planned(series, kind, _description(series, kind, source.scanned), whole, source.scanned, about)


def _description(series: SeriesOfKind, kind: Kind, scanned: str) -> str:
    return series.description or " ".join(filter(None, (kind.title, scanned)))


def _about(series: SeriesOfKind, kind: Kind, earlier: list[_Planned]) -> int | None:
    """Which earlier series a report is about."""
    if kind.reports is None:
        if series.about:
            raise UsageError("about: only reports are about another series")
        return None
    asked = series.options.get("about") if kind.also_reports else None
    kinds = [str(asked)] if asked else [kind.reports, *kind.also_reports]
    fitting = [place for name in kinds for place, one in enumerate(earlier) if one.kind.name == name]
    named = " or ".join(kinds)
    if not fitting:
        raise UsageError(f"it is about a series of kind {named}: let one come before it")
    if not series.about:
        return fitting[0]
    for place in fitting:
        if earlier[place].description == series.about:
            return place
    valid = [earlier[place].description for place in fitting]
    raise UnknownNameError(unknown(f"earlier series of kind {named}", series.about, valid))


def _check_options(kind: Kind, options: Mapping[str, Any], reported: Kind | None) -> None:
    names = _options(kind)
    of_the_scan = _options(reported) if reported is not None else []
    for name in options:
        if name not in names:
            raise UnknownNameError(unknown(f"option of {kind.name}", name, names))
        if name in of_the_scan:
            raise UsageError(f"{name}: an option of the series that it is about, which has it already")


def _options(kind: Kind) -> list[str]:
    """What a kind's acquisition takes besides what is scanned and the seed."""
    taken = signature(kind.acquire).parameters.values()
    named = [one.name for one in taken if one.kind in (Parameter.KEYWORD_ONLY, Parameter.POSITIONAL_OR_KEYWORD)]
    return [name for name in named if name not in ("phantom", "seed")]


def _reported(planned: list[_Planned]) -> int | None:
    """Which series the reports are about: one, since what refers to it derives the study's UID from it."""
    places = sorted({_root(planned, index) for index, one in enumerate(planned) if one.about is not None})
    if len(places) > 1:
        names = " and ".join(repr(planned[place].description) for place in places)
        raise UsageError(f"the reports of a study are all about one series, and not about {names}")
    return places[0] if places else None


def _root(planned: list[_Planned], index: int) -> int:
    """The scan that a report is about, perhaps by way of other reports; of what is no report, itself."""
    while (about := planned[index].about) is not None:
        index = about
    return index


def _study(
    plan: ComposedPlan, identity: Identity, planned: list[_Planned], reported: int | None, started: datetime
) -> StudyContext:
    """The study; its UID is the one that reports know, where there are some."""
    laid_down = plan.study
    titles = " and ".join(dict.fromkeys(one.kind.title for one in planned))
    number, accession = laid_down.study_id, laid_down.accession
    of_the_uid = identity if reported is None else _identity_of(planned, reported, identity.seed)
    return StudyContext(
        uid=of_the_uid.uid("study"),
        started=started,
        study_id=f"{identity.number('study id', 10**6):06d}" if number is None else number,
        accession_number=f"A{identity.number('accession', 10**8):08d}" if accession is None else accession,
        description=laid_down.description or titles[:_LONGEST_LO].rstrip(),
        referring_physician=laid_down.referring_physician,
    )


def _identity_of(planned: list[_Planned], index: int, own_seed: int) -> Identity:
    """What a series' UIDs come from; that of one which is reported on is what its reports know it by."""
    one = planned[index]
    report = next((other for other in planned if other.about == index), None)
    if report is not None:
        return reported_identity(one.kind.name, report.acquisition)
    return Identity(own_seed, (one.kind.name, content_digest(one.acquisition), str(index + 1)))


def _request(study: StudyContext, kind: Kind, identity: Identity) -> ScheduledStep:
    """The order's step of a modality: all series of the study answer one requested procedure (IHE RAD-8)."""
    step = Dataset()
    step.Modality = kind.modality
    step.ScheduledProcedureStepID = f"S{identity.number(f'step {kind.modality}', 10**8):08d}"
    step.ScheduledProcedureStepDescription = study.description
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 192"
    item.AccessionNumber = study.accession_number
    item.StudyInstanceUID = study.uid
    item.RequestedProcedureID = f"P{identity.number('requested procedure', 10**8):08d}"
    item.RequestedProcedureDescription = study.description
    item.ScheduledProcedureStepSequence = [step]
    return ScheduledStep(item)


def whole_truth(study: Study) -> dict[str, Any]:
    """What all series show or hold: plain data, ready for JSON; patient and order as the first series says them."""
    who, about, first = study.patient, study.series[0].context.study, study.series[0]
    return {
        "seed": study.seed,
        "study_uid": study.uid,
        "accession_number": first.said("AccessionNumber", about.accession_number),
        "started": about.started.isoformat(),
        "patient": {
            "patient_id": first.said("PatientID", who.patient_id),
            "name": first.said("PatientName", who.name),
            "birth_date": first.said("PatientBirthDate", who.birth_date),
            "sex": first.said("PatientSex", who.sex),
        },
        "series": [one for scan in study.series for one in _truths(scan)],
    }


def _truths(scan: Scan) -> Iterator[dict[str, Any]]:
    """Of each series of the files that a scan makes; what they show is the same."""
    truth = scan.truth()
    for part in scan.parts:
        yield {"kind": scan.kind.name, **told(part), **told_of(scan.finish), "truth": truth}
