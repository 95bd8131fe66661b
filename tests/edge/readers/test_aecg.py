"""HL7 aECG files become 12-lead ECGs with the file's own numbers; document types are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.edge.readers.aecg import moment, read
from modality.errors import InputError
from tests.edge.describing.bench import Bench
from tests.edge.readers.recordings import aecg

LEADS = {"I": [1, -2, 3, 400], "II": [5, 6, 7, 8], "AVR": [-9, 10, -11, 12], "V1": [0, 0, 1, 0]}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, "folder", kind="aecg", matching="device")
    yield made
    made.outbox.close()


def test_an_ecg_has_the_leads_numbers_and_time_of_the_file(bench: Bench) -> None:
    item = bench.capture(aecg(LEADS, head="20021122091005.25"), "aecg", file="a.xml")
    assert item.state == "ready", item.reason
    (ecg,) = bench.objects(item)
    assert (ecg.SOPClassUID, ecg.Modality) == ("1.2.840.10008.5.1.4.1.1.9.1.1", "ECG")
    assert (ecg.PatientID, ecg.PatientName) == ("SBJ-123", "Doe^Jane")
    assert ecg.AcquisitionDateTime.startswith("20021122091005.25")
    (group,) = ecg.WaveformSequence
    assert (group.SamplingFrequency, group.NumberOfWaveformSamples) == (500, 4)
    samples = np.frombuffer(group.WaveformData, "<i2").reshape(-1, 4)
    assert [samples[:, column].tolist() for column in range(4)] == list(LEADS.values())
    channels = group.ChannelDefinitionSequence
    assert [one.ChannelSourceSequence[0].CodeValue for one in channels] == ["2:1", "2:2", "2:62", "2:3"]
    assert {float(one.ChannelSensitivity) for one in channels} == {5.0}
    assert {one.ChannelSensitivityUnitsSequence[0].CodeValue for one in channels} == {"uV"}


def test_an_origin_is_the_baseline_and_a_slow_one_is_a_general_ecg_of_32_bits(bench: Bench) -> None:
    item = bench.capture(aecg({"II": [0, 1]}, origin="-2.5", unit="mV", scale="0.001", interval="0.01"), "aecg")
    (ecg,) = bench.objects(item)
    channel = ecg.WaveformSequence[0].ChannelDefinitionSequence[0]
    assert (channel.ChannelBaseline, channel.ChannelSensitivity) == (-2.5, 0.001)
    assert (ecg.SOPClassUID, ecg.WaveformSequence[0].SamplingFrequency) == ("1.2.840.10008.5.1.4.1.1.9.1.4", 100)


def test_a_lead_that_is_not_known_is_named(bench: Bench) -> None:
    item = bench.capture(aecg({"I": [1, 2], "MLX": [1, 2]}), "aecg")
    assert (item.state, item.reason) == ("ready", "left out: MDC_ECG_LEAD_MLX")
    assert bench.objects(item)[0].WaveformSequence[0].NumberOfWaveformChannels == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (aecg(LEADS, doctype='<!DOCTYPE x [<!ENTITY e "v">]>'), "a.xml: it has a document type declaration"),
        (aecg(LEADS, doctype='<!DOCTYPE x SYSTEM "file:///etc/passwd">'), "it has a document type declaration"),
        (aecg(LEADS)[:-20], "it is not well-formed"),
        (b"<ClinicalDocument/>", "<ClinicalDocument> is no AnnotatedECG"),
        (aecg({"XX": [1]}), "no sequence is of a lead that is known"),
        (aecg({"I": [1, 2], "II": [1]}), "do not have the same number of samples"),
        (aecg({"I": [1], "i": [1]}).replace(b"LEAD_i", b"LEAD_I"), "has a lead twice"),
        (aecg(LEADS, unit="mm"), "lead I: its scale is no voltage"),
        (aecg(LEADS, scale="0"), "lead I: its scale is no voltage"),
        (aecg(LEADS, scale="1e"), "scale of lead I: '1e' is no number"),
        (aecg(LEADS, interval="0"), "a sampling interval of 0 's' is none"),
        (aecg(LEADS).replace(b"TIME_ABSOLUTE", b"TIME_OTHER"), "does not say its sampling interval"),
        (aecg(LEADS).replace(b"1 -2 3", b"1 -x 3"), "lead I: its digits are no whole numbers"),
        (aecg(LEADS).replace(b"1 -2 3", b"1 999999999999 3"), "lead I: its digits are no whole numbers"),
        (b"<a>" * 100, "it is too deep"),
        (b"\xff\xfe", "its encoding is not known"),
        (b"", "it is not well-formed"),
    ],
)
def test_what_is_none_is_set_aside_with_the_reason(bench: Bench, data: bytes, said: str) -> None:
    item = bench.capture(data, "aecg", file="a.xml")
    assert item.state == "dead"
    assert said in item.reason


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20021122091005", datetime(2002, 11, 22, 9, 10, 5)),
        ("20021122091005.25", datetime(2002, 11, 22, 9, 10, 5, 250000)),
        ("20021122091005-0500", datetime(2002, 11, 22, 9, 10, 5, tzinfo=timezone(-timedelta(hours=5)))),
        ("20021122", None),
        ("20021399091005", None),
        ("", None),
    ],
)
def test_moments(text: str, at: datetime | None) -> None:
    assert moment(text) == at


GOOD = aecg(LEADS)


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, len(GOOD)) | st.just(len(GOOD)),
)
def test_any_bytes_are_read_or_an_error_of_ours(changes: list[tuple[int, int]], cut: int) -> None:
    from tests.edge.readers.captures import captured

    data = bytearray(GOOD)
    for at, value in changes:
        data[at] = value
    try:
        (content,) = read(captured(bytes(data[:cut]), "aecg"))
    except InputError:
        return
    assert content.parts
