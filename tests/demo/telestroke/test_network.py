"""The tele-stroke network on embedded peers: every hop, what it carried, and what is said when one fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from modality.demo.telestroke import clinic, neurologist
from modality.demo.telestroke.journey import Journey
from modality.demo.telestroke.network import Outcome, public, run
from modality.demo.telestroke.scene import Scene
from modality.errors import InvalidResponse, UnreachableError, UsageError
from modality.fhir.datatypes import moment
from modality.network.address import WebAddress
from modality.network.local import Local, Timeouts
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.fhir import SimulatedFhir

SMALL = {"slices": 3, "rows": 32, "columns": 32}
LOCAL = Local("CT01", Timeouts(30, 30, 30))
HOPS = [
    "MWL C-FIND", "MPPS N-CREATE", "scan", "STOW-RS", "MPPS N-SET", "FHIR transaction", "FHIR search Patient",
    "FHIR search ImagingStudy", "FHIR read Endpoint", "FHIR search Observation", "WADO-RS", "compare pixels",
    "draw the page",
]  # fmt: skip


@pytest.fixture(scope="module")
def fhir() -> Iterator[SimulatedFhir]:
    with SimulatedFhir() as server:
        yield server


def at_archive(out: Path, fhir: SimulatedFhir, *faults: str, seed: int = 1, **options: Any) -> Outcome:
    """A run against an archive with these faults."""
    with SimulatedArchive(faults=faults, web=Web(**options.pop("web", {}))) as archive:
        root = options.pop("user", "") + archive.web_address.removeprefix("http://")
        return run(
            out, seed=seed, archive=WebAddress(f"http://{root}"), fhir=WebAddress(fhir.address), local=LOCAL,
            options=SMALL, **options,
        )  # fmt: skip


def failed(outcome: Outcome) -> tuple[str, str]:
    """The hop that failed, and why."""
    assert not outcome.good
    assert outcome.page is None
    hop = outcome.journey.broken
    assert hop is not None
    return hop.transaction, hop.error


def test_every_hop_is_timed_and_the_images_come_back_equal(tmp_path: Path):
    outcome = run(tmp_path, seed=5, options=SMALL)
    assert [hop.transaction for hop in outcome.journey.hops] == HOPS
    assert all(hop.latency_ms > 0 and hop.detail and not hop.error for hop in outcome.journey.hops)
    assert outcome.good
    assert (outcome.equal, len(outcome.sent.pixels)) == (3, 3)
    stored, fetched = (next(hop for hop in outcome.journey.hops if hop.transaction == name) for name in HOPS[3:11:7])
    assert stored.bytes == fetched.bytes > 3 * 32 * 32 * 2
    assert (tmp_path / "telestroke.html").stat().st_size > 10_000


def test_fhir_holds_what_the_seed_says_and_sending_again_adds_no_patient_or_study(tmp_path: Path, fhir: SimulatedFhir):
    scene = Scene.of(21)
    outcome = at_archive(tmp_path, fhir, seed=21)
    assert outcome.good, outcome.error
    (study,) = (one for one in fhir.resources("ImagingStudy") if f"urn:oid:{outcome.sent.study_uid}" in json.dumps(one))
    assert study["numberOfInstances"] == 3
    assert [one["uid"] for one in study["series"][0]["instance"]] == list(outcome.sent.pixels)
    order = study["basedOn"][0]["reference"]
    ours = [one for one in fhir.resources("Observation") if one.get("basedOn", [{}])[0].get("reference") == order]
    (score,) = (one for one in ours if one["code"]["coding"][0]["code"] == "72089-6")
    assert score["valueQuantity"]["value"] == sum(scene.scores.values())
    assert len(score["component"]) == 15
    values = {one["code"]["coding"][0]["code"]: one.get("valueQuantity", {}).get("value") for one in ours}
    assert (values["8867-4"], values["2345-7"], values["85354-9"]) == (92, 124, None)
    before = len(fhir.resources("Patient"))
    again = at_archive(tmp_path, fhir, seed=21)
    assert len(fhir.resources("Patient")) == before
    assert again.sent.identifier == outcome.sent.identifier


@pytest.mark.parametrize(
    ("fault", "hop", "said"),
    [
        ("status=A700,every=2", "STOW-RS", "not all images were stored: 1 with reason A700H"),
        ("on=store,abort_after=0", "STOW-RS", "broke"),
        ("lose", "WADO-RS", "404"),
        ("lose,every=3", "WADO-RS", "1 of 3 images of the ImagingStudy are not there"),
        ("on=get,status=A700", "WADO-RS", "503"),
        ("on=get,abort_after=0", "WADO-RS", ""),
        ("drop=PixelData", "compare pixels", "0 images missing, 3 differ"),
    ],
)
def test_a_hop_that_fails_is_named_and_ends_the_run(
    tmp_path: Path, fhir: SimulatedFhir, fault: str, hop: str, said: str
):
    seed = 100 + sum(fault.encode())  # each its own patient
    outcome = at_archive(tmp_path, fhir, fault, seed=seed)
    name, why = failed(outcome)
    assert name == hop
    assert said in why
    assert outcome.error is not None
    assert outcome.error.exit_code == 1


def test_who_is_not_let_in_to_the_archive_ends_at_the_store(tmp_path: Path, fhir: SimulatedFhir):
    outcome = at_archive(tmp_path, fhir, seed=31, web={"users": {"anna": "secret"}})
    assert failed(outcome)[0] == "STOW-RS"
    assert "401" in failed(outcome)[1]


def test_a_user_of_the_archive_is_let_in_and_stands_in_no_resource(tmp_path: Path, fhir: SimulatedFhir):
    web = {"users": {"anna": "s3cret-word"}}
    outcome = at_archive(tmp_path, fhir, seed=32, web=web, user="anna:s3cret-word@")
    assert outcome.good, outcome.error
    assert "s3cret-word" not in json.dumps(fhir.resources()) + (tmp_path / "telestroke.html").read_text()
    assert not any("s3cret-word" in json.dumps(hop.as_dict()) for hop in outcome.journey.hops)


@pytest.mark.parametrize(("peer", "hop"), [("archive", "STOW-RS"), ("fhir", "FHIR transaction")])
def test_a_peer_that_is_away_is_unreachable(tmp_path: Path, peer: str, hop: str):
    outcome = run(tmp_path, seed=1, options=SMALL, local=LOCAL, **{peer: WebAddress("http://127.0.0.1:9/x")})  # type: ignore[arg-type]
    assert failed(outcome)[0] == hop
    assert isinstance(outcome.error, UnreachableError)


def test_what_is_no_option_of_the_scan_is_no_hops_fault(tmp_path: Path):
    with pytest.raises(UsageError):
        run(tmp_path, seed=1, options={"slices": 0})
    with pytest.raises(UsageError, match="cannot be used"):
        run(Path("/dev/null/x"), seed=1, options=SMALL)


def test_pixels_that_differ_are_counted(tmp_path: Path):
    outcome = run(tmp_path, seed=2, options=SMALL)
    assert outcome.case is not None
    known = dict(outcome.sent.pixels)
    known[next(iter(known))] = "0" * 64
    journey = Journey()
    with pytest.raises(InvalidResponse, match="0 images missing, 1 differ, 0 were not sent"):
        neurologist.compare(outcome.case, known, journey)
    assert journey.broken is not None
    with pytest.raises(InvalidResponse, match="1 images missing, 0 differ"):
        neurologist.compare(outcome.case, {**outcome.sent.pixels, "1.2": ""}, journey)
    with pytest.raises(InvalidResponse, match="1 were not sent"):
        neurologist.compare(outcome.case, dict(list(outcome.sent.pixels.items())[1:]), journey)


def test_weakness_is_on_the_other_side_than_the_infarct():
    sides = {Scene.of(seed).side: Scene.of(seed) for seed in range(12)}
    assert set(sides) == {"left", "right"}
    for side, other in (("left", "right"), ("right", "left")):
        scores = sides[side].scores
        assert scores[f"{side}_arm"] == scores[f"{side}_leg"] == 0 < scores[f"{other}_arm"]
        assert (scores["language"] > 0) == (side == "left")


def test_the_address_that_others_read_holds_no_user():
    assert public(WebAddress("https://anna:secret@host:8/dicom-web/")) == "https://host:8/dicom-web"
    assert public(WebAddress("http://host/dicom-web")) == "http://host/dicom-web"


def test_the_resources_of_a_seed_are_the_same_each_time():
    from datetime import datetime, timezone

    now = datetime(2026, 1, 2, 3, 4, 5)
    from modality.protocol.worklist import ScheduledStep
    from modality.station.study import ct

    scene = Scene.of(4)
    step = ScheduledStep(scene.order("CT01", now))
    images = list(ct(seed=1, **SMALL))
    made = [clinic.resources(scene, step, images, endpoint="http://a/b", now=now, zone=timezone.utc) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0][-1]["effectiveDateTime"] == moment(now)
