"""Each named defect is really in what is generated with it, and in nothing that is generated without."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

import pytest

from modality.errors import UnknownNameError, UsageError
from modality.station.study import Study, generate, load_phantom
from modality.transfer.defects import tags
from modality.transfer.defects.elements import PIXEL_DATA, Element, elements, value_of
from modality.transfer.defects.table import DEFECTS
from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import read_meta
from tests.station.awkwardness.made import SMALL, broken, options_of

Parts = list[Element]


def broken_and_whole(name: str) -> tuple[PreparedInstance, PreparedInstance]:
    """The last instance of a series with a defect, and the same one without."""
    kind, options = options_of(name)
    syntax = options.get("transfer_syntax", "")
    return broken(kind, syntax, name)[-1], broken(kind, syntax)[-1]


def data(instance: PreparedInstance) -> bytes:
    return b"".join(instance.buffers())


def file(instance: PreparedInstance) -> bytes:
    return b"".join(instance.part10())


def raw(parts: Parts, tag: int) -> bytes:
    return next((one.value for one in parts if one.tag == tag), b"absent")


def number(parts: Parts, tag: int) -> int:
    return int.from_bytes(raw(parts, tag)[:2], "little")


def absent(tag: int) -> Callable[[Parts], bool]:
    return lambda parts: all(one.tag != tag for one in parts)


def is_(tag: int, content: bytes) -> Callable[[Parts], bool]:
    return lambda parts: raw(parts, tag) == content


def like(tag: int, pattern: bytes) -> Callable[[Parts], bool]:
    return lambda parts: re.fullmatch(pattern, raw(parts, tag), re.DOTALL) is not None


# What is wrong in the elements at the top, which can still be told apart.
IN_ELEMENTS: dict[str, Callable[[Parts], bool]] = {
    "no-sop-class-uid": absent(tags.SOP_CLASS),
    "no-sop-instance-uid": absent(tags.SOP_INSTANCE),
    "other-sop-class": is_(tags.SOP_CLASS, b"1.2.840.10008.1.1\0"),
    "no-study-uid": absent(tags.STUDY),
    "empty-study-uid": is_(tags.STUDY, b""),
    "no-series-uid": absent(tags.SERIES),
    "no-modality": absent(tags.MODALITY),
    "empty-type-1": is_(tags.MODALITY, b""),
    "not-enumerated": is_(tags.SEX, b"X "),
    "impossible-value": is_(tags.WINDOW_WIDTH, b"0 "),
    "no-type-2": absent(tags.PATIENT_ID),
    "long-uid": lambda parts: len(raw(parts, tags.STUDY)) == 70,
    "letters-in-uid": like(tags.SERIES, rb".*[a-z].*"),
    "leading-zero-in-uid": like(tags.SERIES, rb"[0-9.]+\.0[0-9]+\0?"),
    "empty-uid-component": like(tags.SERIES, rb"[0-9.]+\.\.[0-9]+\0?"),
    "space-padded-uid": like(tags.SERIES, rb"[0-9.]+ "),
    "odd-length": lambda parts: len(raw(parts, tags.PATIENT_ID)) % 2 == 1,
    "long-value": lambda parts: len(raw(parts, tags.PATIENT_ID)) > 64,
    "too-many-values": like(tags.PATIENT_ID, rb".+\\.+"),
    "null-padded-text": like(tags.STUDY_DESCRIPTION, rb".+\0"),
    "four-component-groups": lambda parts: raw(parts, tags.PATIENT_NAME).count(b"=") == 3,
    "bad-date": is_(tags.STUDY_DATE, b"20261399"),
    "old-date": like(tags.STUDY_DATE, rb"\d{4}\.\d\d\.\d\d"),
    "bad-time": is_(tags.STUDY_TIME, b"256100"),
    "iso-date-time": like(tags.ACQUISITION_DATE_TIME, rb"\d{4}-\d\d-\d\dT[\d:]+ "),
    "bad-age": is_(tags.AGE, b"47"),
    "bad-number": like(tags.INSTANCE_NUMBER, rb"[a-z ]+"),
    "decimal-comma": like(tags.WEIGHT, rb"\d+,\d+"),
    "long-decimal": lambda parts: len(raw(parts, tags.WEIGHT)) > 16,
    "lower-case-code": is_(tags.MODALITY, b"ct"),
    "control-characters": like(tags.PATIENT_ID, rb"A\0B\nC "),
    "bad-character-set": lambda parts: (
        is_(tags.CHARACTER_SET, b"ISO_IR 192")(parts) and b"\xff" in raw(parts, tags.PATIENT_NAME)
    ),
    "unknown-character-set": is_(tags.CHARACTER_SET, b"ISO_IR 999"),
    "undeclared-character-set": lambda parts: (
        absent(tags.CHARACTER_SET)(parts) and not raw(parts, tags.PATIENT_NAME).isascii()
    ),
    "undeclared-escape": lambda parts: (
        is_(tags.CHARACTER_SET, b"ISO_IR 100")(parts) and b"\x1b$B" in raw(parts, tags.PATIENT_NAME)
    ),
    "mixed-character-sets": is_(tags.CHARACTER_SET, b"ISO_IR 192\\ISO 2022 IR 87 "),
    "unknown-vr": lambda parts: any(one.vr == b"ZZ" for one in parts),
    "wrong-vr": lambda parts: any(one[:2] == (tags.PATIENT_NAME, b"US") for one in parts),
    "no-rows": absent(tags.ROWS),
    "wrong-rows": lambda parts: len(raw(parts, PIXEL_DATA)) == number(parts, tags.ROWS) * 32,
    "bits-stored": lambda parts: number(parts, tags.BITS_STORED) > 16,
    "high-bit": lambda parts: number(parts, tags.HIGH_BIT) == number(parts, tags.BITS_STORED),
    "unknown-photometric": is_(tags.PHOTOMETRIC, b"GREY"),
    "no-pixel-data": absent(PIXEL_DATA),
    "wrong-frames": lambda parts: int(value_of(parts, tags.FRAMES)) * 32 * 32 * 2 > len(raw(parts, PIXEL_DATA)),
    "short-pixels": lambda parts: len(raw(parts, PIXEL_DATA)) == 32 * 32,
    "long-pixels": lambda parts: len(raw(parts, PIXEL_DATA)) == 33 * 32 * 2,
    "odd-pixels": lambda parts: len(raw(parts, PIXEL_DATA)) % 2 == 1,
    "twice": lambda parts: [one.tag for one in parts].count(tags.PATIENT_ID) == 2,
    "out-of-order": lambda parts: [one.tag for one in parts] != sorted(one.tag for one in parts),
    "private-without-creator": lambda parts: not absent(0x00991001)(parts) and absent(0x00990010)(parts),
    "forbidden-group": lambda parts: not absent(0x00030010)(parts),
    "command-element": lambda parts: not absent(0x00000002)(parts),
    "file-meta": lambda parts: not absent(0x00020010)(parts),
}


def item_length(name: str) -> int:
    """The length of the first item of Referenced Image Sequence, wherever the bytes are no sequence any more."""
    at = data(broken_and_whole(name)[0]).index(struct.pack("<HH2s", 0x0008, 0x1140, b"SQ")) + 12
    assert data(broken_and_whole(name)[0])[at : at + 4] == b"\xfe\xff\x00\xe0"
    return int(struct.unpack_from("<I", data(broken_and_whole(name)[0]), at + 4)[0])


def fragments(instance: PreparedInstance) -> tuple[bytes, list[int]]:
    """What stands behind the header of Pixel Data, and the lengths of the items there, as far as there are."""
    whole = data(instance)
    at = start = whole.index(struct.pack("<HH2sH", 0x7FE0, 0x0010, b"OB", 0)) + 12
    found = []
    while whole[at : at + 4] == b"\xfe\xff\x00\xe0":
        (length,) = struct.unpack_from("<I", whole, at + 4)
        found.append(length)
        at += 8 + length
    return whole[start:], found


END = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def group_length_is_wrong(instance: PreparedInstance) -> bool:
    parts = elements(instance)
    said = raw(parts, 0x00080000)
    real = sum(len(one.encode()) for one in parts if one.tag >> 16 == 8 and one.tag != 0x00080000)
    return said != b"absent" and int.from_bytes(said, "little") != real


# What is wrong in the bytes.
IN_BYTES: dict[str, Callable[[PreparedInstance], bool]] = {
    "other-sop-instance": lambda one: value_of(elements(one), tags.SOP_INSTANCE) != one.sop_instance_uid.encode(),
    "no-fragments-end": lambda one: not data(one).endswith(END),
    "wrong-offsets": lambda one: fragments(one)[0][8:12] == b"\xfe\xff\xff\xff",
    "no-offset-table": lambda one: len(fragments(one)[1]) == 1,
    "fragment-beyond-end": lambda one: sum(fragments(one)[1]) > len(fragments(one)[0]),
    "odd-fragment": lambda one: any(length % 2 for length in fragments(one)[1]),
    "defined-length-fragments": lambda one: b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" not in data(one),
    "wrong-group-length": group_length_is_wrong,
    "unterminated-sequence": lambda one: (
        data(one).count(b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff") == 1 and END not in data(one)
    ),
    "no-item-tag": lambda one: (
        b"\x08\x00\x40\x11SQ\0\0" in data(one)
        and data(one)[data(one).index(b"\x08\x00\x40\x11SQ\0\0") + 12 :][:4] == b"\x08\x00\x50\x11"
    ),
    "item-beyond-sequence": lambda one: (
        b"\x08\x00\x40\x11SQ\0\0" in data(one) and item_length("item-beyond-sequence") > 0x1000
    ),
    "negative-item-length": lambda one: (
        b"\x08\x00\x40\x11SQ\0\0" in data(one) and item_length("negative-item-length") == 0xFFFFFFFE
    ),
    "stray-item-end": lambda one: struct.pack("<HHI", 0xFFFE, 0xE00D, 0) in data(one),
    "implicit-item": lambda one: b"\x08\x00\x50\x11\x1a\0\0\x001.2.840" in data(one),
    "explicit-in-un": lambda one: (
        b"\x99\x00\x01\x10UN\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0" in data(one)
        and b"\x08\x00\x50\x11UI\x1a\x001.2.840" in data(one)
    ),
    "length-beyond-end": lambda one: (
        struct.unpack_from("<I", data(one), data(one).index(b"\xe0\x7f\x10\0OW\0\0") + 8)[0] == 32 * 32 * 2 + 0x1000
    ),
    "truncated": lambda one: len(data(one)) - data(one).index(b"\xe0\x7f\x10\0OW\0\0") - 12 == 32 * 32,
    "rubbish": lambda one: len(data(one)) == 4096,
    "missing": lambda one: data(one) == b"",
    "no-file-meta": lambda one: file(one)[:4] == data(one)[:4] == b"\x08\x00\x05\x00",
    "no-preamble": lambda one: file(one)[:8] == b"\x02\x00\x00\x00UL\x04\x00",
    "wrong-prefix": lambda one: file(one)[:132] == bytes(128) + b"dicm",
    "wrong-meta-length": lambda one: (
        int.from_bytes(file(one)[140:144], "little") != read_meta(file(one)).data_set_offset - 144
    ),
    "no-meta-syntax": lambda one: b"\x02\x00\x10\x00UI" not in file(one)[:400],
    "wrong-meta-syntax": lambda one: read_meta(file(one)).transfer_syntax_uid != one.transfer_syntax_uid,
    "other-meta-instance": lambda one: (
        read_meta(file(one)).sop_instance_uid.encode() != value_of(elements(one), tags.SOP_INSTANCE)
    ),
    "implicit-meta": lambda one: file(one)[132:140] == b"\x02\x00\x00\x00\x04\x00\x00\x00",
}

# What the last instance of a series says otherwise than the first.
IN_SERIES = {
    "two-patients": tags.PATIENT_ID,
    "two-birth-dates": tags.BIRTH_DATE,
    "two-studies": tags.STUDY,
    "two-modalities": tags.MODALITY,
    "two-frames-of-reference": tags.FRAME_OF_REFERENCE,
}


def test_every_defect_has_a_proof_here() -> None:
    assert {*IN_ELEMENTS, *IN_BYTES, *IN_SERIES, "same-sop-instance-uid"} == set(DEFECTS)
    assert len(DEFECTS) >= 60


@pytest.mark.parametrize("name", IN_ELEMENTS)
def test_the_elements_have_the_defect_only_when_it_was_asked_for(name: str) -> None:
    one, whole = broken_and_whole(name)
    parts = elements(one)
    assert IN_ELEMENTS[name](parts)
    assert not IN_ELEMENTS[name](elements(whole))
    changed = {one for one in set(parts) ^ set(elements(whole)) if one.tag != tags.CHARACTER_SET}
    assert len({one.tag for one in changed}) == {"out-of-order": 0, "twice": 0, "mixed-character-sets": 0,
                                                 "unknown-character-set": 0}.get(name, 1)  # fmt: skip
    assert b"".join(one.part10())[:132] == bytes(128) + b"DICM"


@pytest.mark.parametrize("name", IN_BYTES)
def test_the_bytes_have_the_defect_only_when_it_was_asked_for(name: str) -> None:
    one, whole = broken_and_whole(name)
    assert IN_BYTES[name](one)
    assert not IN_BYTES[name](whole)
    if DEFECTS[name].scope == "file":
        assert data(one) == data(whole)


@pytest.mark.parametrize("name", IN_SERIES)
def test_the_last_instance_disagrees_with_the_first(name: str) -> None:
    def values(instances: tuple[PreparedInstance, ...]) -> list[bytes]:
        return [value_of(elements(one), IN_SERIES[name]) for one in instances]

    plain = values(broken("ct", ""))
    assert plain[0] == plain[1] == values(broken("ct", "", name))[0] != values(broken("ct", "", name))[1] != b""


def test_the_last_instance_has_the_uid_of_the_first_in_the_data_set_and_in_the_file() -> None:
    first, last = broken("ct", "", "same-sop-instance-uid")
    assert first.sop_instance_uid == last.sop_instance_uid == broken("ct", "")[0].sop_instance_uid
    assert value_of(elements(last), tags.SOP_INSTANCE) == first.sop_instance_uid.encode()
    assert read_meta(file(last)).sop_instance_uid == first.sop_instance_uid
    assert raw(elements(last), PIXEL_DATA) == raw(elements(broken("ct", "")[1]), PIXEL_DATA)


def test_several_defects_are_put_into_one_instance() -> None:
    (parts, _) = (elements(one) for one in broken("ct", "", "bad-date", "no-rows", "two-patients"))
    last = elements(broken("ct", "", "bad-date", "no-rows", "two-patients")[-1])
    assert IN_ELEMENTS["bad-date"](parts)
    assert IN_ELEMENTS["no-rows"](parts)
    assert value_of(last, tags.PATIENT_ID) == b"ANOTHER" != value_of(parts, tags.PATIENT_ID)


@pytest.mark.parametrize(
    ("names", "error", "says"),
    [
        (("no-rosw",), UnknownNameError, "did you mean 'no-rows'"),
        (("no-preamble", "no-file-meta"), UsageError, "one of these at a time"),
        (("short-pixels", "no-pixel-data", "odd-pixels"), UsageError, "another defect has broken it already"),
    ],
)
def test_what_cannot_be_is_told(names: tuple[str, ...], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        list(generate("ct", load_phantom("shepp-logan"), seed=3, defects=names, **SMALL))


def study(kind: str, name: str, **options: object) -> Study:
    phantom = None if kind == "ecg" else load_phantom("spheres" if kind in ("rdsr", "dx") else "shepp-logan")
    return generate(kind, phantom, seed=3, defects=[name], **options)


@pytest.mark.parametrize(
    ("kind", "name", "options", "says"),
    [
        ("rdsr", "short-pixels", {}, "rdsr: defect short-pixels: its instances have no pixels"),
        ("ecg", "no-rows", {}, "no pixels"),
        ("ct", "wrong-frames", SMALL, "of one frame"),
        ("ct", "odd-fragment", SMALL, "give another transfer syntax"),
        ("ct", "odd-pixels", {**SMALL, "transfer_syntax": "RLELossless"}, "RLELossless has fragments"),
        ("ct", "bad-date", {**SMALL, "transfer_syntax": "ImplicitVRLittleEndian"}, "not in ImplicitVRLittleEndian"),
        ("ct", "bad-date", {**SMALL, "transfer_syntax": "DeflatedExplicitVRLittleEndian"}, "not in Deflated"),
        ("ct", "two-patients", {**SMALL, "slices": 1}, "at least two instances"),
        ("dx", "two-frames-of-reference", {"rows": 32, "columns": 32}, "no frame of reference|at least two"),
    ],
)
def test_a_defect_that_a_kind_cannot_have_is_refused_before_any_work(
    kind: str, name: str, options: dict[str, object], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        study(kind, name, **options)


def test_a_type_1_is_emptied_only_under_its_defects_name() -> None:
    phantom = load_phantom("shepp-logan")

    def emptied(*names: str) -> Parts:
        (one, _) = generate("ct", phantom, seed=3, assignments={"ImageType": ""}, defects=names, **SMALL)
        return elements(one)

    with pytest.raises(UsageError, match=r"ImageType cannot be emptied.*--defect empty-type-1"):
        emptied()
    with pytest.raises(UsageError, match="cannot be emptied"):
        emptied("bad-date")
    parts = emptied("empty-type-1")
    assert raw(parts, 0x00080008) == b""
    assert raw(parts, tags.MODALITY) == b"CT"
    (one, _) = generate("ct", phantom, seed=3, assignments={"StudyID": ""}, defects=["empty-type-1"], **SMALL)
    assert raw(elements(one), tags.MODALITY) == b""  # Study ID may be empty: that is no defect


def test_a_value_that_is_not_enumerated_is_set_only_under_its_defects_name() -> None:
    phantom = load_phantom("shepp-logan")

    def told(assignments: dict[str, str], *names: str) -> Parts:
        (one, _) = generate("ct", phantom, seed=3, assignments=assignments, defects=names, **SMALL)
        return elements(one)

    for names in ((), ("bad-date",)):
        with pytest.raises(UsageError, match=r"Modality=MR: .* enumerates CT; --defect not-enumerated"):
            told({"Modality": "MR"}, *names)
    sex = raw(told({}), tags.SEX)
    parts = told({"Modality": "MR"}, "not-enumerated")
    assert (raw(parts, tags.MODALITY), raw(parts, tags.SEX)) == (b"MR", sex)
    assert raw(told({"PatientSex": "Z"}, "not-enumerated"), tags.SEX) == b"Z "
    assert raw(told({"PatientSex": "O"}, "not-enumerated"), tags.SEX) == b"X "  # O is enumerated: that is no defect


def test_a_defect_leaves_the_uids_as_they_are() -> None:
    assert [one.sop_instance_uid for one in broken("ct", "", "bad-date")] == [
        one.sop_instance_uid for one in broken("ct", "")
    ]
