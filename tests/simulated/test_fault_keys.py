"""Each key of a fault does what `serve --help` says of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.tag import BaseTag
from pydicom.uid import ExplicitVRLittleEndian, RLELossless
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import CTImageStorage

from modality.simulated.archive import SimulatedArchive
from modality.simulated.fault_text import KEYS, PRIVATE
from tests.simulated.conftest import associate, example

Store = Callable[..., list[int | None]]
CT = "CT_small.dcm"


def numbered(count: int) -> list[Dataset]:
    made = [example(CT) for _ in range(count)]
    for number, dataset in enumerate(made, 1):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
    return made


def kept_by(archive: SimulatedArchive) -> list[str]:
    return [one.sop_instance_uid[-1] for one in archive.instances()]


def tags(dataset: Dataset) -> list[BaseTag]:
    return list(dataset.keys())


def on(store: Store) -> None:
    with SimulatedArchive(faults=["on=echo+find,silent"]) as archive:
        assert store(archive, example(CT)) == [0x0000]
    # Without it a status is of a store, and other requests are neither refused nor counted.
    with SimulatedArchive(faults=["status=A700,every=2"]) as archive:
        with associate(archive) as association:
            assert association.send_c_echo().Status == 0x0000
        assert store(archive, *numbered(2)) == [0x0000, 0xA700]


def every(store: Store) -> None:
    with SimulatedArchive(faults=["status=A700,every=2"]) as archive:
        assert store(archive, *numbered(4)) == [0x0000, 0xA700, 0x0000, 0xA700]


def times(store: Store) -> None:
    with SimulatedArchive(faults=["status=A700,times=2"]) as archive:
        assert store(archive, *numbered(4)) == [0xA700, 0xA700, 0x0000, 0x0000]


def status(store: Store) -> None:
    with SimulatedArchive(faults=["status=B007,every=2"]) as archive:
        assert store(archive, *numbered(2)) == [0x0000, 0xB007]
        assert kept_by(archive) == ["1", "2"]
    with SimulatedArchive(faults=["status=0122"]) as archive:
        assert store(archive, *numbered(1)) == [0x0122]
        assert kept_by(archive) == []
        assert [one.status for one in archive.events.of("C-STORE")] == [0x0122]


def coerce(store: Store) -> None:
    with SimulatedArchive(faults=["coerce=PatientID:NEW+Rows:64+PatientName:A^B"]) as archive:
        assert store(archive, example(CT)) == [0xB000]
        kept = dcmread(archive.instances()[0].path)
    assert (kept.PatientID, kept.Rows, kept.PatientName) == ("NEW", 64, "A^B")


def drop(store: Store) -> None:
    sent = example(CT)
    assert any(tag.is_private for tag in tags(sent))
    with SimulatedArchive(faults=["drop=StationName+private"]) as archive:
        assert store(archive, sent) == [0x0000]
        kept = dcmread(archive.instances()[0].path)
    expected = Dataset({tag: sent[tag] for tag in tags(sent) if not tag.is_private and tag != 0x00081010})
    assert kept == expected
    with SimulatedArchive(faults=["drop=00091001"]) as archive:
        assert store(archive, sent) == [0x0000]
        kept = dcmread(archive.instances()[0].path)
    assert set(tags(sent)) - set(tags(kept)) == {0x00091001}


def lose(store: Store) -> None:
    with SimulatedArchive(faults=["lose,every=2"]) as archive:
        assert store(archive, *numbered(2)) == [0x0000, 0x0000]
        assert kept_by(archive) == ["1"]


def delay_s(store: Store) -> None:
    with SimulatedArchive(faults=["delay_s=0.2"]) as archive:
        began = time.monotonic()
        assert store(archive, example(CT)) == [0x0000]
        assert time.monotonic() - began > 0.2


def silent(store: Store) -> None:
    with SimulatedArchive(faults=["silent"]) as archive, associate(archive) as association:
        association.dimse_timeout = 0.2
        assert "Status" not in association.send_c_echo()


def reject(store: Store) -> None:
    with SimulatedArchive(faults=["reject=transient,times=1"]) as archive:
        with associate(archive) as association:
            assert association.is_rejected
            assert association.acceptor.primitive.result == 2
        with associate(archive) as association:
            assert association.is_established


def known(store: Store) -> None:
    with SimulatedArchive(faults=["known=MR01+CT02"]) as archive:
        with associate(archive) as association:
            assert association.acceptor.primitive.diagnostic == 3  # calling AE title not recognized
        with associate(archive, aet="CT02") as association:
            assert association.is_established


def refuse(store: Store) -> None:
    contexts = [build_context(CTImageStorage, ExplicitVRLittleEndian), build_context(CTImageStorage, RLELossless)]
    with SimulatedArchive(faults=["refuse=RLELossless"]) as archive, associate(archive, contexts) as association:
        assert [cx.transfer_syntax[0] for cx in association.accepted_contexts][1:] == [ExplicitVRLittleEndian]
        assert len(association.rejected_contexts) == 1
    with SimulatedArchive(faults=["refuse=CTImageStorage"]) as archive, associate(archive, contexts) as association:
        assert len(association.rejected_contexts) == 2


def abort_after(store: Store) -> None:
    with SimulatedArchive(faults=["abort_after=2,on=store"]) as archive:
        assert store(archive, *numbered(4)) == [0x0000, 0x0000, None]
        assert store(archive, *numbered(4)) == [None]
        assert kept_by(archive) == ["1", "2"]


def abort_at_bytes(store: Store) -> None:
    with SimulatedArchive(faults=["abort_at_bytes=20000"]) as archive:
        assert store(archive, example(CT)) == [None]
        assert store(archive, example(CT)) == [None]
        assert archive.studies == []


CASES = {
    case.__name__: case
    for case in (
        on, every, times, status, coerce, drop, lose, delay_s, silent, reject, known, refuse, abort_after,
        abort_at_bytes,
    )
}  # fmt: skip


def test_no_key_is_without_a_case() -> None:
    assert set(CASES) == set(KEYS)
    assert PRIVATE in KEYS["drop"].help


@pytest.mark.parametrize("key", KEYS)
def test_a_key_does_what_its_help_says(key: str, store: Store) -> None:
    CASES[key](store)


@pytest.mark.parametrize(
    ("charset", "name"), [("ISO_IR 144", "Люкceмбypг"), ("\\ISO 2022 IR 87", "山田^太郎"), ("ISO_IR 192", "김^희중")]
)
def test_a_name_is_coerced_in_the_character_set_of_its_data_set(charset: str, name: str, store: Store) -> None:
    sent = example(CT)
    sent.SpecificCharacterSet = charset.split("\\")
    sent.PatientName = "Somebody^Else"
    with SimulatedArchive(faults=[f"coerce=PatientName:{name}^X+PatientComments:of {name}"]) as archive:
        assert store(archive, sent) == [0xB000]
        kept = dcmread(archive.instances()[0].path)
    assert (kept.PatientName, kept.PatientComments) == (f"{name}^X", f"of {name}")


@pytest.mark.parametrize(
    ("charset", "name", "first"), [("ISO_IR 100", "Люкc", "Л"), ("", "Müller", "ü"), ("ISO_IR 144", "山田", "山")]
)
def test_a_value_that_the_character_set_cannot_hold_is_refused_with_the_reason(
    charset: str, name: str, first: str, store: Store, tmp_path: Path
) -> None:
    sent = example(CT)
    sent.SpecificCharacterSet = charset
    with SimulatedArchive(tmp_path, faults=[f"coerce=PatientName:{name}"]) as archive:
        assert store(archive, sent) == [0x0110]
        (happening,) = archive.events.of("C-STORE")
        assert archive.instances() == []
    assert (
        happening.detail
        == f"coerce PatientName: {charset or 'ISO_IR 6'} cannot hold {name.strip()[charset == '' :][0]!r}"
    )
    assert not list((tmp_path / "incoming").iterdir())
