"""SCP-ECG files become 12-lead ECGs: coded or not, as values or differences; what is damaged or not read is named."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.edge.readers.scp import leads_of, rhythm_of, sections_of, summed, tags_of, uncoded
from modality.errors import InputError
from tests.edge.describing.bench import Bench
from tests.edge.readers.recordings import (
    crc,
    differences,
    huffman,
    lead_section,
    patient_section,
    rhythm_section,
    scp,
    section,
)

LEADS = (1, 2, 3, 4, 5, 6, 7, 8)
PATIENT = patient_section(
    t0=b"M\xfcller\0", t1=b"Jane\0", t2=b"P77\0", t25=struct.pack("<HBB", 2002, 11, 22), t26=bytes([9, 10, 5])
)
DEFAULT_TABLE = struct.pack("<H", 19999)


def beats(count: int, lead: int) -> list[int]:
    """Values of a lead, spikes among them that need 8 and 16 bits."""
    return [(at * 7 * lead) % 13 - 6 + (300 * lead if at % 50 == 25 else 0) for at in range(count)]


def coded(values: Sequence[int], order: int, table: bool) -> bytes:
    numbers = differences(values, order)
    return huffman(numbers) if table else struct.pack(f"<{len(numbers)}h", *numbers)


def file(order: int = 2, *, table: bool = True, count: int = 200, **rhythm: int) -> bytes:
    sections = {
        1: PATIENT,
        **({2: DEFAULT_TABLE} if table else {}),
        3: lead_section([(1, count, one) for one in LEADS], flags=0b01000100),
        6: rhythm_section([coded(beats(count, one), order, table) for one in LEADS], order=order, **rhythm),
    }
    return scp(sections)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, "folder", kind="scp", matching="device")
    yield made
    made.outbox.close()


def test_the_check_value_of_the_crc() -> None:
    assert crc(b"123456789") == 0x29B1


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_each_coding_gives_the_same_ecg(bench: Bench, order: int, table: bool) -> None:
    item = bench.capture(file(order, table=table), "scp", file="a.scp")
    assert item.state == "ready", item.reason
    (ecg,) = bench.objects(item)
    assert (ecg.SOPClassUID, ecg.Modality) == ("1.2.840.10008.5.1.4.1.1.9.1.1", "ECG")
    assert (ecg.PatientID, ecg.PatientName) == ("P77", "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller^Jane")
    assert ecg.AcquisitionDateTime.startswith("20021122091005")
    (group,) = ecg.WaveformSequence
    assert (group.SamplingFrequency, group.NumberOfWaveformSamples, group.NumberOfWaveformChannels) == (500, 200, 8)
    samples = np.frombuffer(group.WaveformData, "<i2").reshape(-1, 8)
    for column, lead in enumerate(LEADS):
        assert samples[:, column].tolist() == beats(200, lead)
    sources = [one.ChannelSourceSequence[0].CodeValue for one in group.ChannelDefinitionSequence]
    assert sources == ["2:1", "2:2", "2:3", "2:4", "2:5", "2:6", "2:7", "2:8"]
    channel = group.ChannelDefinitionSequence[0]
    assert (channel.ChannelSensitivity, channel.ChannelSensitivityUnitsSequence[0].CodeValue) == (2.5, "uV")


def test_leads_that_were_not_recorded_together_are_groups_with_their_offset(bench: Bench) -> None:
    spans = [(1, 100, 1), (1, 100, 2), (101, 200, 3)]
    leads = [coded(beats(100, number), 0, False) for _, _, number in spans]
    item = bench.capture(scp({1: PATIENT, 3: lead_section(spans), 6: rhythm_section(leads)}), "scp")
    (ecg,) = bench.objects(item)
    first, second = ecg.WaveformSequence
    assert (first.NumberOfWaveformChannels, second.NumberOfWaveformChannels) == (2, 1)
    assert second.MultiplexGroupTimeOffset == 200, "100 samples of 2 ms, in ms"


def test_a_long_one_is_a_general_ecg(bench: Bench) -> None:
    item = bench.capture(file(0, table=False, count=16385), "scp")
    assert bench.objects(item)[0].SOPClassUID == "1.2.840.10008.5.1.4.1.1.9.1.2"


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


GOOD = file()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (changed(GOOD, len(GOOD) - 9), "its check sum does not hold: the file is damaged"),
        (GOOD[:-2], "it says that it has"),
        (b"", "too short"),
        (b"%PDF-1.4" + b" " * 50, "no SCP-ECG file"),
        (file(bimodal=1), "bimodal compression, which is not read"),
        (scp({3: lead_section([(1, 2, 1)], flags=1), 6: b""}), "reference beat subtraction"),
        (scp({2: b"\1\0" + b"\0" * 12, 3: lead_section([(1, 2, 1)]), 6: rhythm_section([b"1234"])}), "of its own"),
        (scp({1: PATIENT, 3: lead_section([(1, 2, 1)])}), "no rhythm data (section 6)"),
        (scp({1: PATIENT}), "section 3 names no leads"),
        (scp({3: lead_section([(1, 9, 1)]), 6: rhythm_section([b"1234"])}), "fewer bytes than samples need"),
        (scp({2: DEFAULT_TABLE, 3: lead_section([(1, 9, 1)]), 6: rhythm_section([b"\xff" * 4])}), "can be decoded"),
        (scp({3: lead_section([(5, 4, 1)]), 6: rhythm_section([b"1234"])}), "has samples 5 to 4"),
        (file(step_nv=0), "section 6 has 0 nV"),
        (file(order=3), "differences of order 3"),
        (scp({1: b"\2\xff\xff1"}), "field 2 of section 1 is longer"),
    ],
)  # fmt: skip
def test_what_is_damaged_or_not_read_is_set_aside_by_name(bench: Bench, data: bytes, said: str) -> None:
    item = bench.capture(data, "scp", file="a.scp")
    assert item.state == "dead"
    assert item.reason.startswith("a.scp: ")
    assert said in item.reason


def test_a_section_that_is_damaged_is_named_though_the_file_as_a_whole_holds() -> None:
    data = bytearray(GOOD)
    at = data.index(section(3, lead_section([(1, 200, one) for one in LEADS], flags=0b01000100)))
    data[at + 20] ^= 1
    data[:2] = struct.pack("<H", crc(bytes(data[2:])))
    with pytest.raises(InputError, match="the check sum of section 3 does not hold"):
        sections_of(bytes(data))


def test_the_printed_codes_of_the_default_table() -> None:
    """0; 100 and 101 are 1 and -1; 1111111101 is -8; 1111111110 comes before 8 bits, 1111111111 before 16."""
    bits = "010010111001101111111110111111111101111011011111111110000000100101100"
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    assert uncoded(data, 8).tolist() == [0, 1, -1, 2, -2, -8, -10, 300]
    with pytest.raises(InputError, match="of 99 samples"):
        uncoded(data, 99)


def test_differences_without_room_in_16_bits_wrap_around_and_back() -> None:
    values = [-30000, 30000, -30000, 30000]
    for order in (1, 2):
        wrapped = np.array(differences(values, order)).astype(np.int16).astype(np.int64)
        assert summed(wrapped, order).tolist() == values


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=60), st.sampled_from([0, 1, 2]))
def test_differences_and_codes_give_back_the_values(values: list[int], order: int) -> None:
    numbers = uncoded(huffman(differences(values, order)), len(values))
    assert summed(numbers, order).tolist() == values


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=120), st.binary(max_size=120), st.binary(max_size=120), st.booleans())
def test_any_bytes_are_read_or_an_error_of_ours(one: bytes, three: bytes, six: bytes, table: bool) -> None:
    """Behind check sums that hold, too."""
    for read in (lambda: sections_of(six), lambda: tags_of(one), lambda: rhythm_of(six, leads_of(three), coded=table)):
        try:
            read()
        except InputError:
            continue


def test_damage_anywhere_is_seen(tmp_path: Path) -> None:
    for at in range(0, len(GOOD), 7):
        with pytest.raises(InputError):
            sections_of(changed(GOOD, at))
