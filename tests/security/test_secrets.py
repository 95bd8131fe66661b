"""What must not be seen: passcodes, tokens and keys in what is said, and patients' data by others on the machine."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import Dataset

from modality.cli.main import cli
from modality.delivery.migrations import Ledger
from modality.delivery.outbox.outbox import Outbox
from modality.delivery.pending import PendingInstances
from modality.errors import AddressError, ModalityError
from modality.network.address import WebAddress, parse
from modality.network.dicomweb.client import DicomWebClient
from modality.network.fhir.client import FhirClient
from modality.network.local import Local, Timeouts
from modality.protocol.upper_layer.user_information import IdentityType, UserIdentity
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web, read_tokens, read_users
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.ris import SimulatedRis
from modality.simulated.ris.steps import PerformedStep
from tests.security.attacks import dataset, file
from tests.security.servers import serving
from tests.security.test_listening import verbs

SECRET = "s3cr3t-of-ours"
HASTY = Timeouts(1, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{SECRET}@[::1/dicom-web",
        f"https://user:{SECRET}@/dicom-web",
        f"dicom://user:{SECRET}@host:104",
        f"ftp://user:{SECRET}@host/",
        f"https://user:{SECRET}@host:notaport/",
        f"user:{SECRET}@host:104",
    ],
)
def test_a_password_in_an_address_stands_in_no_error(text: str) -> None:
    try:
        address = parse(text)
    except AddressError as error:
        assert SECRET not in str(error)
    else:
        assert SECRET not in f"{address} {address!r}" or isinstance(address, Path)


def calls(url: str, user: UserIdentity | None) -> Iterator[ModalityError]:
    """What goes wrong when a server is called that refuses."""
    local = Local(timeouts=HASTY, user=user)
    for client, ask in (
        (DicomWebClient(WebAddress(url), local), lambda one: one.search_studies({})),
        (FhirClient(WebAddress(url), local), lambda one: one.capabilities()),
    ):
        with client, pytest.raises(ModalityError) as raised:
            ask(client)
        yield raised.value


def chain(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{error} {error!r}"
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "user",
    [
        UserIdentity(IdentityType.USERNAME_AND_PASSCODE, b"user", SECRET.encode()),
        UserIdentity(IdentityType.JWT, SECRET.encode()),
        None,
    ],
)
def test_what_a_server_is_told_stands_in_no_error_and_no_log(
    user: UserIdentity | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(b"{", {"Content-Type": "application/json"}) as url:
        for address in (url, "http://127.0.0.1:1"):
            shown = address if user else address.replace("http://", f"http://user:{SECRET}@")
            for error in calls(shown, user):
                assert SECRET not in " ".join(chain(error))
    assert SECRET not in f"{user!r} {WebAddress(f'http://user:{SECRET}@host')!r}"
    assert SECRET not in caplog.text


def test_the_users_and_tokens_of_a_server_stand_in_no_repr_and_no_error(tmp_path: Path) -> None:
    assert SECRET not in repr(Web(users={"user": SECRET}, tokens=(SECRET,)))
    wrong = tmp_path / "users"
    wrong.write_text(f"{SECRET}\n")
    for read in (read_users, read_tokens):
        wrong.write_text(f"{SECRET}  {SECRET}\n")
        with pytest.raises(ModalityError) as raised:
            read(wrong)
        assert SECRET not in " ".join(chain(raised.value))


def test_no_option_takes_a_passcode_or_a_token_on_the_command_line() -> None:
    """Everybody on a machine sees command lines: there are files and the environment for that."""
    taking = {
        f"{name} {option.opts[0]}"
        for name, command in verbs(cli)
        for option in command.params
        if any(word in option.opts[0] for word in ("pass", "token", "secret", "jwt", "saml", "ticket", "-key"))
        and not option.is_flag  # type: ignore[attr-defined]
        and not (option.metavar or "").endswith("FILE")
    }
    assert taking == set()


def test_an_error_of_the_command_line_shows_no_password(tmp_path: Path) -> None:
    (tmp_path / "one.dcm").write_bytes(file(dataset()))
    done = CliRunner().invoke(cli, ["verify", str(tmp_path), "--at", f"http://user:{SECRET}@127.0.0.1:1/"])
    assert done.exit_code == 3
    assert SECRET not in done.output


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0o000)
    yield
    os.umask(before)


def others_may(folder: Path) -> list[str]:
    """What of a folder somebody else on the machine may read: nothing, when the folder is closed to them."""
    if not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return []
    return [str(one) for one in (folder, *folder.rglob("*")) if stat.S_IMODE(one.stat().st_mode) & 0o007]


@pytest.mark.usefixtures("open_umask")
@pytest.mark.parametrize("what", ["archive", "ris", "fhir", "station", "migration", "outbox"])
def test_a_folder_that_we_make_for_patients_data_is_closed_to_others(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    if what == "archive":
        with SimulatedArchive(folder):
            pass
    elif what == "ris":
        with SimulatedRis(storage=folder) as ris:
            ris._department._write(PerformedStep("1.2.3", Dataset()))
    elif what == "fhir":
        with SimulatedFhir(folder):
            pass
    elif what == "station":
        PendingInstances(folder)
    elif what == "migration":
        with Ledger(folder, "a", "b"):
            pass
    else:
        Outbox(folder).close()
    assert list(folder.iterdir())
    assert others_may(folder) == []
