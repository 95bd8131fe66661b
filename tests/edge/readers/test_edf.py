"""EDF and EDF+ files become EEGs and ECGs whose numbers are the file's, parted where the recording was interrupted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modality.edge.readers.edf_file import annotations_of, header_of, records_of, runs_of
from modality.edge.readers.recorded import ecg_lead, eeg_electrode
from modality.errors import InputError
from tests.edge.describing.bench import Bench
from tests.edge.readers.recordings import Edf, edf

EEG_CLASS, TWELVE, GENERAL_32 = (f"1.2.840.10008.5.1.4.1.1.9.{end}" for end in ("7.1", "1.1", "1.4"))


def ramp(records: int, length: int, start: int = 0, step: int = 1) -> list[list[int]]:
    """Records of values that go on from one to the next."""
    return [[start + step * (record * length + at) for at in range(length)] for record in range(records)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(**options: object) -> Bench:
        made.append(Bench(tmp_path, "folder", kind="edf", **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def microvolts(dataset: Any, column: int) -> list[float]:
    """The values of a channel of the one group, as PS3.3 C.10.9.1.4.1 has them."""
    group = dataset.WaveformSequence[0]
    kind = {16: "<i2", 32: "<i4"}[group.WaveformBitsAllocated]
    samples = np.frombuffer(group.WaveformData, kind).reshape(-1, group.NumberOfWaveformChannels)
    channel = group.ChannelDefinitionSequence[column]
    step = float(channel.ChannelSensitivity) * float(channel.ChannelSensitivityCorrectionFactor)
    return [round(float(value) * step + float(channel.ChannelBaseline), 6) for value in samples[:, column]]


def positions(annotation: Any) -> list[int]:
    """Referenced Sample Positions, of which pydicom gives one by itself as a number."""
    found = annotation.ReferencedSamplePositions
    return [found] if isinstance(found, int) else list(found)


def test_an_eeg_has_the_values_leads_filters_and_words_of_the_file(bench: Callable[..., Bench]) -> None:
    signals = [
        Edf("EEG Fp1-Ref", ramp(2, 200, -200)),
        Edf("EEG O2-A1", ramp(2, 200, 7, 3), unit="mV", physical=("-1", "3"), digital=(-2000, 2000)),
        Edf("Resp nasal", ramp(2, 10), unit=""),
    ]
    tals = [b"+0\x14\x14\0+0.5\x151.25\x14Eyes closed\x14", b"+1\x14\x14\0+1.75\x14caf\xc3\xa9\x14again\x14"]
    made = bench(matching="device")
    item = made.capture(edf(signals, tals), "edf", file="a.edf")
    assert item.state == "ready", item.reason
    assert item.reason == "left out: Resp nasal"
    (eeg,) = made.objects(item)
    assert (eeg.SOPClassUID, eeg.Modality, eeg.SOPInstanceUID) == (EEG_CLASS, "EEG", item.uid)
    assert (eeg.PatientID, eeg.PatientName) == ("MCH-0234567", "Haagse Harry")
    assert eeg.AcquisitionDateTime.startswith("20020302142700")
    group = eeg.WaveformSequence[0]
    assert (group.SamplingFrequency, group.NumberOfWaveformSamples, group.NumberOfWaveformChannels) == (200, 400, 2)
    first, second = group.ChannelDefinitionSequence
    assert (first.ChannelLabel, first.ChannelSourceSequence[0].CodeValue) == ("EEG Fp1-Ref", "7:1041")
    assert second.ChannelSourceSequence[0].CodeValue == "7:1214"
    assert [one.ChannelSensitivityUnitsSequence[0].CodeValue for one in (first, second)] == ["uV", "mV"]
    assert (first.FilterLowFrequency, first.FilterHighFrequency, first.NotchFilterFrequency) == (0.1, 75, 50)
    assert microvolts(eeg, 0)[:3] == [-20.0, -19.9, -19.8]
    assert microvolts(eeg, 1)[:2] == [round(1 + 7 / 1000, 6), round(1 + 10 / 1000, 6)], "-2000 is -1 mV, 2000 is 3 mV"
    words = {one.UnformattedTextValue: positions(one) for one in eeg.WaveformAnnotationSequence}
    assert words == {"Eyes closed": [101, 351], "caf\N{LATIN SMALL LETTER E WITH ACUTE}": [351], "again": [351]}


def test_an_interruption_starts_a_new_instance_at_its_own_time(bench: Callable[..., Bench]) -> None:
    tals = [b"+0\x14\x14\0", b"+1\x14\x14\0+1.5\x14here\x14\0", b"+61.25\x14\x14\0+61.5\x14there\x14\0"]
    made = bench()
    item = made.capture(edf([Edf("EEG C3-A2", ramp(3, 100))], tals, kind="EDF+D"), "edf")
    first, second = made.objects(item)
    assert item.reason == "1 interruption"
    assert first.SOPInstanceUID == item.uid != second.SOPInstanceUID
    assert (microvolts(first, 0)[-1], microvolts(second, 0)[0]) == (19.9, 20.0)
    assert [one.WaveformSequence[0].NumberOfWaveformSamples for one in (first, second)] == [200, 100]
    assert second.AcquisitionDateTime.startswith("20020302142801.25")
    assert [one.WaveformAnnotationSequence[0].UnformattedTextValue for one in (first, second)] == ["here", "there"]


def test_ecg_leads_become_an_ecg_and_those_of_other_rates_others(bench: Callable[..., Bench]) -> None:
    signals = [
        Edf("ECG II", ramp(1, 500), unit="uV"),
        Edf("ECG V1", ramp(1, 500, 5), unit="uV"),
        Edf("EEG T7", ramp(1, 250)),
        Edf("EKG I", ramp(1, 128), unit="mV"),
    ]
    made = bench()
    item = made.capture(edf(signals, kind=""), "edf")
    objects = {one.SOPClassUID: one for one in made.objects(item)}
    assert set(objects) == {TWELVE, EEG_CLASS, GENERAL_32}, "128 Hz are too slow for a 12-lead ECG"
    leads = [one.ChannelSourceSequence[0].CodeValue for one in
             objects[TWELVE].WaveformSequence[0].ChannelDefinitionSequence]  # fmt: skip
    assert leads == ["2:2", "2:3"]
    assert microvolts(objects[TWELVE], 1)[:2] == [0.5, 0.6]
    eeg = objects[EEG_CLASS].WaveformSequence[0].ChannelDefinitionSequence[0]
    assert eeg.ChannelSourceSequence[0].CodeValue == "7:1249", "T7 is T3's place"
    assert objects[TWELVE].PatientID == "P1"


def test_channels_that_the_configuration_names_go_before_labels(bench: Callable[..., Bench]) -> None:
    made = bench(channels=("Fp1", "-"))
    item = made.capture(edf([Edf("ch1", ramp(1, 10)), Edf("EEG O1", ramp(1, 10))]), "edf")
    (eeg,) = made.objects(item)
    (channel,) = eeg.WaveformSequence[0].ChannelDefinitionSequence
    assert (channel.ChannelLabel, channel.ChannelSourceSequence[0].CodeValue) == ("ch1", "7:1041")
    made.outbox.close()
    short = bench(channels=("Fp1",))
    assert "1 channels are configured; the file has 2" in short.capture(
        edf([Edf("ch1", ramp(1, 10)), Edf("ch2", ramp(1, 10))]), "edf"
    ).reason  # fmt: skip


@pytest.mark.parametrize(
    ("label", "ecg", "eeg"),
    [
        ("EEG Fp1-Ref", "", "Fp1"),
        ("FP1", "", "Fp1"),
        ("C3-A2", "", "C3"),
        ("EEG P8-LE", "", "T6"),
        ("ECG aVR", "aVR", ""),
        ("EKG  v6", "V6", ""),
        ("III", "III", ""),
        ("EEG", "", ""),
        ("SaO2", "", ""),
    ],
)
def test_what_a_label_names(label: str, ecg: str, eeg: str) -> None:
    assert (ecg_lead(label), eeg_electrode(label)) == (ecg, eeg)


GOOD = edf([Edf("EEG Fp1", ramp(2, 10))], [b"+0\x14\x14\0", b"+1\x14\x14\0"])


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (GOOD[:8], b"1       ", "no EDF file"),
        (GOOD[:8], b"\xffBIOSEMI", "this is BDF"),
        (GOOD[-32:], b"", "it ends in the middle: 1 of 2 records"),
        (b"EDF+C" + b" " * 39 + b"2 ", b"EDF+C" + b" " * 39 + b"x ", "number of records: 'x'"),
        (b"-3276.8 ", b"3276.7  ", "signal 1 (EEG Fp1): its digital or physical range is empty"),
        (b"-3276.8 ", b"nan     ", "physical range of signal 1 (EEG Fp1): 'nan' is no number"),
        (b"EEG Fp1 ", b"Light   ", "no signal is an EEG's or an ECG's by its label: Light"),
        (b"uV ", b"%  ", "no signal is an EEG's or an ECG's by its label: EEG Fp1"),
        (b"EDF+C", b"EDF+D", "before the one before it ends"),
    ],
)
def test_a_file_that_contradicts_itself_is_set_aside_with_the_reason(
    bench: Callable[..., Bench], old: bytes, new: bytes, said: str
) -> None:
    assert old in GOOD
    data = GOOD.replace(old, new, 1) if old != GOOD[-32:] else GOOD[: -2 * 10 - 32]
    if b"EDF+D" in data:
        data = data.replace(b"+1\x14", b"+0.")
    made = bench()
    item = made.capture(data, "edf", file="a.edf")
    assert item.state == "dead"
    assert said in item.reason or "does not say when it begins" in item.reason
    assert item.reason.startswith("a.edf: ")


def test_what_overlaps_is_refused_and_what_is_half_a_sample_off_is_not() -> None:
    def runs(second: bytes) -> list[tuple[int, int, float]]:
        data = edf([Edf("EEG Fp1", ramp(2, 10))], [b"+0\x14\x14\0", second + b"\x14\x14\0"], kind="EDF+D")
        header = header_of(data)
        onsets, _ = annotations_of(records_of(data, header), header)
        return [(one.first, one.count, one.onset_s) for one in runs_of(2, header, onsets)]

    assert runs(b"+1.02") == [(0, 2, 0.0)]
    assert runs(b"+1.2") == [(0, 1, 0.0), (1, 1, 1.2)]
    with pytest.raises(InputError, match=r"record 2 begins at 0\.5 s, before the one before it ends"):
        runs(b"+0.5")


def test_a_recording_that_is_going_on_is_waited_for_and_then_read_as_it_is(
    tmp_path: Path, bench: Callable[..., Bench]
) -> None:
    from modality.edge.sources.complete import ends_properly

    path = tmp_path / "a.edf"
    signals = [Edf("EEG Fp1", ramp(2, 10))]
    for data, whole in (
        (edf(signals), True),
        (edf(signals)[:-1], False),
        (edf(signals, records=-1), False),
        (b"x", False),
    ):
        path.write_bytes(data)
        assert ends_properly(path, "edf") is whole
    made = bench()
    item = made.capture(edf(signals, records=-1) + b"\0" * 7, "edf")
    assert made.objects(item)[0].WaveformSequence[0].NumberOfWaveformSamples == 20


def test_a_file_without_a_time_takes_that_of_its_arrival(bench: Callable[..., Bench]) -> None:
    data = (
        edf([Edf("EEG Fp1", ramp(1, 10))])
        .replace(b"02.03.02", b"99.99.99")
        .replace(b"Startdate 02-MAR", b"Startdate XX-XXX")
    )
    made = bench()
    item = made.capture(data, "edf")
    assert "the file names no time" in item.reason
    assert made.objects(item)[0].AcquisitionDateTime.startswith("20261125120000")


_CHANGES = st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8)


@settings(max_examples=150, deadline=None)
@given(changes=_CHANGES, cut=st.integers(0, len(GOOD)), interrupted=st.booleans())
def test_any_bytes_are_read_or_an_error_of_ours(changes: list[tuple[int, int]], cut: int, interrupted: bool) -> None:
    data = bytearray(GOOD.replace(b"EDF+C", b"EDF+D") if interrupted else GOOD)
    for at, value in changes:
        data[at] = value
    try:
        header = header_of(bytes(data[: max(cut, 800)]))
        records = records_of(bytes(data), header)
        onsets, _ = annotations_of(records, header)
        runs = runs_of(len(records), header, onsets)
    except InputError:
        return
    assert sum(one.count for one in runs) == len(records)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=600))
def test_no_bytes_are_anything_but_set_aside(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    with pytest.raises(InputError):
        header_of(data)


def test_damage_anywhere_leaves_the_describer_at_work(tmp_path: Path) -> None:
    """Whatever becomes of the file, the item is ready, held or dead by an error of ours: none that is not foreseen."""
    made = Bench(tmp_path, "folder", kind="edf")
    for at in range(0, 800, 23):
        data = bytearray(GOOD)
        data[at] ^= 0x15
        item = made.capture(bytes(data), "edf")
        assert "cannot be described" not in item.reason, (at, item.reason)
    made.outbox.close()
