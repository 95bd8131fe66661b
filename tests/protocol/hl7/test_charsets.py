"""MSH-18 decides how bytes are read, and in which Specific Character Set the item answers."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from modality.protocol.hl7 import charsets, orders
from modality.protocol.hl7.items import changed
from modality.protocol.hl7.message import Message
from modality.protocol.hl7.refusal import Refusal
from tests.protocol.hl7.messages import ORM, text


def item(content: bytes) -> Dataset:
    message = Message(content)
    (order,) = orders.read(message)
    return changed(None, order.item, order.step, message.character_set.dicom)


@pytest.mark.parametrize(
    ("declared", "name", "codec", "expected"),
    [
        ("", "Okafor^Grace", "ascii", None),
        ("ASCII", "Okafor^Grace", "ascii", None),
        ("8859/1", "Müller^Jörg", "latin_1", "ISO_IR 100"),
        ("8859/2", "Wójcik^Łukasz", "iso8859_2", "ISO_IR 101"),
        ("8859/5", "Люкceмбypг^Роза", "iso8859_5", "ISO_IR 144"),
        ("8859/7", "Διονυσίου^Ελένη", "iso8859_7", "ISO_IR 126"),
        ("8859/9", "Çelik^Gülşen", "iso8859_9", "ISO_IR 148"),
        ("8859/15", "Œuvre^Zoë", "iso8859_15", "ISO_IR 192"),
        ("UNICODE UTF-8", "Nguyễn^Thị Hoa", "utf_8", "ISO_IR 192"),
        ("utf-8", "Nguyễn^Thị Hoa", "utf_8", "ISO_IR 192"),
        ("GB 18030-2000", "王^小东", "gb18030", "GB18030"),
        ("BIG-5", "許^功蓋", "big5", "ISO_IR 192"),
        ("KS X 1001", "홍^길동", "euc_kr", "ISO_IR 192"),
        ("~ISO IR87", "Yamada^Tarou", "iso2022_jp", ["", "ISO 2022 IR 87"]),
        ("ASCII~ISO IR87", "山田^太郎", "iso2022_jp", ["", "ISO 2022 IR 87"]),
        ("~ISO IR14~ISO IR87~ISO IR159", "山田^太郎", "iso2022_jp", ["", "ISO 2022 IR 87"]),
        ("~ISO IR159", "丂^太郎", "iso2022_jp_2", "ISO_IR 192"),
    ],
)
def test_a_name_comes_through_in_the_character_set_that_says_the_same(
    declared: str, name: str, codec: str, expected: str | list[str] | None
) -> None:
    made = item(text(ORM, MSH_18=declared, PID_5=name).encode(codec))
    assert made.PatientName == name
    assert made.get("SpecificCharacterSet") == expected


def test_the_writings_of_a_japanese_name_become_its_component_groups() -> None:
    names = "Yamada^Tarou^^^^^L^A~山田^太郎^^^^^L^I~やまだ^たろう^^^^^L^P"
    made = item(text(ORM, MSH_18="~ISO IR87", PID_5=names).encode("iso2022_jp"))
    assert made.PatientName == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert made.SpecificCharacterSet == ["", "ISO 2022 IR 87"]


def test_a_hexadecimal_escape_is_read_in_the_declared_character_set() -> None:
    made = item(text(ORM, MSH_18="UNICODE UTF-8", PID_5="M\\XC3BC\\ller^J").encode())
    assert made.PatientName == "Müller^J"
    assert item(text(ORM, MSH_18="8859/1", PID_5="M\\XFC\\ller^J").encode()).PatientName == "Müller^J"


@pytest.mark.parametrize(("codec", "expected"), [("utf_8", "ISO_IR 192"), ("latin_1", "ISO_IR 100")])
def test_what_is_declared_nowhere_is_read_as_utf_8_or_else_latin_1(codec: str, expected: str) -> None:
    made = item(text(ORM, PID_5="Müller^Jörg").encode(codec))
    assert (made.PatientName, made.SpecificCharacterSet) == ("Müller^Jörg", expected)


@pytest.mark.parametrize(
    ("declared", "content", "code"),
    [
        ("UNICODE UTF-8", b"M\xfcller", 102),
        ("~ISO IR87", b"\xfc", 102),
        ("KLINGON", b"x", 103),
        ("8859/1~8859/5", b"x", 103),
        ("8859/1~ISO IR87", b"x", 103),
    ],
)
def test_a_character_set_that_is_unknown_or_not_kept_is_refused_without_a_word_of_the_text(
    declared: str, content: bytes, code: int
) -> None:
    sent = text(ORM, MSH_18=declared, PID_5="NAME").encode().replace(b"NAME", content)
    with pytest.raises(Refusal) as caught:
        item(sent)
    assert (caught.value.code, caught.value.place, caught.value.acknowledgment) == (code, "MSH-18", "AE")
    assert "ller" not in str(caught.value)


def test_an_item_in_a_set_that_cannot_hold_a_new_text_goes_over_to_utf_8() -> None:
    latin = item(text(ORM, MSH_18="8859/1", PID_5="Müller^Jörg").encode("latin_1"))
    charsets.declare(latin, ("ISO_IR 144",))
    assert latin.SpecificCharacterSet == "ISO_IR 192"
