"""Segments of streams become waveforms that say what was lost, and Observations of what was measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.delivery.outbox.world import packet
from tests.edge.describing.bench import Bench, simulated


@pytest.fixture
def bench(tmp_path: Path):  # type: ignore[no-untyped-def]
    made = []

    def make(driver: str, **options: object) -> Bench:
        made.append(Bench(tmp_path, driver, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.outbox.close()


def test_a_pulse_has_its_samples_values_time_and_uid(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2", fhir=True)
    item = made.capture(packet() * 6)
    (pulse,) = made.objects(item)
    assert pulse.SOPInstanceUID == item.uid
    assert (pulse.Modality, pulse.PatientID, int(pulse.InstanceNumber)) == ("HD", "P1", item.number)
    assert pulse.AcquisitionDateTime.startswith("20261125120000")
    assert pulse.AcquisitionTimeSynchronized == "Y"
    assert pulse.waveform_array(0)[:, 0].tolist() == list(range(100, 125)) * 6
    values = {
        note.ConceptNameCodeSequence[0].CodeValue: float(note.NumericValue) for note in pulse.WaveformAnnotationSequence
    }
    assert values == {"59408-5": 97.0, "8867-4": 72.0}
    observed = {
        one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] for one in made.resources(item, "Observation")
    }
    assert observed == {"59408-5": 97, "8867-4": 72}
    assert {one["identifier"][1]["value"] for one in made.resources(item, "Observation")} == {f"urn:oid:{item.uid}"}


def test_without_a_trusted_clock_the_object_says_so(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2")
    made.describer._clock._trust = "never"
    (pulse,) = made.objects(made.capture(packet() * 2, trusted=False))
    assert pulse.AcquisitionTimeSynchronized == "N"


def test_a_lost_packet_is_a_gap_that_is_padded_and_said(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2")
    whole = packet()
    data = whole * 2 + whole[:50] + whole[75:] + whole * 2  # five frames of the third packet are lost
    (pulse,) = made.objects(made.capture(data))
    group = pulse.WaveformSequence[0]
    assert group.NumberOfWaveformSamples == 125
    padding = int.from_bytes(group.WaveformPaddingValue, "little", signed=True)
    assert group.WaveformSampleInterpretation == "SS", "8 bits without a sign"
    samples = np.frombuffer(group.WaveformData, "<i2")
    assert np.flatnonzero(samples == padding).tolist() == [70, 71, 72, 73, 74], (
        "where in the packet nobody knows: its end"
    )
    assert any(note.get("UnformattedTextValue") == "samples were lost" for note in pulse.WaveformAnnotationSequence)


def test_what_leads_in_is_the_capture_before_s(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2")
    first = made.capture(packet() * 2 + packet()[:60], ended=False)
    second = made.capture(packet() * 2 + packet()[:60] + packet()[60:] + packet() * 2, lead=310)
    samples = [one.waveform_array(0)[:, 0].tolist() for item in (first, second) for one in made.objects(item)]
    assert samples == [list(range(100, 125)) * 2, list(range(100, 125)) * 3]


def test_unsigned_samples_of_sixteen_bits_keep_their_values(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-7")
    frames = []
    for place, pleth in enumerate([0, 32767, 32768, 65535, *[40000] * 21]):
        frame = bytes((0x81 if place == 0 else 0x80, pleth >> 8, pleth & 0xFF, 0))
        frames.append(frame + bytes([sum(frame) & 0xFF]))
    (pulse,) = made.objects(made.capture(b"".join(frames)))
    assert pulse.waveform_array(0)[:4, 0].tolist() == [0, 32767, 32768, 65535]
    assert pulse.WaveformSequence[0].WaveformSampleInterpretation == "SS"


def test_a_sensor_that_is_off_is_no_observation(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2", fhir=True)
    off = b"".join(bytes((1, 0xC1 if place == 0 else 0xC0, 0, {1: 72, 2: 97}.get(place, 0))) for place in range(25))
    frames = [off[at : at + 4] for at in range(0, len(off), 4)]
    data = b"".join(frame + bytes([sum(frame) & 0xFF]) for frame in frames) * 3
    assert made.resources(made.capture(data), "Observation") == []


def test_an_eeg_has_its_electrodes_in_microvolts(bench: Callable[..., Bench]) -> None:
    made = bench("cyton", channels=("Fp1", "Fp2", "C3", "C4", "T5", "T6", "O1", "O2"))
    frames = []
    for number in range(50):
        channels = b"".join((1000 * (channel + 1)).to_bytes(3, "big", signed=True) for channel in range(8))
        frames.append(b"\xa0" + bytes([number]) + channels + bytes(6) + b"\xc0")
    (eeg,) = made.objects(made.capture(b"".join(frames)))
    group = eeg.WaveformSequence[0]
    assert (eeg.Modality, group.SamplingFrequency, group.NumberOfWaveformChannels) == ("EEG", 250, 8)
    assert group.ChannelDefinitionSequence[7].ChannelLabel == "O2"
    expected = [4.5 / (2**23 - 1) / 24 * 1e6 * 1000 * (channel + 1) for channel in range(8)]
    assert np.allclose(eeg.waveform_array(0)[10], expected, atol=0.001)


def test_a_segment_without_a_measurement_is_dropped_with_its_reason(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2")
    item = made.capture(b"\0\1\2 rubbish" * 9)
    assert (item.state, item.reason) == ("discarded", "it holds no measurement")


@pytest.mark.parametrize("device", ["nonin-2", "nonin-7", "cms50d", "cyton"])
def test_what_a_simulated_device_says_in_some_seconds_is_all_there(bench: Callable[..., Bench], device: str) -> None:
    made = bench(device)
    item = made.capture(simulated(device, 4.0))
    assert item.state == "ready", item.reason
    rate = {"nonin-2": 75, "nonin-7": 75, "cms50d": 60, "cyton": 250}[device]
    lengths = [one.WaveformSequence[0].NumberOfWaveformSamples for one in made.objects(item)]
    assert 3.5 * rate <= sum(lengths) <= 4.1 * rate


def test_a_value_that_cannot_be_stays_in_the_waveform_and_out_of_fhir(bench: Callable[..., Bench]) -> None:
    made = bench("nonin-2", fhir=True)
    frames = []
    for place in range(25):
        frame = bytes((1, 0x81 if place == 0 else 0x80, 100 + place, {0: 0, 1: 72, 2: 126}.get(place, 0)))
        frames.append(frame + bytes([sum(frame) & 0xFF]))
    item = made.capture(b"".join(frames) * 3)
    assert item.state == "ready"
    assert "spo2" in item.reason
    assert [one["code"]["coding"][0]["code"] for one in made.resources(item, "Observation")] == ["8867-4"]
    assert len(made.objects(item)) == 1


@pytest.mark.parametrize(("first", "third"), [(0x97, 0x00), (0x87, 0x10)])
def test_numbers_that_a_device_gives_without_a_finger_are_no_observation(
    bench: Callable[..., Bench], first: int, third: int
) -> None:
    """Contec's finger out and probe error: what it still shows is the last patient's, or nobody's."""
    made = bench("cms50d", fhir=True)
    whole = bytes((0x87, 50, 0x00, 70, 97)) * 90
    item = made.capture(whole + bytes((first, 50, third, 44, 60)) * 300)
    observed = {
        one["code"]["coding"][0]["code"]: one["valueQuantity"]["value"] for one in made.resources(item, "Observation")
    }
    assert observed == {"59408-5": 97, "8867-4": 70}
