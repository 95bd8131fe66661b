"""Studies of several series, as a protocol lists them: one patient, one study, one frame of reference."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from modality import config
from modality.errors import UnknownNameError, UsageError
from modality.identity import Clock, Identity, clock_of, patient
from modality.iods.context import Context, Equipment, Series
from modality.iods.kind import Kind
from modality.registry import KINDS, unknown
from modality.station.study import Scan, Study, acquire, content_digest, load_phantom, unordered
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax, syntax
from phantoms.phantom import Phantom

_BETWEEN_SERIES = timedelta(minutes=5)  # our choice


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series of an examination.

    Args:
        description: Series Description.
        options: the acquisition's own, by the names of its parameters.
    """

    description: str
    options: Mapping[str, Any] = field(default_factory=dict)


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


def examinations(kind: str) -> list[str]:
    """Names of the shipped protocols of a kind."""
    folder = config.shipped("protocols/brain.toml").parent
    return sorted(path.stem for path in folder.glob("*.toml") if config.load(path, Examination).kind == kind)


def examine(
    kind_name: str,
    protocol: str,
    phantom: Phantom | None = None,
    *,
    seed: int,
    clock: Clock | None = None,
    transfer_syntax: str | TransferSyntax = EXPLICIT_LITTLE,
    quality: float | None = None,
    assignments: Mapping[str, str] | None = None,
    **options: Any,
) -> Study:
    """A study of all series of a protocol.

    Args:
        kind_name: an entry of the table of kinds.
        protocol: a name from `examinations`.
        phantom: what is scanned; the protocol's own by default, drawn from the seed.
        seed: what identity, noise and dates come from.
        clock: gives the date and time; the seed does by default.
        transfer_syntax: keyword or UID.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        assignments: attributes set over those of the IOD, by keyword.
        **options: of the acquisition, for every series; they prevail over the protocol's.

    Raises:
        UsageError: a name, an option or a value is wrong.
        UnsupportedError: the transfer syntax cannot carry the pixels.
    """
    if protocol not in (names := examinations(kind_name)):
        raise UnknownNameError(unknown(f"{kind_name} protocol", protocol, names))
    path = config.shipped(f"protocols/{protocol}.toml")
    plan = config.load(path, Examination)
    kind: Kind = KINDS.load(kind_name)
    phantom = phantom or load_phantom(plan.phantom, seed=seed)
    scans = []
    for series in plan.series:
        try:
            scans.append(acquire(kind, phantom, seed=seed, **{**series.options, **options}))
        except UsageError as error:
            raise UsageError(f"protocol {protocol}, {series.description}: {error}") from error
    digests = [content_digest(scan, assignments) for scan in scans]
    whole = hashlib.sha256("".join(digests).encode()).hexdigest()[:32]
    identity = Identity(seed, (kind.name, protocol, whole))
    started = (clock or clock_of(seed))()
    study = unordered(kind, identity, started)
    encoding = syntax(transfer_syntax) if isinstance(transfer_syntax, str) else transfer_syntax
    encoding.check_quality(quality)
    made = []
    for number, (series, scan) in enumerate(zip(plan.series, scans, strict=True), start=1):
        own = Identity(seed, (kind.name, protocol, whole, str(number)))
        described = Series(
            uid=own.uid("series"),
            number=number,
            started=started + (number - 1) * _BETWEEN_SERIES,
            frame_of_reference_uid=identity.uid("frame of reference"),
            description=series.description,
            protocol_name=protocol,
        )
        context = Context(patient(seed), study, described, own, Equipment(station_name="SIMULATOR"))
        made.append(Scan(kind, scan, context, encoding, quality, assignments))
    return Study(tuple(made), seed)
