"""GDT files become Observations and a report; a line whose length is not what it says refuses the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.edge.readers.gdt import lines_of, measurements, read
from modality.edge.sources.complete import ends_properly
from modality.errors import InputError
from tests.edge.describing.bench import Bench
from tests.edge.readers.captures import captured
from tests.edge.readers.recordings import gdt

HEAD = (("8000", "6310"), ("8100", "00090"), ("9218", "02.10"), ("3000", "02345"), ("3101", "M\xfcller"))
FIELDS = (
    *HEAD,
    ("3102", "J\xf6rg"),
    ("3103", "02051951"),
    ("8402", "LUFU01"),
    ("6200", "25112026"),
    ("8410", "FEV1"),
    ("8411", "Forced expiratory volume"),
    ("8432", "24112026"),
    ("8439", "091005"),
    ("8420", "3,25"),
    ("8421", "l"),
    ("8461", "2.5"),
    ("8462", "4.5"),
    ("8422", "-"),
    ("8470", "good effort"),
    ("8410", "FVC"),
    ("8420", "4.10"),
    ("8421", "l"),
    ("8410", "QUAL"),
    ("8480", "gut"),
    ("6220", "Keine"),
    ("6220", "Obstruktion"),
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        loinc = {"FEV1": "20150-9 L", "FVC": "19870-5 L"}
        made.append(Bench(tmp_path, "folder", kind="gdt", fhir=True, matching="device", loinc=loinc, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def test_results_become_observations_with_their_own_day(bench: Callable[..., Bench]) -> None:
    made = bench(archive=False)
    item = made.capture(gdt(*FIELDS), "gdt")
    assert item.state == "ready", item.reason
    (patient,) = made.resources(item, "Patient")
    assert (patient["identifier"][0]["value"], patient["name"][0]["family"]) == ("02345", "M\xfcller")
    assert patient["name"][0]["given"] == ["J\xf6rg"]
    fev, fvc = made.resources(item, "Observation")
    assert (fev["code"]["coding"][0]["code"], fev["code"]["text"]) == ("20150-9", "Forced expiratory volume")
    assert (fev["valueQuantity"]["value"], fev["valueQuantity"]["code"]) == (3.25, "L")
    assert fev["effectiveDateTime"].startswith("2026-11-24T09:10:05")
    assert fev["referenceRange"][0]["text"] == "2.5-4.5"
    assert fvc["valueQuantity"]["value"] == 4.1
    assert fvc["effectiveDateTime"].startswith("2026-11-25T00:00:00"), "the examination's day"


def test_the_report_has_what_is_no_number_too(bench: Callable[..., Bench]) -> None:
    made = bench(report=True)
    item = made.capture(gdt(*FIELDS), "gdt")
    (report,) = made.objects(item)
    assert (report.Modality, report.PatientID, report.PatientName) == ("SR", "02345", "M\xfcller^J\xf6rg")
    text = report.to_json()
    for said in ("Keine Obstruktion", "Befund", "gut", "good effort", "3.25"):
        assert said in text


@pytest.mark.parametrize(("number", "encoding"), [("", "cp437"), ("2", "cp437"), ("3", "cp1252"), ("5", "utf-8")])
def test_names_are_read_in_the_character_set_that_the_file_names(number: str, encoding: str) -> None:
    named = (("9206", number),) if number else ()
    fields = lines_of(gdt(HEAD[0], *named, ("3101", "M\xfcller"), encoding=encoding))
    assert fields[-1] == ("3101", "M\xfcller")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (gdt(*FIELDS).replace(b"84203,25", b"84203,2"), "a.gdt: line 14 says 13 characters and has 12"),
        (gdt(*FIELDS).replace(b"0158402", b"01x8402"), "is none of xDT"),
        (gdt(("8000", "6302"), *FIELDS[1:]), "record '6302': results of an examination are 6310"),
        (gdt(*FIELDS, ("8000", "6310")), "several records"),
        (gdt(*FIELDS[1:]), "record 'none'"),
        (b"", "record 'none'"),
        (gdt(*FIELDS).replace(b"00090", b"00999"), "it ends in the middle: "),
        (b"\x00\x01", "is none of xDT"),
    ],
)
def test_what_is_none_is_set_aside_with_the_reason(bench: Callable[..., Bench], data: bytes, said: str) -> None:
    item = bench().capture(data, "gdt", file="a.gdt")
    assert item.state == "dead"
    assert said in item.reason


def test_an_examination_without_a_result_is_discarded_and_one_without_a_patient_held(
    bench: Callable[..., Bench],
) -> None:
    made = bench(report=True)
    assert made.capture(gdt(*HEAD, ("8410", "FEV1"), ("8421", "l")), "gdt").state == "discarded"
    without = [one for one in FIELDS if one[0] != "3000"]
    assert made.capture(gdt(*without), "gdt").reason == "the device named no patient"


def test_a_value_is_a_number_only_where_it_is_one() -> None:
    values = {}
    for text in ("3,25", "-3.25", "1.234,5", ">300", "3e5", "7"):
        (found,) = measurements([("8000", "6310"), ("8410", "X"), ("8420", text)])
        values[text] = found.value
    assert values == {"3,25": 3.25, "-3.25": -3.25, "1.234,5": "1.234,5", ">300": ">300", "3e5": "3e5", "7": 7.0}


def test_a_file_is_whole_when_its_last_line_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.gdt"
    for data, whole in (
        (gdt(*FIELDS), True),
        (gdt(*FIELDS)[:-2], False),
        (gdt(*FIELDS) + b"\x1a", True),
        (b"", False),
        (gdt(*FIELDS[:3]), False),
    ):
        path.write_bytes(data)
        assert ends_properly(path, "gdt") is whole


_FIELD = st.tuples(
    st.sampled_from(["8000", "8410", "8420", "8432", "8439", "3000", "3101", "6200", "9206", "8422", "8470"]),
    st.text("0123456789.,-+ aZ\xfc\xb2\t^\\", max_size=15) | st.sampled_from(["6310", "5,5"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_FIELD, max_size=12).map(lambda fields: gdt(("8000", "6310"), *fields)) | st.binary(max_size=200))
def test_any_bytes_are_read_or_an_error_of_ours(data: bytes) -> None:
    try:
        contents = read(captured(data, "gdt"))
    except InputError:
        return
    assert all(one.value != "" for content in contents for one in content.observed)
