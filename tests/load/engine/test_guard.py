"""Whom a load may hit, and what is said before it does."""

from __future__ import annotations

import pytest

from modality.errors import UsageError
from modality.load.engine.guard import announcement, check_target
from modality.load.scenario import Target
from modality.network.address import DicomAddress, WebAddress
from tests.load.loads import load

OTHER = DicomAddress("192.0.2.1", 104, "PACS")


@pytest.mark.parametrize(
    "address",
    [
        DicomAddress("127.0.0.1", 104), DicomAddress("localhost", 104), DicomAddress("::1", 104),
        WebAddress("http://127.0.0.1:8042/dicom-web"), WebAddress("https://localhost/dicom-web"),
    ],
)  # fmt: skip
def test_this_machine_may_be_loaded(address: DicomAddress | WebAddress) -> None:
    check_target(address, owned=False, target=Target())


@pytest.mark.parametrize(
    "address",
    [OTHER, DicomAddress("0.0.0.0", 104), DicomAddress("localhost.example.org", 104), WebAddress("http://192.0.2.1/")],
)
@pytest.mark.parametrize(
    "target",
    [
        Target(), Target("dicom://PACS@192.0.2.1:104"), Target(i_own_this_archive=True),
        Target("dicom://PACS@192.0.2.1:11112", i_own_this_archive=True),
    ],
)  # fmt: skip
def test_another_machine_may_not_unless_it_is_named_and_owned(
    address: DicomAddress | WebAddress, target: Target
) -> None:
    with pytest.raises(UsageError, match="--i-own-this-archive"):
        check_target(address, owned=False, target=target)


def test_whoever_owns_an_archive_may_load_it() -> None:
    check_target(OTHER, owned=True, target=Target())
    check_target(OTHER, owned=False, target=Target("dicom://PACS@192.0.2.1:104", i_own_this_archive=True))


def test_what_is_about_to_happen_is_said() -> None:
    made = load(DicomAddress("127.0.0.1", 104), 50, 10.0)
    said = announcement(made.plan, made.material, "dicom://A@127.0.0.1:104")
    size = 500 * made.material.bytes_of("MR tiny") / 1e6
    assert said.startswith(f"500 instances in {len(made.plan.studies)} new studies, {size:.0f} MB, in 10 s (50/s, ")
    assert "large" not in said
    large = load(DicomAddress("127.0.0.1", 104), 50, 10000.0)
    assert "this is a large run" in announcement(large.plan, large.material, "x")
