"""Migration between our own archives: both roads, filters, failures, and runs that go on where others ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.uid import UID

from modality.delivery.migrations import Ledger
from modality.errors import UnreachableError, UsageError
from modality.network.address import Address, parse
from modality.network.destinations import destination
from modality.network.local import Local, Timeouts
from modality.network.retrieve.holdings import Wish, holdings
from modality.network.retrieve.sources import Wanted
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.station.migration import Migration, migrate
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import BY_KEYWORD
from tests.transfer.datasets import image

LOCAL = Local("CT01", Timeouts(connect_s=30, association_s=30, response_s=30))
Start = Callable[..., SimulatedArchive]


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:

        def run(*faults: str, **options: Any) -> SimulatedArchive:
            return stack.enter_context(SimulatedArchive(faults=faults, web=Web(), **options))

        yield run


def instance(study: int, number: int, syntax: str = "ExplicitVRLittleEndian", **attributes: Any) -> PreparedInstance:
    dataset = image(
        StudyInstanceUID=f"1.2.{study}",
        SeriesInstanceUID=f"1.2.{study}.{number % 2}",
        SOPInstanceUID=f"1.2.{study}.{number % 2}.{number}",
        PatientID=f"P{study}",
        StudyDate=f"2026010{study}",
        **attributes,
    )
    block = dataset.private_block(0x0009, "SOMEBODY", create=True)
    block.add_new(1, "LO", "private text")
    dataset.add_new(0x00510010, "LO", "NOBODY")
    dataset.add_new(0x00511001, "UN", b"unknown!")
    return prepare(dataset, BY_KEYWORD[syntax])


def filled(archive: SimulatedArchive) -> list[PreparedInstance]:
    """Three studies of three instances, each in another syntax."""
    sent = [
        instance(study, number, syntax)
        for study in (1, 2, 3)
        for number, syntax in enumerate(("ExplicitVRLittleEndian", "JPEG2000Lossless", "ImplicitVRLittleEndian"))
    ]
    assert destination(archive.address, LOCAL, look_ahead=9).store(sent).complete
    return sent


def run(origin: str | Path, target: str | Path, state: Path, **options: Any) -> Migration:
    addresses: list[Address] = [parse(str(one)) for one in (origin, target)]
    with Ledger(state, *map(str, addresses)) as ledger:
        return migrate(*addresses, LOCAL, ledger, **options)


def held(archive: SimulatedArchive) -> dict[str, tuple[str, bytes]]:
    return {
        one.sop_instance_uid: (one.transfer_syntax_uid, b"".join(map(bytes, [dcmread(one.path).PixelData])))
        for one in archive.instances()
    }


@pytest.mark.parametrize("from_", ["address", "web_address"])
@pytest.mark.parametrize("to", ["address", "web_address"])
def test_every_road_brings_everything_as_it_is_kept(start: Start, tmp_path: Path, from_: str, to: str) -> None:
    origin, target = start(), start()
    filled(origin)
    migration = run(getattr(origin, from_), getattr(target, to), tmp_path)
    assert migration.complete, migration.failed
    assert (migration.studies, len(migration.migrated), migration.instances) == (3, 3, 9)
    assert (migration.verified.checked, migration.verified.identical) == (9, 9)
    assert migration.verified.transcoded == {}
    assert held(target) == held(origin)
    kept = dcmread(target.instances()[0].path)
    assert kept[0x00091001].value == "private text"
    assert bytes(kept.get_item(0x00511001).value).rstrip(b"\0") == b"unknown!"
    assert not list((tmp_path / "instances").rglob("*.dcm"))


def test_folders_are_origins_and_targets_too(start: Start, tmp_path: Path) -> None:
    origin, target = start(), start()
    filled(origin)
    assert run(origin.address, tmp_path / "files", tmp_path / "out").complete
    assert run(tmp_path / "files", target.web_address, tmp_path / "in").complete
    assert held(target) == held(origin)


@pytest.mark.parametrize("road", ["address", "web_address", "folder"])
@pytest.mark.parametrize(
    ("wish", "studies"),
    [
        (Wish(patient_id="P2"), ["1.2.2"]),
        (Wish(date="20260102-"), ["1.2.2", "1.2.3"]),
        (Wish(date="20260101"), ["1.2.1"]),
        (Wish(study_uids=("1.2.3", "1.2.1")), ["1.2.1", "1.2.3"]),
        (Wish(patient_id="P2", study_uids=("1.2.3",)), []),
    ],
)
def test_only_studies_wished_for_are_brought(
    start: Start, tmp_path: Path, road: str, wish: Wish, studies: list[str]
) -> None:
    origin, target = start(), start()
    sent = filled(origin)
    if road == "folder":
        destination(tmp_path / "files", LOCAL).store(sent)
    where = tmp_path / "files" if road == "folder" else getattr(origin, road)
    assert run(where, target.address, tmp_path / "state", wish=wish).complete
    assert sorted(target.studies) == studies


def test_a_study_that_fails_does_not_stop_the_others_and_is_tried_again(start: Start, tmp_path: Path) -> None:
    origin, target = start(), start("status=C000,every=4,times=1")
    filled(origin)
    first = run(origin.address, target.address, tmp_path)
    assert list(first.failed) == ["1.2.2"]
    assert "1 instance not stored: status C000H" in first.failed["1.2.2"]
    assert first.migrated == ["1.2.1", "1.2.3"]
    stores = len(target.events.of("C-STORE"))
    second = run(origin.address, target.address, tmp_path)
    assert (second.complete, second.skipped, second.migrated) == (True, 2, ["1.2.2"])
    # Only what was not stored was stored again.
    assert len(target.events.of("C-STORE")) - stores == 1
    assert held(target) == held(origin)


def test_what_the_target_lost_or_changed_is_found_and_stored_again(start: Start, tmp_path: Path) -> None:
    origin, target = start(), start("lose,every=9,times=1", "drop=private,every=5,times=1")
    filled(origin)
    first = run(origin.address, target.address, tmp_path)
    assert first.failed == {
        "1.2.2": "verified: 1 with elements lost or changed",
        "1.2.3": "verified: 1 lost",
    }
    assert run(origin.address, target.address, tmp_path).complete
    assert held(target) == held(origin)


def test_an_interrupted_run_goes_on_where_it_ended(start: Start, tmp_path: Path) -> None:
    origin, target = start(), start()
    filled(origin)

    def interrupt(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    account = Migration()
    with pytest.raises(KeyboardInterrupt):
        run(origin.address, target.web_address, tmp_path, progress=interrupt, migration=account)
    assert account.migrated == ["1.2.1", "1.2.2"]
    second = run(origin.address, target.web_address, tmp_path)
    assert (second.skipped, second.migrated, second.complete) == (2, ["1.2.3"], True)
    assert len(target.events.of("STOW-RS")) == 9


def test_a_target_that_goes_away_ends_the_run_and_what_was_fetched_waits(start: Start, tmp_path: Path) -> None:
    origin = start()
    filled(origin)
    with pytest.raises(UnreachableError):
        run(origin.address, "dicom://X@127.0.0.1:1", tmp_path)
    assert len(list((tmp_path / "instances").rglob("*.dcm"))) == 3


def test_what_the_target_does_not_take_is_transcoded_only_where_that_is_wished(start: Start, tmp_path: Path) -> None:
    origin, target = start(), start(transfer_syntaxes=["1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
    filled(origin)
    kept = run(origin.address, target.address, tmp_path)
    assert len(kept.failed) == 3
    assert "JPEG2000Lossless" in kept.failed["1.2.1"]
    recoded = run(origin.address, target.address, tmp_path, transcode=True)
    assert recoded.complete, recoded.failed
    assert {UID(uid).name for uid, _ in held(target).values()} == {
        "Explicit VR Little Endian",
        "Implicit VR Little Endian",
    }
    assert len(recoded.verified.transcoded) == 3


def test_a_state_folder_is_of_one_migration_and_one_run(tmp_path: Path) -> None:
    with Ledger(tmp_path, "A", "B"), pytest.raises(UsageError, match="another run is using it"):
        Ledger(tmp_path, "A", "B")
    with pytest.raises(UsageError, match="is of the migration from A to B"):
        Ledger(tmp_path, "A", "C")
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        Ledger(tmp_path / "file", "A", "B")


def test_more_instances_than_are_given_are_named(start: Start, tmp_path: Path) -> None:
    origin, target = start(), start()
    filled(origin)
    origin.instances("1.2.2")[0].path.unlink()
    migration = run(origin.web_address, target.address, tmp_path)
    assert list(migration.failed) == ["1.2.2"]
    assert set(migration.migrated) == {"1.2.1", "1.2.3"}


class Decoding:
    """An origin that gives what it keeps uncompressed, whatever it lists."""

    def __init__(self, given: list[PreparedInstance], available: dict[str, tuple[str, ...]], plain: set[str]) -> None:
        self._given, self._available, self.plain = given, available, plain

    def studies(self, wish: Wish) -> list[str]:
        return list(dict.fromkeys(one.study_uid for one in self._given))

    def instances(self, study_uid: str) -> dict[str, Wanted]:
        return {
            one.sop_instance_uid: Wanted(
                one.series_uid, (one.sop_class_uid, ""), self._available.get(one.sop_instance_uid, ())
            )
            for one in self._given
        }

    def fetch(self, study_uid: str, wanted: Any, receive: Any) -> None:
        for one in self._given:
            receive(one)


def test_a_copy_that_was_decompressed_for_us_is_told(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [instance(1, 0), instance(1, 1), instance(1, 2, LossyImageCompression="01"), instance(1, 3), instance(1, 4)]
    uids = [one.sop_instance_uid for one in given]
    jpeg, explicit = BY_KEYWORD["JPEG2000Lossless"].uid, BY_KEYWORD["ExplicitVRLittleEndian"].uid
    available = {uids[0]: (jpeg,), uids[1]: (jpeg, explicit)}
    origin = Decoding(given, available, plain={uids[1], uids[3]})
    monkeypatch.setattr("modality.station.migration.holdings", lambda *_, **__: contextlib.nullcontext(origin))
    migration = run(tmp_path / "anywhere", start().address, tmp_path / "state", verify=False)
    assert migration.complete
    assert migration.decompressed == [uids[0]]
    # The origin does not say of these: one was lossy once, one could only be asked for uncompressed.
    assert migration.perhaps_decompressed == [uids[2], uids[3]]


@pytest.mark.parametrize("from_", ["address", "web_address"])
def test_the_origin_is_asked_in_which_syntax_it_keeps_each(start: Start, tmp_path: Path, from_: str) -> None:
    origin = start()
    sent = filled(origin)
    with holdings(parse(getattr(origin, from_)), LOCAL) as kept:
        listed = {uid: one.available for study in ("1.2.1", "1.2.2") for uid, one in kept.instances(study).items()}
    assert listed == {one.sop_instance_uid: (one.transfer_syntax_uid,) for one in sent[:6]}
    migration = run(getattr(origin, from_), start().address, tmp_path)
    assert (migration.decompressed, migration.perhaps_decompressed) == ([], [])
