"""Studies from phantoms: what `generate` writes and a station scans, each instance made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from modality.acquisition.digest import content_digest
from modality.acquisition.frames import Acquisition
from modality.errors import UsageError
from modality.identity import Clock, Identity, Patient, clock_of, fresh_seed, patient
from modality.iods.context import Context, Equipment, Series
from modality.iods.context import Study as StudyContext
from modality.iods.kind import Kind
from modality.iods.options import checked_options
from modality.iods.reports.source import joined_study, reported_sex
from modality.protocol.negotiation import Context as PresentationContext
from modality.registry import KINDS, SECTIONS, scanned_of
from modality.station.awkwardness.finishing import check_applies, finish_of
from modality.station.series.scan import Scan
from modality.station.slides.plan import Making
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import TransferSyntax, syntax
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom

if TYPE_CHECKING:
    from modality.iods.personas.persona import Persona

__all__ = ["Scan", "Study", "acquire", "ct", "generate", "load_phantom", "mr", "unordered"]


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Series of one patient and one study.

    Args:
        series: at least one.
        seed: what all of it was drawn from.
    """

    series: tuple[Scan, ...]
    seed: int

    def __len__(self) -> int:
        return sum(map(len, self.series))

    def __iter__(self) -> Iterator[PreparedInstance]:
        for scan in self.series:
            yield from scan

    def made_with(self, making: Making) -> Study:
        """The same study, its slides made in another place or by more processes."""
        return replace(self, series=tuple(replace(scan, making=making) for scan in self.series))

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return self.series[0].context.study.uid

    @property
    def patient(self) -> Patient:
        """Whom it is of."""
        return self.series[0].context.patient

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""
        from modality.station.notebook import study_html

        return study_html(self)

    @property
    def contexts(self) -> list[PresentationContext]:
        """SOP Class and Transfer Syntax of what it holds."""
        made = [(scan.kind.sop_classes(scan.acquisition), scan.transfer_syntax.uid) for scan in self.series]
        return list(dict.fromkeys((uid, syntax_uid) for uids, syntax_uid in made for uid in uids))


def load_phantom(name: str, **options: Any) -> Phantom:
    """A phantom of the tables, or a section of tissue.

    Raises:
        UnknownNameError: no table has one of that name.
        UsageError: it cannot be made with these options.
    """
    make = scanned_of(name).load(name)
    try:
        made: Phantom = make(**options)
    except (PhantomError, TypeError) as error:
        raise UsageError(f"phantom {name}: {error}") from error
    return made


def acquire(kind: Kind, phantom: Phantom | None, *, seed: int, **options: Any) -> Acquisition:
    """Scan a phantom as this kind does, or nothing; options are those of the kind's own acquisition.

    Raises:
        UsageError: an option is unknown, of another type, or out of range.
    """
    if (phantom is None) != (kind.default_phantom is None):
        raise UsageError(f"{kind.name}: scans {'a phantom' if phantom is None else 'no phantom'}")
    if phantom is not None and kind.slides is None and phantom.name in SECTIONS.entries:
        raise UsageError(f"{kind.name}: {phantom.name} is a section on a slide, which only a slide scanner (sm) sees")
    try:
        made: Acquisition = kind.acquire(phantom, seed=seed, **checked_options(kind.acquire, options))
    except (PhantomError, TypeError) as error:
        raise UsageError(f"{kind.name}: {error}") from error
    return made


def unordered(kind: Kind, identity: Identity, started: datetime) -> StudyContext:
    """A study that answers no order."""
    return StudyContext(
        uid=identity.uid("study"),
        started=started,
        study_id=f"{identity.number('study id', 10**6):06d}",
        accession_number=f"A{identity.number('accession', 10**8):08d}",
        description=kind.title,
    )


def generate(
    kind_name: str,
    phantom: Phantom | None = None,
    *,
    seed: int | None = None,
    clock: Clock | None = None,
    transfer_syntax: str | TransferSyntax | None = None,
    quality: float | None = None,
    assignments: Mapping[str, str] | None = None,
    persona: Persona | str | None = None,
    defects: Iterable[str] = (),
    **options: Any,
) -> Study:
    """A study of one series, of any kind.

    Args:
        kind_name: an entry of the table of kinds.
        phantom: what is scanned; the kind's own by default, drawn from the seed.
        seed: what identity, noise and dates come from; a new one by default.
        clock: gives the date and time; the seed does by default.
        transfer_syntax: keyword or UID; the kind's own by default.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        assignments: attributes set over those of the IOD, by keyword.
        persona: whose habits the instances have: a name of `modality list personas`, the path of a TOML, or one made.
        defects: names of `modality list defects` that are put into the instances.
        **options: the acquisition's own, such as `slices`, `rows`, `columns`, `kvp`.

    Raises:
        UsageError: a name, an option or a value is wrong.
        UnsupportedError: the transfer syntax cannot carry the pixels.
    """
    kind: Kind = KINDS.load(kind_name)
    finish = finish_of(persona, defects)
    seed = fresh_seed() if seed is None else seed
    usual = kind.usual_phantom(options)
    if phantom is None and usual is not None:
        phantom = load_phantom(usual, seed=seed)
    acquisition = acquire(kind, phantom, seed=seed, **options)
    who = finish.patient(patient(seed, reported_sex(kind, acquisition)), seed)
    assignments = finish.assignments(assignments)
    now = (clock or clock_of(seed))()
    transfer_syntax = transfer_syntax or kind.default_syntax
    encoding = syntax(transfer_syntax) if isinstance(transfer_syntax, str) else transfer_syntax
    encoding.check_quality(quality)
    identity = Identity(seed, (kind.name, content_digest(acquisition, assignments), *finish.scope))
    study = unordered(kind, identity, now)
    if kind.reports is not None:  # it joins the study of what it is about
        study = unordered(*joined_study(kind, acquisition), now)
    series = Series(
        uid=identity.uid("series"),
        number=kind.series_number,
        started=now,
        frame_of_reference_uid=identity.uid("frame of reference"),
        description=f"{kind.title} {phantom.name}" if phantom else kind.title,
        protocol_name=f"{kind.name}-{phantom.name}" if phantom else kind.name,
    )
    context = Context(who, study, series, identity, Equipment(station_name="SIMULATOR"))
    scan = Scan(kind, acquisition, context, encoding, quality, assignments, finish=finish)
    check_applies(scan)
    return Study((scan,), seed)


def ct(phantom: Phantom | None = None, *, seed: int | None = None, **options: Any) -> Study:
    """A CT study of one series; see `generate` for what is common, and `modality.acquisition.ct.ct` for the options."""
    return generate("ct", phantom, seed=seed, **options)


def mr(phantom: Phantom | None = None, *, seed: int | None = None, **options: Any) -> Study:
    """An MR study of one series; as `ct`, with the options of `modality.acquisition.mr.mr`."""
    return generate("mr", phantom, seed=seed, **options)
