"""An oximeter and a lensmeter on ptys, dropped files, a worklist, an archive and a FHIR server: all agree."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.edge.box import MODALITY, WaveringOrthanc, box, drop, pdf
from tests.peers.fixtures import Factory
from tests.peers.process import free_port, wait_until
from tests.peers.worklist_items import sparse

pytestmark = pytest.mark.peer
_ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def _running(*arguments: str) -> Iterator[str]:
    """A command of ours that runs until the block ends; yields its first line."""
    with subprocess.Popen([*MODALITY, *arguments], stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def test_objects_and_observations_agree(tmp_path: Path, wlmscpfs: Factory, dciodvfy) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "orthanc").mkdir()
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    reports = free_port()
    archive = WaveringOrthanc(tmp_path / "orthanc", reports)
    item = sparse(1, "Lens^Lena", "LEN")
    item.AccessionNumber = "ACC1"
    with contextlib.ExitStack() as stack:
        archive.start()
        stack.callback(archive.stop)
        ris = stack.enter_context(wlmscpfs([item]))
        fhir = json.loads(stack.enter_context(_running("serve", "fhir", "--port", "0", "--json")))["address"]
        for name in ("nonin-2", "nidek-lm"):
            stack.enter_context(_running("edge", "simulate", name, "--port", str(tmp_path / name), "--seed", "5"))
        config = tmp_path / "edge.toml"
        config.write_text(
            f"""
            [edge]
            state = "state"
            retry_s = 0.3
            listen = {reports}
            [archive]
            address = "{archive.peer.address}"
            [fhir]
            address = "{fhir}"
            [worklist]
            address = "{ris.address}"
            [[device]]
            name = "bedside"
            driver = "nonin-2"
            port = "{tmp_path / "nonin-2"}"
            segment_s = 2.0
            patient_id = "EDGE1"
            [[device]]
            name = "lenses"
            driver = "nidek-lm"
            port = "{tmp_path / "nidek-lm"}"
            matching = "worklist"
            modality = "LEN"
            manufacturer = "NIDEK"
            [[device]]
            name = "papers"
            driver = "folder"
            path = "inbox"
            kind = "pdf"
            patient_id = "EDGE1"
            """
        )
        running = stack.enter_context(box(config))
        drop(inbox, "a.pdf", pdf(7))

        def enough() -> bool:
            found = [one.Modality for one in archive.peer.datasets()]
            said = httpx.get(f"{fhir}/Observation", params={"_count": "1000"}, timeout=100).json().get("entry", ())
            return found.count("HD") >= 2 and "LEN" in found and "DOC" in found and len(said) >= 4

        wait_until(enough, "a pulse, a lens and a document in the archive", 90.0)
        assert running.stop() == 0
        stored = archive.peer.datasets()
        bundle = httpx.get(f"{fhir}/Observation", params={"_count": "1000"}, timeout=100).json()
        patients = httpx.get(f"{fhir}/Patient", timeout=100).json()
    items = {one["sop_instance_uid"]: one for one in running.items()}
    assert {one.SOPInstanceUID for one in stored} <= set(items)
    for one in stored:
        path = tmp_path / f"{one.SOPInstanceUID}.dcm"
        one.save_as(path)
        assert dciodvfy(path) == [] or one.Modality == "HD", "dciodvfy of Debian 12 does not know this waveform class"

    document = next(one for one in stored if one.Modality == "DOC")
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf(7)
    lens = next(one for one in stored if one.Modality == "LEN")
    assert (lens.PatientID, lens.AccessionNumber, lens.StudyInstanceUID) == ("PEER1", "ACC1", item.StudyInstanceUID)
    assert lens.RequestAttributesSequence[0].ScheduledProcedureStepID == "SPS1"
    pulses = sorted((one for one in stored if one.Modality == "HD"), key=lambda one: int(one.InstanceNumber))
    assert {one.PatientID for one in pulses} == {"EDGE1"}
    assert len({(one.StudyInstanceUID, one.SeriesInstanceUID) for one in pulses}) == 1
    waves = [one.waveform_array(0) for one in pulses]
    # The end cuts the last one short: of less than a second no beat need be seen.
    assert all(np.ptp(wave) > 10 for wave in waves if len(wave) >= 75)
    assert {one.AcquisitionTimeSynchronized for one in pulses} <= {"Y", "N"}

    known = {one["resource"]["id"]: one["resource"]["identifier"][0]["value"] for one in patients["entry"]}
    by_capture: dict[str, dict[str, float]] = {}
    for entry in bundle["entry"]:
        observation = entry["resource"]
        assert known[observation["subject"]["reference"].rpartition("/")[2]] == "EDGE1"
        uid = next(one["value"] for one in observation["identifier"] if one["system"] == "urn:dicom:uid")
        codes = {one["code"] for one in observation["code"]["coding"]}
        assert codes in ({"59408-5", "2708-6"}, {"8867-4"})
        name = "spo2" if "59408-5" in codes else "heart_rate"
        by_capture.setdefault(uid.removeprefix("urn:oid:"), {})[name] = observation["valueQuantity"]["value"]
    # The box was stopped at work: the last capture may have reached one destination and not the other yet.
    both = [one for one in pulses if one.SOPInstanceUID in by_capture]
    assert len(both) >= min(2, len(pulses) - 1)
    for one in both:
        values = by_capture[one.SOPInstanceUID]
        shown = [
            float(note.NumericValue)
            for note in one.WaveformAnnotationSequence
            if "ConceptNameCodeSequence" in note and note.ConceptNameCodeSequence[0].CodeValue == "59408-5"
        ]
        assert min(shown) <= values["spo2"] <= max(shown)
    assert not [one for one in running.said() if "fault" in one]
