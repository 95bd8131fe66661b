"""Studies of several series, as a protocol lists them: one patient, one study, one frame of reference."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from modality import config
from modality.acquisition.ct.localizer import TAKES as OF_A_LOCALIZER
from modality.acquisition.digest import content_digest
from modality.acquisition.frames import Acquisition
from modality.acquisition.mr.adc import adc_map
from modality.errors import UnknownNameError, UsageError
from modality.identity import Clock, Identity, clock_of, patient
from modality.iods.context import Context, Equipment, Series
from modality.iods.images.adc import adc
from modality.iods.kind import Kind
from modality.registry import KINDS, unknown
from modality.station.awkwardness.finishing import check_applies, finish_of
from modality.station.study import Scan, Study, acquire, load_phantom, unordered
from modality.transfer.syntaxes import TransferSyntax, syntax
from phantoms.phantom import Phantom

if TYPE_CHECKING:
    from modality.iods.personas.persona import Persona

_BETWEEN_SERIES = timedelta(minutes=5)  # our choice


DERIVED: Mapping[str, tuple[Callable[[Any], Acquisition], Callable[[Context, Kind], Kind]]] = {"adc": (adc_map, adc)}
"""Series that a scanner computes: what makes the images of those of another series, and their kind."""


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series of an examination.

    Args:
        description: Series Description.
        options: the acquisition's own, by the names of its parameters.
        takes: which of the options that hold for every series this one can use; None takes all.
        derived: a name from `DERIVED`, where the series is computed from another one.
        source: the description of that other one, an earlier series.
    """

    description: str
    options: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[str, ...] | None = None
    derived: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Examination:
    """What `configs/protocols/NAME.toml` holds.

    Args:
        kind: an entry of the table of kinds.
        phantom: what is scanned when nothing else is asked for.
        series: the series in order.
    """

    kind: str
    phantom: str
    series: tuple[SeriesPlan, ...]

    def __post_init__(self) -> None:
        if not self.series:
            raise ValueError("at least one [[series]] is needed")
        earlier: set[str] = set()
        for series in self.series:
            if bool(series.derived) != bool(series.source) or (series.derived and series.options):
                raise ValueError(f"series {series.description}: derived and source go together, without options")
            if series.derived and series.derived not in DERIVED:
                raise ValueError(unknown("derived series", series.derived, sorted(DERIVED)))
            if series.description in earlier:
                raise ValueError(f"series {series.description}: there are two of that description")
            if series.derived and series.source not in earlier:
                raise ValueError(f"series {series.description}: its source {series.source!r} is no earlier series")
            earlier.add(series.description)


def examinations(kind: str) -> list[str]:
    """Names of the shipped protocols of a kind; an enhanced one has those of the kind that it holds in one image."""
    folder = config.shipped("protocols/brain.toml").parent
    plain = kind.removeprefix("enhanced-")
    return sorted(path.stem for path in folder.glob("*.toml") if config.load(path, Examination).kind == plain)


def _options(series: SeriesPlan, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a series is scanned with when `asked` is asked for all of an examination."""
    if "localizer" in series.options:
        asked = {name: value for name, value in asked.items() if name in OF_A_LOCALIZER}
    return {**series.options, **asked}


def examine(
    kind_name: str,
    protocol: str,
    phantom: Phantom | None = None,
    *,
    seed: int,
    clock: Clock | None = None,
    transfer_syntax: str | TransferSyntax | None = None,
    quality: float | None = None,
    assignments: Mapping[str, str] | None = None,
    persona: Persona | str | None = None,
    defects: Iterable[str] = (),
    **options: Any,
) -> Study:
    """A study of all series of a protocol.

    Args:
        kind_name: an entry of the table of kinds.
        protocol: a name from `examinations`.
        phantom: what is scanned; the protocol's own by default, drawn from the seed.
        seed: what identity, noise and dates come from.
        clock: gives the date and time; the seed does by default.
        transfer_syntax: keyword or UID; the kind's own by default.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        assignments: attributes set over those of the IOD, by keyword.
        persona: whose habits the instances have: a name of `modality list personas`, the path of a TOML, or one made.
        defects: names of `modality list defects` that are put into the instances.
        **options: of the acquisition, for every series; they prevail over the protocol's. A CT localizer takes of them
            what it has.

    Raises:
        UsageError: a name, an option or a value is wrong.
        UnsupportedError: the transfer syntax cannot carry the pixels.
    """
    if protocol not in (names := examinations(kind_name)):
        raise UnknownNameError(unknown(f"{kind_name} protocol", protocol, names))
    path = config.shipped(f"protocols/{protocol}.toml")
    plan = config.load(path, Examination)
    kind: Kind = KINDS.load(kind_name)
    finish = finish_of(persona, defects)
    assignments = finish.assignments(assignments)
    phantom = phantom or load_phantom(plan.phantom, seed=seed)
    scans: dict[str, Acquisition] = {}
    for series in plan.series:
        try:
            if series.derived:
                scans[series.description] = DERIVED[series.derived][0](scans[series.source])
            else:
                scans[series.description] = acquire(kind, phantom, seed=seed, **_options(series, options))
        except UsageError as error:
            raise UsageError(f"protocol {protocol}, {series.description}: {error}") from error
    digests = [content_digest(scan, assignments) for scan in scans.values()]
    whole = hashlib.sha256("".join(digests).encode()).hexdigest()[:32]
    identity = Identity(seed, (kind.name, protocol, whole, *finish.scope))
    started = (clock or clock_of(seed))()
    study = unordered(kind, identity, started)
    transfer_syntax = transfer_syntax or kind.default_syntax
    encoding = syntax(transfer_syntax) if isinstance(transfer_syntax, str) else transfer_syntax
    encoding.check_quality(quality)
    who = finish.patient(patient(seed, kind.patient_sex), seed)
    made: dict[str, Scan] = {}
    for number, series in enumerate(plan.series, start=1):
        own = Identity(seed, (kind.name, protocol, whole, *finish.scope, str(number)))
        described = Series(
            uid=own.uid("series"),
            number=number,
            started=started + (number - 1) * _BETWEEN_SERIES,
            frame_of_reference_uid=identity.uid("frame of reference"),
            description=series.description,
            protocol_name=protocol,
        )
        context = Context(who, study, described, own, Equipment(station_name="SIMULATOR"))
        source = made.get(series.source)
        its_kind = DERIVED[series.derived][1](source.context, source.kind) if source else kind
        acquisition = scans[series.description]
        scan = Scan(its_kind, acquisition, context, encoding, quality, assignments, finish=finish)
        check_applies(scan)
        made[series.description] = scan
    return Study(tuple(made.values()), seed)
