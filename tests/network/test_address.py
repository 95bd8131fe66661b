"""Addresses: what parses, what does not and why, and that a printed one reads back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import modality
from modality.errors import AddressError, UsageError
from modality.network.address import ANY_AET, DicomAddress, WebAddress, ae_title, parse, parse_dicom
from modality.network.destinations import destination
from modality.network.dicomweb.archive import WebArchive
from modality.network.local import Local
from modality.network.store import DicomArchive
from modality.transfer.destination import Folder


@pytest.mark.parametrize(
    "text",
    [
        "dicom://A:s3cr3t@h:1", "dicom://A:s3/cr3t@h", "dicom:A:s3cr3t@h:1", "A:s3cr3t@h:104", "ftp://A:s3cr3t@h",
        "https://A:s3cr3t@", "https://A:s3cr3t@[x", "dicom://A:s@s3cr3t@h:99999",
    ],
)  # fmt: skip
def test_no_message_shows_a_password(text: str) -> None:
    with pytest.raises(AddressError) as raised:
        parse(text)
    assert "cr3t" not in str(raised.value)


def test_a_web_address_shows_no_password_and_keeps_it() -> None:
    address = parse("https://bob:sesame@host/dicom-web")
    assert isinstance(address, WebAddress)
    assert str(address) == "https://bob:***@host/dicom-web"
    assert "sesame" in address.url
    assert "sesame" not in repr(address)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("dicom://PACS@10.0.0.1:104", DicomAddress("10.0.0.1", 104, "PACS")),
        ("dicom://pacs.example.org:11112", DicomAddress("pacs.example.org", 11112, ANY_AET)),
        ("DICOM://PACS@host:104/", DicomAddress("host", 104, "PACS")),
        ("dicoms://PACS@host:2762", DicomAddress("host", 2762, "PACS", tls=True)),
        ("dicom://PACS@[::1]:104", DicomAddress("::1", 104, "PACS")),
        ("dicom://MY%20AET@host:104", DicomAddress("host", 104, "MY AET")),
        ("dicom://A%40B%3AC%2FD@host:104", DicomAddress("host", 104, "A@B:C/D")),
        ("dicom://SIXTEEN_LETTERS_@host:104", DicomAddress("host", 104, "SIXTEEN_LETTERS_")),
        ("https://host/dicom-web", WebAddress("https://host/dicom-web")),
        ("http://host:8042/dicom-web", WebAddress("http://host:8042/dicom-web")),
        ("some/folder", Path("some/folder")),
        ("./host:104", Path("host:104")),
        ("/tmp/a:b", Path("/tmp/a:b")),
    ],
)
def test_an_address_parses(text: str, address: object) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty address"),
        ("dicom://", "no host"),
        ("dicom://PACS@:104", "no host"),
        ("dicom://PACS@host", "no port"),
        ("dicom://PACS@host:0", "no port"),
        ("dicom://PACS@host:65536", "port must be a number"),
        ("https://host:65536/dicom-web", "port must be a number"),
        ("dicom://PACS@host:dicom", "port must be a number"),
        ("dicom://PACS@[::1:104", "host cannot be read"),
        ("dicom://PACS:secret@host:104", "no password"),
        ("dicom://PACS@host:104/path", "nothing may follow"),
        ("dicom://PACS@host:104?x=1", "nothing may follow"),
        ("dicom://SEVENTEEN_LETTERS@host:104", "1 to 16"),
        ("dicom://@host:104", "1 to 16"),
        ("dicom://A%5CB@host:104", "no backslash"),
        ("dicom://A%0AB@host:104", "printable"),
        ("dicom://%C3%84@host:104", "ASCII"),
        ("dimse://PACS@host:104", "unknown scheme 'dimse'"),
        ("https://", "no host"),
        ("localhost:4242", r"dicom://AET@host:port, or \./localhost:4242"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(AddressError, match=said):
        parse(text)


@given(st.text())
def test_any_text_is_an_address_or_an_address_error(text: str) -> None:
    for candidate in (text, f"dicom://{text}", f"https://{text}"):
        try:
            parse(candidate)
        except AddressError as error:
            assert str(error)


TITLES = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), min_size=1, max_size=16)


@given(TITLES, st.sampled_from(["host", "10.1.2.3", "::1", "fe80::1"]), st.integers(1, 65535), st.booleans())
def test_a_printed_address_reads_back(title: str, host: str, port: int, tls: bool) -> None:
    address = DicomAddress(host, port, title, tls)
    assert parse(str(address)) == address


def test_a_title_loses_its_padding() -> None:
    assert ae_title(" CT01  ") == "CT01"


def test_a_dicom_address_is_asked_for_by_name() -> None:
    for text in ("some/folder", "https://host/dicom-web"):
        with pytest.raises(AddressError, match="a DICOM address is needed"):
            parse_dicom(text)


def test_destinations_follow_from_addresses() -> None:
    assert isinstance(destination("dicom://A@host:104", Local()), DicomArchive)
    assert isinstance(destination("some/folder", Local()), Folder)
    assert isinstance(destination("https://host/dicom-web", Local()), WebArchive)


def test_an_archive_is_what_its_address_speaks() -> None:
    assert isinstance(modality.Archive("dicom://A@host:104"), DicomArchive)
    assert isinstance(modality.Archive("https://host/dicom-web"), WebArchive)
    with pytest.raises(UsageError, match=r"modality\.Folder"):
        modality.Archive("some/folder")
    with pytest.raises(UsageError, match="nothing is negotiated"):
        modality.Archive("https://host/dicom-web", look_ahead=4)
