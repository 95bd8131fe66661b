from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.drivers.driver import Event
from firmware_bridge.drivers.ophthalmic.joia import JOIA_XML
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import Measurement
from tests.firmware_bridge.conversation import driver_of, ends, numbers, values, whole

COMMON = """<nsCommon:Common><nsCommon:Company>TOPCON</nsCommon:Company><nsCommon:ModelName>KR-800S</nsCommon:ModelName>
<nsCommon:Date>2024-11-26</nsCommon:Date><nsCommon:Time>14:55:00</nsCommon:Time>
<nsCommon:Patient><nsCommon:ID> P42 </nsCommon:ID><nsCommon:LastName>{name}</nsCommon:LastName></nsCommon:Patient>
</nsCommon:Common>"""
REFRACTION = """<nsREF:Measure type="REF"><nsREF:VD>12.00</nsREF:VD><nsREF:REF><nsREF:R>
<nsREF:List No="1"><nsREF:Error>NO CENTER</nsREF:Error></nsREF:List>
<nsREF:List No="2"><nsREF:Sphere>9.99</nsREF:Sphere></nsREF:List>
<nsREF:Median><nsREF:Sphere>  +3.75</nsREF:Sphere><nsREF:Cylinder>-4.00</nsREF:Cylinder><nsREF:Axis> 13</nsREF:Axis>
<nsREF:SE>1.75</nsREF:SE></nsREF:Median></nsREF:R></nsREF:REF>
<nsREF:PD><nsREF:Distance>66.00</nsREF:Distance><nsREF:Near/></nsREF:PD></nsREF:Measure>"""
KERATOMETRY = """<nsKM:Measure type="KM"><nsKM:KM><nsKM:L><nsKM:Median>
<nsKM:R1><nsKM:Radius>8.35</nsKM:Radius><nsKM:Power>40.50</nsKM:Power><nsKM:Axis>171</nsKM:Axis></nsKM:R1>
<nsKM:R2><nsKM:Radius>7.87</nsKM:Radius><nsKM:Power>43.00</nsKM:Power><nsKM:Axis>81</nsKM:Axis></nsKM:R2>
<nsKM:Cylinder><nsKM:Power>-2.50</nsKM:Power><nsKM:Axis>171</nsKM:Axis></nsKM:Cylinder>
</nsKM:Median></nsKM:L></nsKM:KM></nsKM:Measure>"""
LENSES = """<nsLM:Measure type="LM"><nsLM:LM><nsLM:R><nsLM:Sphere>  +3.75</nsLM:Sphere>
<nsLM:Cylinder> -3.50</nsLM:Cylinder>
<nsLM:Axis>  9</nsLM:Axis><nsLM:Add1>+2.25</nsLM:Add1><nsLM:Add2/>
<nsLM:H Prism="P">+0.25</nsLM:H><nsLM:V>-0.75</nsLM:V>
</nsLM:R></nsLM:LM><nsLM:PD><nsLM:B><nsLM:Distance>55.0</nsLM:Distance></nsLM:B></nsLM:PD></nsLM:Measure>"""
TONOMETRY = """<nsTM:Measure type="TM"><nsTM:TM><nsTM:R>
<nsTM:List No="1"><nsTM:IOP_mmHg>14.0</nsTM:IOP_mmHg></nsTM:List>
<nsTM:Average><nsTM:IOP_mmHg>15.0</nsTM:IOP_mmHg></nsTM:Average></nsTM:R></nsTM:TM>
<CCT><R><List No="1"><Error>ERROR</Error></List><List No="2"><CCT_mm>0.511</CCT_mm></List></R></CCT></nsTM:Measure>"""
SUBJECTIVE = """<nsSBJ:Measure type="SBJ"><nsSBJ:RefractionTest><nsSBJ:Type No="1">
<nsSBJ:TypeName>Full Correction</nsSBJ:TypeName>
<nsSBJ:ExamDistance No="1"><nsSBJ:Distance>500.000</nsSBJ:Distance><nsSBJ:RefractionData><nsSBJ:R>
<nsSBJ:Sph>3.75</nsSBJ:Sph>
</nsSBJ:R></nsSBJ:RefractionData></nsSBJ:ExamDistance></nsSBJ:Type></nsSBJ:RefractionTest></nsSBJ:Measure>"""


def document(*measures: str, encoding: str = "UTF-8", name: str = "Smith", before: str = "") -> bytes:
    spaces = " ".join(
        f'xmlns:ns{one}="http://www.joia.or.jp/standardized/namespaces/{one}"'
        for one in ("Common", "REF", "KM", "LM", "TM", "SBJ")
    )
    body = f"<Ophthalmology {spaces}>{COMMON.format(name=name)}{''.join(measures)}</Ophthalmology>\n"
    codec = {"Shift-JIS": "cp932"}.get(encoding, encoding)
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{before}{body}'.encode(codec)


def read(data: bytes) -> list[Measurement]:
    return values(whole(driver_of("joia-xml"), data))


def test_a_refraction_is_read_from_its_median() -> None:
    found = read(document(REFRACTION))
    assert [(one.name, one.value, one.unit) for one in found] == [
        ("vertex_distance", 12.0, "mm"),
        ("sphere", 3.75, "[diop]"),
        ("cylinder", -4.0, "[diop]"),
        ("axis", 13, "deg"),
        ("spherical_equivalent", 1.75, "[diop]"),
        ("pupillary_distance", 66.0, "mm"),
    ]
    wanted = {"eye": "R", "patient_id": "P42", "patient_name": "Smith", "manufacturer": "TOPCON", "model": "KR-800S",
              "time": "2024-11-26T14:55:00", "checked": False, "statistic": "median"}  # fmt: skip
    assert found[1].details == wanted


def test_readings_stand_in_where_no_median_is() -> None:
    without = REFRACTION[: REFRACTION.index("<nsREF:Median>")] + REFRACTION[REFRACTION.index("</nsREF:R>") :]
    assert ("sphere", 9.99) in [(one.name, one.value) for one in read(document(without))]


def test_a_keratometry_is_read_with_its_meridians() -> None:
    found = read(document(KERATOMETRY))
    where = [(one.name, one.value, one.details["meridian"], one.details["axis"]) for one in found[:4]]
    assert where == [
        ("corneal_radius", 8.35, "flat", 171),
        ("corneal_power", 40.5, "flat", 171),
        ("corneal_radius", 7.87, "steep", 81),
        ("corneal_power", 43.0, "steep", 81),
    ]
    assert (found[4].name, found[4].value, found[4].details["axis"]) == ("corneal_cylinder", -2.5, 171)


def test_lenses_pressures_thickness_and_the_subjective_refraction_are_read() -> None:
    assert [(one.name, one.value) for one in read(document(LENSES))] == [
        ("sphere", 3.75), ("cylinder", -3.5), ("axis", 9), ("add", 2.25), ("prism", 0.25), ("prism", 0.75),
        ("pupillary_distance", 55.0),
    ]  # fmt: skip
    signed = [
        (one.details["direction"], one.details["signed"]) for one in read(document(LENSES)) if one.name == "prism"
    ]
    assert signed == [("horizontal", 0.25), ("vertical", -0.75)]
    assert [(one.name, one.value, one.unit) for one in read(document(TONOMETRY))] == [
        ("intraocular_pressure", 15.0, "mm[Hg]"),
        ("corneal_thickness", 511.0, "um"),
    ]
    (sphere,) = read(document(SUBJECTIVE))
    assert (sphere.value, sphere.details["correction"], sphere.details["distance_cm"]) == (
        3.75,
        "Full Correction",
        500.0,
    )


@pytest.mark.parametrize("encoding", ["UTF-8", "Shift-JIS", "Shift_JIS"])
def test_japanese_files_are_read(encoding: str) -> None:
    data = document(REFRACTION, encoding=encoding, name="山田")
    assert {one.details["patient_name"] for one in read(data)} == {"山田"}


def test_a_mark_before_the_first_byte_is_no_matter() -> None:
    assert len(read(b"\xef\xbb\xbf" + document(REFRACTION))) == 6


@pytest.mark.parametrize(
    "before",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_a_document_type_is_refused(before: str) -> None:
    driver = driver_of("joia-xml")
    assert whole(driver, document(REFRACTION, before=before)) == []
    assert driver.rejected_frames == 1
    assert any("document type" in line for line in driver.warnings)


def test_depth_without_end_and_broken_text_are_refused() -> None:
    driver = driver_of("joia-xml")
    assert whole(driver, document("<a>" * 5000 + "</a>" * 5000)) == []
    assert whole(driver, document("<a>")) == []
    assert whole(driver, document(REFRACTION).replace(b"P42", b"\xff\xfe")) == []
    assert whole(driver, document(REFRACTION).replace(b"UTF-8", b"klingon")) == []
    assert driver.rejected_frames == 4
    assert len(whole(driver, document(REFRACTION))) == 7


def test_files_follow_each_other_and_a_broken_one_costs_only_itself() -> None:
    data = b"junk" + document(REFRACTION)[:-20] + document(KERATOMETRY) + document(LENSES)
    events = whole(driver_of("joia-xml"), data)
    assert ends(events) == ["message", "message"]
    assert [one for one, _ in numbers(events)][:1] == ["corneal_radius"]


def test_a_file_without_its_end_is_counted_and_not_read() -> None:
    driver = driver_of("joia-xml")
    cut = document(REFRACTION)[:-30]
    assert whole(driver, cut) == []
    assert driver.skipped_bytes == len(cut)


def test_what_is_no_file_does_not_fill_the_memory() -> None:
    driver = driver_of("joia-xml", largest=2000)
    for _ in range(50):
        driver.feed(b"x" * 1000)
    assert driver.skipped_bytes == 48_000
    assert len(whole(driver, document(LENSES))) > 0
    with pytest.raises(SettingsError, match="largest"):
        driver_of("joia-xml", largest=1)


PIECES = [
    document(REFRACTION),
    document(LENSES)[:200],
    b"<?xml",
    b"<Ophthalmology>",
    b"</Ophthalmology>",
    b"</nsX:Ophthalmology >",
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=6), st.sampled_from([1, 7, 300]))
def test_any_bytes_in_any_chunks_give_the_same(pieces: list[bytes], chunk: int) -> None:
    data = b"".join(pieces)
    one, other = driver_of("joia-xml", largest=3000), driver_of("joia-xml", largest=3000)
    chunked: list[Event] = []
    for at in range(0, len(data), chunk):
        chunked += other.feed(data[at : at + chunk])
    chunked += other.finish()
    assert whole(one, data) == chunked
    for name in ("skipped_bytes", "rejected_frames", "frames", "warnings"):
        assert getattr(one, name) == getattr(other, name)


def test_it_is_recognised() -> None:
    assert JOIA_XML.recognise(document(REFRACTION)) == 0.99
    assert JOIA_XML.recognise(b"<html></html>") == 0.0
