"""OBX of a device's message become Observations and a report, each with its own code, unit, time and state."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.edge.readers.hl7_results import check, moment
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.refusal import Refusal
from tests.edge.describing.bench import Bench
from tests.edge.sources.test_mllp import MESSAGE

HEAD = MESSAGE.split(b"\r")[0]


def message(*lines: str) -> bytes:
    return b"\r".join([HEAD, *(one.encode() for one in lines)])


LINES = (
    "PID|1||P77^^^HOSP^MR||Doe^Jane^Q||19510502|F",
    "OBR|1|A9|F3|PANEL|||20261125093000",
    "OBX|1|NM|2345-7^Glucose [Mass/volume]^LN^GLU^Glucose^99LAB||99|mg/dL^^UCUM|70-105|N|||F|||20261125093512",
    "OBX|2|SN|K^Potassium^99LAB||^7.4|mmol/L|3.5-5.1|HH~A|||C",
    "NTE|1||hemolytic",
    "OBX|3|SN|CRP||<^5|mg/L|||||P",
    "OBX|4|CWE|ABO||A^Blood group A||||||F",
    "OBX|5|ED|PDF||^AP^^Base64^JVBERi0=||||||F",
    "OBX|6|NM|NA||1e999|mmol/L|||||X",
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(
        tmp_path, "hl7-oru", fhir=True, matching="device", report=True, loinc={"K": "2823-3 mmol/L", "CRP": "1988-5"}
    )
    yield made
    made.outbox.close()


def test_results_become_observations_with_their_codes_units_and_times(bench: Bench) -> None:
    item = bench.capture(message(*LINES))
    assert item.state == "ready", item.reason
    assert item.reason == "2 OBX were passed over; no code of LOINC in the configuration for ABO"
    (patient,) = bench.resources(item, "Patient")
    assert (patient["identifier"][0]["value"], patient["name"][0]["family"]) == ("P77", "Doe")
    glucose, potassium, crp = bench.resources(item, "Observation")
    assert glucose["code"] == {
        "coding": [{"system": "http://loinc.org", "code": "2345-7"}],
        "text": "Glucose [Mass/volume]",
    }
    assert (glucose["valueQuantity"]["value"], glucose["valueQuantity"]["unit"]) == (99, "mg/dL")
    assert glucose["valueQuantity"]["system"] == "http://unitsofmeasure.org"
    assert glucose["effectiveDateTime"].startswith("2026-11-25T09:35:12")
    assert glucose["status"] == "final"
    assert potassium["code"]["coding"][0]["code"] == "2823-3"
    assert potassium["valueQuantity"]["value"] == 7.4
    assert potassium["effectiveDateTime"].startswith("2026-11-25T09:30:00"), "the order's, where it has none"
    assert (potassium["status"], potassium["referenceRange"][0]["text"]) == ("corrected", "3.5-5.1")
    assert (crp["valueString"], crp["status"]) == ("<5", "preliminary")
    (report,) = bench.resources(item, "DiagnosticReport")
    assert (len(report["result"]), report["status"]) == (3, "preliminary")


def test_a_unit_is_ucum_only_where_somebody_says_so(bench: Bench) -> None:
    item = bench.capture(message(*LINES[:2], "OBX|1|NM|2345-7^Glucose^LN||99|mg/dl|||||F", "OBX|2|NM|CRP||5||||||F"))
    glucose, crp = (one["valueQuantity"] for one in bench.resources(item, "Observation"))
    assert glucose == {"value": 99, "unit": "mg/dl"}
    assert crp["code"] == "1"


def test_the_report_holds_what_has_no_code_too(bench: Bench) -> None:
    item = bench.capture(message(*LINES))
    (report,) = bench.objects(item)
    assert (report.Modality, report.PatientID, report.PatientName) == ("SR", "P77", "Doe^Jane^Q")
    text = report.to_json()
    for said in ("Blood group A", "hemolytic", "7.4", "Glucose [Mass/volume]", "2345-7"):
        assert said in text
    assert "JVBERi" not in text


def test_patients_of_one_message_stay_apart_and_one_without_an_identifier_is_held(bench: Bench) -> None:
    two = message(*LINES[:3], "PID|2||P78||Roe^Rik", "OBR|2|A10", "OBX|1|NM|K||4.1|mmol/L|||||F")
    item = bench.capture(two)
    names = {one["identifier"][0]["value"] for one in bench.resources(item, "Patient")}
    values = [one["valueQuantity"]["value"] for one in bench.resources(item, "Observation")]
    assert (names, values) == ({"P77", "P78"}, [99, 4.1])
    without = bench.capture(message("PID|1||||Doe^Jane", *LINES[1:3]))
    assert (without.state, without.reason) == ("held", "the device named no patient")


def test_the_same_results_have_the_same_identifiers(bench: Bench) -> None:
    first, second = bench.capture(message(*LINES)), bench.capture(message(*LINES))

    def of(item):  # type: ignore[no-untyped-def]
        return [one["identifier"][0] for one in bench.resources(item, "Observation")]

    assert of(first) == of(second)
    assert len({one["value"] for one in of(first)}) == 3


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("NM", "5.5", 5.5),
        ("NM", "-.5", -0.5),
        ("NM", "1e3", 1000.0),
        ("NM", "1e999", "1e999"),
        ("NM", "nan", "nan"),
        ("NM", "1_0", "1_0"),
        ("SN", "^5", 5.0),
        ("SN", "=^5", 5.0),
        ("SN", ">=^5", ">=5"),
        ("SN", "^1^:^128", "1:128"),
        ("ST", "5.5", "5.5"),
        ("CE", "POS^positive", "positive"),
        ("TX", "a~b", "a b"),
    ],
)
def test_a_value_is_a_number_only_where_it_is_one(kind: str, written: str, value: float | str) -> None:
    (found,) = check(Message(message("OBR|1", f"OBX|1|{kind}|X||{written}")))
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20261125", "20261125"),
        ("202611250930", "202611250930"),
        ("20261125093000.25", "20261125093000"),
        ("20261125093000+0000", "20261125104500"),
        ("20261399093000+0000", ""),
        ("0930", ""),
        ("", ""),
    ],
)
def test_a_moment_with_an_offset_is_the_boxs_local_time(monkeypatch: pytest.MonkeyPatch, text: str, said: str) -> None:
    monkeypatch.setenv("TZ", "XXX-1:15")
    time.tzset()
    try:
        assert moment(text) == said
    finally:
        monkeypatch.undo()
        time.tzset()


_TEXT = st.text(st.characters(codec="latin-1", exclude_characters="\r"), max_size=20)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["PID", "OBR", "OBX", "NTE"]), st.lists(_TEXT, max_size=15)), max_size=5))
def test_any_fields_are_results_or_refused(lines: list[tuple[str, list[str]]]) -> None:
    content = message(*("|".join([name, *fields]) for name, fields in lines))
    try:
        found = check(Message(content))
    except Refusal:
        return
    assert all(one.name and one.value != "" for one in found)
