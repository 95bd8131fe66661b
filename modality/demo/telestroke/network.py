"""The tele-stroke network, run: peers, clinic, neurologist, page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from modality.demo.telestroke import clinic, neurologist
from modality.demo.telestroke.clinic import Sent
from modality.demo.telestroke.journey import Hop, Journey
from modality.demo.telestroke.neurologist import Case
from modality.demo.telestroke.scene import Scene
from modality.errors import InputError, ModalityError, UsageError
from modality.identity import Clock, system_clock
from modality.network.address import WebAddress, without_password
from modality.network.dicomweb.archive import WebArchive
from modality.network.local import Local
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.ris import SimulatedRis
from modality.station.station import Station
from modality.web.telestroke import page

PAGE = "telestroke.html"


@dataclass(slots=True)
class Outcome:
    """How it went.

    Args:
        scene: what was true.
        journey: the hops.
        sent: what left the clinic.
        case: what the neurologist found; None when it did not come to that.
        equal: how many images came back pixel by pixel as they were scanned.
        page: what the neurologist looked at; None when it did not come to that.
        error: what ended it early.
    """

    scene: Scene
    journey: Journey
    sent: Sent = field(default_factory=Sent)
    case: Case | None = None
    equal: int = 0
    page: Path | None = None
    error: ModalityError | None = None

    @property
    def good(self) -> bool:
        """Every hop went well."""
        return self.error is None and self.page is not None


def run(
    out: Path,
    *,
    seed: int,
    archive: WebAddress | None = None,
    fhir: WebAddress | None = None,
    local: Local | None = None,
    options: dict[str, Any] | None = None,
    clock: Clock = system_clock,
    zone: tzinfo | None = None,
    done: Callable[[Hop], None] = lambda _: None,
) -> Outcome:
    """Run the network once.

    Args:
        out: folder for the page.
        seed: what patient, stroke and noise come from.
        archive: the medical centre's DICOMweb service; an embedded one by default.
        fhir: its FHIR server; an embedded one by default.
        local: who calls, and on whose behalf.
        options: of the CT acquisition: `slices`, `rows`, `columns`.
        clock: gives the date and time.
        zone: the time zone of that; this machine's by default.
        done: told of each hop.

    Raises:
        UsageError: an option is wrong, or a peer could not be started.
        MissingExtraError: what serves or draws is not installed.
    """
    local = local or Local("CT01")
    zone = zone or datetime.now().astimezone().tzinfo
    assert zone is not None
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"the folder {out} cannot be used: {error.strerror}") from error
    outcome = Outcome(Scene.of(seed), Journey(done))
    with ExitStack() as stack:
        ris = stack.enter_context(SimulatedRis([outcome.scene.order(local.aet, clock())]))
        if archive is None:
            kept = stack.enter_context(SimulatedArchive(web=Web()))
            archive = WebAddress(kept.web_address)
        if fhir is None:
            fhir = WebAddress(stack.enter_context(SimulatedFhir()).address)
        station = stack.enter_context(
            Station(local.aet, ris=ris.address, seed=seed, clock=clock, timeouts=local.timeouts)
        )
        try:
            _run(outcome, out, station, archive, fhir, local, options or {}, zone)
        except ModalityError as error:
            if outcome.journey.broken is None:  # no hop: what was asked for is wrong
                raise
            outcome.error = error
    return outcome


def _run(
    outcome: Outcome,
    out: Path,
    station: Station,
    archive: WebAddress,
    fhir: WebAddress,
    local: Local,
    options: dict[str, Any],
    zone: tzinfo,
) -> None:
    journey, scene = outcome.journey, outcome.scene
    web = WebArchive(archive, local=local)
    step, images = clinic.examine(scene, station, web, outcome.sent, journey, options)
    clinic.report(
        scene, step, images, outcome.sent,
        endpoint=public(archive), fhir=fhir, local=local, now=station.clock(), zone=zone, journey=journey,
    )  # fmt: skip
    outcome.case = neurologist.look(outcome.sent.identifier, fhir, archive, local, journey)
    outcome.equal = neurologist.compare(outcome.case, outcome.sent.pixels, journey)
    with journey.hop(neurologist.WHO, "", "draw the page") as hop:
        case = outcome.case
        written = page(case.patient, case.study, case.observations, case.series, case.endpoint, journey.hops)
        path = out / PAGE
        try:
            path.write_bytes(written)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}") from error
        outcome.page, hop.detail = path, f"{len(written) / 1e6:.1f} MB"


def public(address: WebAddress) -> str:
    """The URL of a service as others may read it: without user and password."""
    scheme, _, rest = without_password(address.url).partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}".rstrip("/")
