"""Sequences, JSON and XML nested without end, and XML's entities."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET  # of what we wrote ourselves

import httpx
import pytest
from pydicom import Dataset

from firmware_bridge.drivers.ophthalmic import tree
from modality.errors import InputError, InvalidResponse
from modality.network.address import WebAddress
from modality.network.dicomweb.client import DicomWebClient
from modality.network.fhir.client import FhirClient
from modality.network.local import Local
from modality.protocol.models.as_xml import xml_model
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.simulated.fhir import SimulatedFhir
from modality.simulated.ris import SimulatedRis
from modality.transfer.reading import from_bytes
from tests.security.attacks import (
    CT,
    EXPLICIT,
    IMPLICIT,
    STUDY_FIND,
    answer,
    associated,
    bare,
    command,
    dataset,
    file,
    p_data,
)
from tests.security.servers import serving

DEEP = 50_000
WORKLIST, MPPS = "1.2.840.10008.5.1.4.31", "1.2.840.10008.3.1.2.3.3"
# Request Attributes Sequence, which the archive reads; Content Sequence, which it passes over.
TAGS = {"read": (0x0040, 0x0275), "passed over": (0x0040, 0xA730)}


def nested(depth: int, tag: tuple[int, int], *, defined: bool, explicit: bool = True) -> bytes:
    """Sequences within each other, of undefined or of defined length (the innermost lengths add up)."""
    head = struct.pack("<HH", *tag) + (b"SQ\0\0" if explicit else b"")
    if not defined:
        opening = head + b"\xff" * 4 + b"\xfe\xff\x00\xe0" + b"\xff" * 4
        return opening * depth + b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * depth
    step, parts = len(head) + 12, []
    for left in range(depth, 0, -1):
        size = step * left - len(head) - 4
        parts.append(head + struct.pack("<I", size) + b"\xfe\xff\x00\xe0" + struct.pack("<I", size - 8))
    return b"".join(parts)


@pytest.fixture(scope="module")
def archive() -> Iterator[SimulatedArchive]:
    with SimulatedArchive(web=Web()) as running:
        yield running


@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_a_file_of_nested_sequences_is_refused(tag: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="nested deeper than 64"):
        from_bytes(file(dataset()) + nested(DEEP, tag, defined=False))


@pytest.mark.parametrize("defined", [True, False])
@pytest.mark.parametrize("tag", TAGS.values(), ids=TAGS)
def test_an_archive_that_is_sent_nested_sequences_answers_and_goes_on(
    archive: SimulatedArchive, tag: tuple[int, int], defined: bool
) -> None:
    body = bare(dataset()) + nested(DEEP, tag, defined=defined)
    with associated(archive.port, (CT, EXPLICIT)) as connection:
        connection.sendall(p_data(command(1, CT, instance="1.2.3.4"), command=True, last=True))
        for at in range(0, len(body), 100_000):
            connection.sendall(p_data(body[at : at + 100_000], command=False, last=at + 100_000 >= len(body)))
        assert answer(connection) == 4
    url = f"{archive.web_address}/studies"
    for path in ("", "/1.2.3/metadata", "/1.2.3/series/1.2.3.1/instances/1.2.3.4/metadata", "/1.2.3/rendered"):
        assert httpx.get(url + path).status_code != 500
    assert httpx.get(f"{url}?limit=1").status_code in (200, 204)


@pytest.mark.parametrize("service", ["find", "worklist", "create"])
def test_an_identifier_of_nested_sequences_ends_no_thread(service: str) -> None:
    """What raises in a thread is an error in these tests."""
    sop_class, field = {"find": (STUDY_FIND, 0x20), "worklist": (WORKLIST, 0x20), "create": (MPPS, 0x140)}[service]
    with SimulatedArchive() if service == "find" else SimulatedRis() as peer:
        with associated(peer.port, (sop_class, IMPLICIT)) as connection:
            sent = command(field, sop_class, instance="1.2.3.4" if service == "create" else "")
            body = nested(20_000, (0x0040, 0x0275), defined=False, explicit=False)
            connection.sendall(p_data(sent, command=True, last=True) + p_data(body, command=False, last=True))
            assert answer(connection) in (4, 7)
        with associated(peer.port):
            pass


def test_fhir_json_nested_without_end_is_refused() -> None:
    with SimulatedFhir() as fhir:
        headers = {"Content-Type": "application/fhir+json"}
        deepest = {
            "brackets": b"[" * 2_000_000,
            "objects": b'{"a":' * 500_000,
            "closed": b'{"resourceType":"Patient","a":' + b"[" * 500 + b"1" + b"]" * 500 + b"}",
        }
        for body in deepest.values():
            assert httpx.post(f"{fhir.address}/Patient", content=body, headers=headers).status_code == 400
        assert httpx.get(f"{fhir.address}/metadata").status_code == 200


def test_a_workitem_nested_without_end_is_refused() -> None:
    with SimulatedRis(web=Web()) as ris:
        url = f"{ris.web_address}/workitems?1.2.3.4.5"
        deep = b'{"00400275":{"vr":"SQ","Value":[' * 5000 + b"{}" + b"]}}" * 5000
        for body in (b"[" * 1_000_000, deep):
            answered = httpx.post(url, content=body, headers={"Content-Type": "application/dicom+json"})
            assert answered.status_code == 400
        assert httpx.get(f"{ris.web_address}/workitems").status_code in (200, 204)


def test_a_client_that_is_answered_json_without_end_says_so() -> None:
    with serving(b"[" * 1_000_000, {"Content-Type": "application/dicom+json"}) as url:
        with DicomWebClient(WebAddress(url), Local()) as web, pytest.raises(InvalidResponse, match="no JSON"):
            web.search_studies({})
        with FhirClient(WebAddress(url)) as fhir, pytest.raises(InvalidResponse, match="no JSON"):
            fhir.capabilities()


ENTITIES = {
    "billion laughs": '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><a>&b;</a>',
    "external entity": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external dtd": '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><a/>',
    "undeclared": "<a>&nothing;</a>",
    "deep": "<a>" * 100_000,
}


@pytest.mark.parametrize("document", ENTITIES.values(), ids=ENTITIES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "shift_jis"])
def test_xml_of_instruments_knows_no_entities_and_no_depth_without_end(document: str, encoding: str) -> None:
    """The reader of JOIA files."""
    text = f'<?xml version="1.0" encoding="{encoding}"?>{document}'
    with pytest.raises(tree.XmlRefused):
        tree.parse(text.encode(encoding))


def test_xml_that_we_write_is_well_formed_whatever_the_name_holds() -> None:
    evil = Dataset()
    evil.PatientName = 'x]]><!DOCTYPE a [<!ENTITY b SYSTEM "/etc">]>&b;\'\x1b\x00'
    evil.PatientID = "&lt;&#0;<a/>"
    document = xml_model(evil)
    assert b"<!DOCTYPE" not in document
    assert b"\x1b" not in document
    texts = [one.text for one in ET.fromstring(document).iter()]
    assert "&lt;&#0;<a/>" in texts


def test_no_other_module_parses_xml() -> None:
    """Whoever adds a parser adds its attack here."""
    root = Path(tree.__file__).parents[3]
    words = ("expat", "fromstring", "iterparse", "XMLParser", "XMLPullParser", "XML(", "lxml", "make_parser", "pulldom")
    found = {
        str(path.relative_to(root))
        for package in ("modality", "firmware_bridge", "phantoms")
        for path in (root / package).rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in words)
    }
    assert found == {"firmware_bridge/drivers/ophthalmic/tree.py"}
