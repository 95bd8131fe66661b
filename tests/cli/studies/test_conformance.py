"""The conformance statement says what the tables say, and changes when they do."""

from __future__ import annotations

import importlib
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.uid import UID

import modality
from modality import network
from modality.cli.conformance import attributes, services, statement, web
from modality.iods.images.ct import CT
from modality.network.local import Timeouts
from modality.network.upper_layer import tls
from modality.protocol import commitment, negotiation, performed_step, worklist
from modality.registry import KINDS
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis
from modality.transfer import part10, syntaxes
from tests.cli.command import document, invoke

OTHER = replace(CT, title="Other Image")


def text(section) -> str:
    return "\n".join(section.markdown())


@pytest.fixture(scope="module")
def whole() -> str:
    return text(statement.statement())


def test_every_kind_and_transfer_syntax_appears(whole: str) -> None:
    for name in KINDS.names():
        kind = KINDS.load(name)
        assert f"| {name} | {kind.modality} | {kind.title} |" in whole
        assert f"{kind.title} ({name})" in whole
    for one in syntaxes.TABLE:
        lossy = "no" if one.lossless else "yes"
        (row,) = [line for line in whole.splitlines() if line.startswith(f"| {one.keyword} | {one.uid} | yes |")]
        assert f" | {lossy} | " in row


def test_every_service_code_key_and_limit_appears(whole: str) -> None:
    for peer in (SimulatedArchive(), SimulatedRis([])):
        for context in peer.listener.contexts:
            assert f"| {context.abstract_syntax} |" in whole
    for keyword in (*worklist._STEP_KEYS, *worklist._ITEM_KEYS):
        assert f"{keyword} | (" in whole
    for table in (performed_step.DISCONTINUATION_REASONS, commitment.FAILURE_REASONS):
        assert all(meaning in whole for meaning in table.values())
    for suite in tls.CIPHERS:
        assert suite in whole
    assert part10.IMPLEMENTATION_CLASS_UID in whole
    assert "no Connectathon" in whole


def test_every_attribute_of_a_kind_appears_with_where_it_comes_from(whole: str) -> None:
    section = whole.partition(" CT Image (ct)\n")[2].partition("\n### ")[0]
    for row in (
        "| PatientName | (0010,0010) | PN | worklist |",
        "| RequestAttributesSequence > ScheduledProcedureStepID | (0040,0009) | SH | worklist |",
        "| SOPInstanceUID | (0008,0018) | UI | modality |",
        "| StudyTime | (0008,0030) | TM | modality |",
        "| RescaleSlope | (0028,1053) | DS | fixed by kind and scan |",
        "| PS3.3 C.8.2.1 CT Image |",
    ):
        assert row in section


@pytest.mark.parametrize(
    ("keyword", "message", "kind", "source"),
    [
        ("ScheduledStepAttributesSequence > AccessionNumber", "N-CREATE", "2", "worklist"),
        ("PerformedProcedureStepID", "N-CREATE", "1", "modality"),
        ("PerformedProcedureStepEndDate", "N-CREATE", "2", "empty"),
        ("PerformedProcedureStepEndDate", "N-SET", "1", "modality"),
        ("PerformedSeriesSequence > RetrieveAETitle", "N-SET", "2", "modality"),
    ],
)
def test_the_performed_step_is_told_message_by_message(keyword: str, message: str, kind: str, source: str) -> None:
    (row,) = [
        row for row in attributes.performed_step_attributes().tables[0].rows if (row[0], row[3]) == (keyword, message)
    ]
    assert row[4:] == (kind, source)


def test_a_query_key_is_told_as_matching_or_returned(whole: str) -> None:
    assert "| PatientID | (0010,0020) | LO | yes | yes |" in whole
    assert "| Allergies | (0010,2110) | LO |   | yes |" in whole
    step = "ScheduledProcedureStepSequence > ScheduledProcedureStepStartDate"
    assert f"| {step} | (0040,0002) | DA | yes | yes |" in whole


def test_a_new_kind_is_in_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS.entries, "other", "tests.cli.studies.test_conformance:OTHER")  # type: ignore[arg-type]
    assert "Other Image (other)" in text(attributes.images())
    assert "| other | CT | Other Image |" in text(services.overview())


def test_a_new_transfer_syntax_is_in_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    new = syntaxes.TransferSyntax("1.2.3.4", "MySyntax")
    monkeypatch.setattr(syntaxes, "TABLE", (*syntaxes.TABLE, new))
    assert "| MySyntax | 1.2.3.4 | yes | yes | no |" in text(services.transfer_syntaxes())


def test_a_new_return_key_is_in_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PatientComments" not in text(attributes.worklist_keys())
    monkeypatch.setattr(worklist, "_ITEM_KEYS", (*worklist._ITEM_KEYS, "PatientComments"))
    assert "| PatientComments | (0010,4000) | LT |   | yes |" in text(attributes.worklist_keys())


def test_other_constants_are_in_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performed_step, "PERFORMED_STEP", "1.2.3.5")
    monkeypatch.setattr(negotiation, "DEFAULT", negotiation.Negotiation(propose=(("RLELossless",),), async_window=7))
    monkeypatch.setattr(tls, "CIPHERS", ("ECDHE-RSA-AES256-GCM-SHA384",))
    assert "| 1.2.3.5 | 1.2.3.5 | SCU |" in text(services.overview())
    policies = text(services.associations())
    assert "| 1 | RLELossless |" in policies
    assert "7 by default" in policies
    assert f"| response_s | {Timeouts().response_s:g} s |" in policies
    assert "AES128" not in text(web.security())


def test_every_web_resource_appears(whole: str) -> None:
    pytest.importorskip("starlette")
    assert "| /dicom-web/studies | POST | store (STOW-RS) |" in whole
    assert "/dicom-web/studies/{study}/series/{series}/instances/{instance}/frames/{frames} | GET |" in whole
    assert len(web.routes()) > 20


def test_file_and_json_say_the_same_and_twice_the_same(tmp_path: Path, whole: str) -> None:
    done = invoke("conformance", "-o", tmp_path / "c.md", "--json")
    assert done.exit_code == 0
    written = (tmp_path / "c.md").read_text()
    assert written == whole.rstrip() + "\n"
    found = document(done)
    assert [one["title"] for one in found["sections"]] == [
        line.split(" ", 2)[2] for line in written.splitlines() if line.startswith("## ")
    ]
    kinds = found["sections"][0]["tables"][0]["rows"]
    assert {row["SOP Class"] for row in kinds} == {UID(KINDS.load(name).sop_class_uid).name for name in KINDS.names()}


def test_a_file_that_cannot_be_written_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert invoke("conformance", "-o", tmp_path / "file" / "c.md").exit_code == 2


def test_every_sop_class_that_we_ask_of_a_peer_appears(whole: str) -> None:
    """What the sources of the network propose in an association is among the services used."""
    used = whole.partition("*Services used by MODALITY*")[2].partition("*Associations")[0]
    found = set()
    for path in sorted(Path(network.__path__[0]).rglob("*.py")):
        names = re.findall(r"associate\(\w+, \[\((\w+), ", path.read_text())
        module = ".".join(("modality", *path.relative_to(Path(modality.__path__[0])).with_suffix("").parts))
        found |= {getattr(importlib.import_module(module), name) for name in names}
    assert len(found) >= 8
    assert {uid for uid in found if f"| {uid} | SCU |" not in used} == set()


def test_every_association_that_an_embedded_peer_opens_appears(whole: str) -> None:
    """What the sources of the peers send unasked is among what they open associations for."""
    opened = whole.partition("*Associations that ARCHIVE opens*")[2].partition("*Services provided")[0]
    sources = Path(modality.__path__[0]) / "simulated"
    sent = set()
    for path in sorted(sources.rglob("*.py")):
        text_of = path.read_text()
        names = [*re.findall(r"Notice\(one, (\w+), ", text_of), *re.findall(r"contexts = \[\((\w+), ", text_of)]
        module = ".".join(("modality", *path.relative_to(sources.parent).with_suffix("").parts))
        loaded = importlib.import_module(module) if names else None
        sent |= {str(getattr(loaded, name)) for name in names if hasattr(loaded, name)}
    assert len(sent) >= 2
    assert {uid for uid in sent if f"| {uid} |" not in opened} == set()
    assert f"| {performed_step.PERFORMED_STEP_NOTIFICATION} | N-EVENT-REPORT" in opened


def test_hl7_is_told_by_the_desk_that_takes_it(whole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hl7")
    from modality.protocol.hl7 import mllp
    from modality.simulated.hl7.desk import OrderDesk

    for row in ("| ORM | O01 |", "| OMI | O23 |", "| ADT | A01 A04 A05 A08 A31 A40 |", "| ORU | R01 |"):
        assert row in whole
    assert "| 8859/5 | ISO_IR 144 |" in whole
    monkeypatch.setattr(OrderDesk, "takes", property(lambda _: {"SIU": ("S12", "S13")}))
    monkeypatch.setattr(mllp, "MESSAGE_LIMIT", 77)
    told = text(web.hl7())
    assert "| SIU | S12 S13 |" in told
    assert "| ORM |" not in told
    assert "77 bytes" in told


def test_workitems_on_the_web_appear_with_their_methods(whole: str) -> None:
    pytest.importorskip("starlette")
    for row in (
        "| /dicom-web/workitems/{workitem}/state | PUT | workitems (UPS-RS) |",
        "| /dicom-web/workitems/{workitem}/subscribers/{aet} | DELETE | workitems (UPS-RS) |",
        "| /dicom-web/subscribers/{aet} | WebSocket | event reports of workitems (UPS-RS) |",
    ):
        assert row in whole
