from __future__ import annotations

import pytest

from firmware_bridge.drivers.laboratory.records import delimiters_of
from firmware_bridge.measurement import Measurement
from tests.firmware_bridge.conversation import driver_of, numbers, values, whole

PATIENT = "P|1|PRACTICE|LAB|ID7|Müller^Jürgen||19600101|M"
ORDER = "O|1|S42||^^^CBC|R||20260101|||||N"


def session(*records: str, header: str = "H|\\^&|||SIM^1", encoding: str = "latin-1") -> bytes:
    """All records in one frame, as a Sysmex XP-100 has them."""
    body = b"1" + "".join(f"{one}\r" for one in (header, *records, "L|1|N")).encode(encoding) + b"\x03"
    return b"\x05\x02" + body + b"%02X\r\n\x04" % (sum(body) % 256)


def results(*records: str, header: str = "H|\\^&|||SIM^1") -> list[Measurement]:
    return values(whole(driver_of("astm"), session(*records, header=header)))


def test_a_result_carries_its_patient_sample_and_flags() -> None:
    line = "R|1|^^^WBC^6690-2|12.5|10*3/uL|4.0 - 10.0^REFERENCE_RANGE|H||F||OP^^USER|20260101110000|20260101120000"
    (found,) = results(PATIENT, ORDER, line)
    assert found[:3] == ("WBC", 12.5, "10*3/uL")
    wanted = {
        "patient_id": "ID7",
        "patient_name": "Müller^Jürgen",
        "patient_sex": "M",
        "sample_id": "S42",
        "abnormal_flag": "H",
        "status": "F",
        "reference_range": "4.0 - 10.0",
        "operator": "OP^^USER",
        "started": "20260101110000",
        "completed": "20260101120000",
        "instrument": "SIM",
        "test": "^^^WBC^6690-2",
        "checked": True,
    }
    assert wanted.items() <= found.details.items()


@pytest.mark.parametrize(
    ("patient", "identity"), [("P|1|A|B|C", "C"), ("P|1|A|B", "B"), ("P|1|A", "A"), ("P|1|||", ""), ("P|1", "")]
)
def test_the_patients_id_is_the_first_that_is_filled(patient: str, identity: str) -> None:
    (found,) = results(patient, ORDER, "R|1|^^^X|1|")
    assert found.details["patient_id"] == identity


@pytest.mark.parametrize(
    ("order", "sample"),
    [
        ("O|1|A^1|B", "A"),
        ("O|1||T20 10134GA D28^^6", "T20 10134GA D28"),
        ("O|1||^^            113^A", "113"),
        ("O|1", ""),
    ],
)
def test_the_samples_id_may_be_the_instruments_own(order: str, sample: str) -> None:
    (found,) = results("P|1", order, "R|1|^^^X|1|")
    assert found.details["sample_id"] == sample


def test_a_component_of_the_samples_id_can_be_chosen() -> None:
    found = values(whole(driver_of("astm", sample_component=3), session("O|1|1^2^77^A", "R|1|^^^X|1|")))
    assert found[0].details["sample_id"] == "77"


@pytest.mark.parametrize(
    ("text", "value"),
    [("  5.5", 5.5), ("170", 170), ("-3", -3), ("1e3", 1000.0), (".5", 0.5), ("<0.5", "<0.5"), ("----", "----"),
     ("NEGATIVE^", "NEGATIVE"), ("^35.2", 35.2), ("POS^35.2", "POS^35.2"), ("nan", "nan"), ("1_0", "1_0"), ("", ""),
     ("1\\2", "1\\2"), ("9" * 5000, "9" * 5000)],
)  # fmt: skip
def test_a_value_is_a_number_where_it_is_one(text: str, value: object) -> None:
    (found,) = results(f"R|1|^^^X|{text}|")
    assert found.value == value
    assert type(found.value) is type(value)


@pytest.mark.parametrize(
    ("test", "name"), [("^^^413", "413"), ("^^^^WBC^1", "WBC"), ("GLU", "GLU"), ("^MRSA^^MRSA^X^4", "MRSA")]
)
def test_the_tests_code_is_found_where_devices_put_it(test: str, name: str) -> None:
    assert [one.name for one in results(f"R|1|{test}|1|")] == [name]


def test_delimiters_are_those_of_the_header() -> None:
    header = "H|@^\\|ABC||GeneXpert PC^GX^6.2"
    (found,) = results("P|1", "O|1|S9||^^^TV|R", "R|1|^TV^^TV^Xpert TV^1^^|NEG\\F\\ATIVE^|||N@L||F", header=header)
    assert found[:2] == ("TV", "NEG|ATIVE")
    assert found.details["abnormal_flag"] == "N"


def test_a_header_without_delimiters_that_can_be_is_read_by_the_standards() -> None:
    assert delimiters_of("H||||") is None
    assert delimiters_of("HABCD") is None
    astm = driver_of("astm")
    assert numbers(whole(astm, session("R|1|^^^X|1|", header="H|"))) == [("X", 1)]
    assert any("delimiters" in line for line in astm.warnings)


@pytest.mark.parametrize(
    ("sent", "meant"),
    [("a&F&b", "a|b"), ("a&S&b", "a^b"), ("a&R&b", "a\\b"), ("a&E&b", "a&b"), ("a&X41&b", "aAb"), ("a&H&b&N&", "ab"),
     ("a&Q9&b", "a&Q9&b"), ("a & b", "a & b"), ("a&X4&b", "a&X4&b")],
)  # fmt: skip
def test_escapes_are_taken_out(sent: str, meant: str) -> None:
    (found,) = results("O|1|S", "R|1|^^^X|1|", f"C|1|I|{sent}|G")
    assert found.details["comments"] == [meant]


def test_comments_belong_to_the_record_before_them() -> None:
    found = results(
        "O|1|S",
        "C|1|I|CONTROL_FAILED|I",
        "R|1|^^^A|1|",
        "C|1|I|clot|G",
        "R|2|^^^B|2|",
        "M|1|RR|x",
        "O|2|T",
        "R|1|^^^C|3|",
    )
    assert [one.details.get("comments") for one in found] == [["clot"], None, None]
    assert [one.details.get("sample_comments") for one in found] == [["CONTROL_FAILED"], ["CONTROL_FAILED"], None]


def test_controls_are_marked_by_the_header_or_the_order() -> None:
    (by_header,) = results("O|1|S", "R|1|^^^X|1|", header="H|\\^&|||H500|||||||Q|LIS2-A2")
    (by_order,) = results("O|1|S|||||||||Q", "R|1|^^^X|1|")
    (patients,) = results(ORDER, "R|1|^^^X|1|")
    assert by_header.details["quality_control"]
    assert by_order.details["quality_control"]
    assert "quality_control" not in patients.details


def test_a_new_patient_leaves_nothing_of_the_one_before() -> None:
    found = results(PATIENT, ORDER, "R|1|^^^X|1|", "P|2", "O|1", "R|1|^^^X|2|")
    assert (found[1].details["patient_id"], found[1].details["patient_name"], found[1].details["sample_id"]) == (
        "",
        "",
        "",
    )


def test_a_query_is_told_that_no_orders_come() -> None:
    astm = driver_of("astm")
    whole(astm, session("Q|1|^S42||ALL"))
    assert any("orders" in line for line in astm.warnings)


def test_another_encoding_can_be_set() -> None:
    data = session("P|1||||Åsa", "R|1|^^^X|1|µmol/L", encoding="utf-8")
    (found,) = values(whole(driver_of("astm", encoding="utf-8"), data))
    assert found.unit == "µmol/L"
