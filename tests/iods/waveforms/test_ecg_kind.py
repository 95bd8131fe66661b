"""The kind ecg: its data set holds the acquisition's samples, and its annotations stand at the truth's R peaks."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import AmbulatoryECGWaveformStorage, GeneralECGWaveformStorage, TwelveLeadECGWaveformStorage

from modality.station.study import generate

FORMS = {
    "12-lead": (TwelveLeadECGWaveformStorage, 12),
    "general": (GeneralECGWaveformStorage, 15),
    "ambulatory": (AmbulatoryECGWaveformStorage, 3),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_a_class_of_its_own_with_the_samples_of_the_acquisition(form):
    made = generate("ecg", seed=3, form=form, seconds=6)
    (scan,) = made.series
    (instance,) = scan
    dataset = instance.dataset()
    assert (dataset.SOPClassUID, len(scan.acquisition.leads)) == FORMS[form]
    assert scan.sop_class_uid == dataset.SOPClassUID == made.contexts[0][0]
    group = dataset.WaveformSequence[0]
    assert [one.ChannelLabel for one in group.ChannelDefinitionSequence] == scan.truth()["leads"]
    assert np.allclose(dataset.waveform_array(0), scan.acquisition.samples() * 0.0025)
    assert group.ChannelDefinitionSequence[0].ChannelSensitivityUnitsSequence[0].CodeValue == "mV"


def marks(dataset, code):
    return [
        item.ReferencedSamplePositions
        for item in dataset.WaveformAnnotationSequence
        if "ConceptNameCodeSequence" in item and item.ConceptNameCodeSequence[0].CodeValue == code
    ]


@pytest.mark.parametrize(
    ("rhythm", "codes"),
    [
        ("sinus", {"normal": "10:8208"}),
        ("af", {"normal": "10:8240"}),
        ("pvc", {"normal": "10:8208", "ventricular premature": "10:8336"}),
        ("complete-block", {"ventricular escape": "10:8432"}),
    ],
)
def test_beats_are_annotated_by_their_kind_at_the_sample_of_their_r_peak(rhythm, codes):
    (scan,) = generate("ecg", seed=3, rhythm=rhythm).series
    dataset = next(iter(scan)).dataset()
    for kind, code in codes.items():
        expected = [beat["r_sample"] + 1 for beat in scan.truth()["beats"] if beat["kind"] == kind]
        assert expected
        assert marks(dataset, code) == expected


def test_blocked_p_waves_and_the_middle_intervals_are_annotated():
    (scan,) = generate("ecg", seed=3, rhythm="wenckebach").series
    dataset, truth = next(iter(scan)).dataset(), scan.truth()
    conducted = {beat["p_sample"] for beat in truth["beats"]}
    last = truth["beats"][-1]["r_sample"]  # what comes after may be conducted to a beat that was not recorded
    blocked = [place + 1 for place in truth["p_waves"] if place not in conducted and place < last]
    assert len(blocked) >= 2
    assert [place for place in marks(dataset, "10:8320") if place <= last] == blocked
    values = {
        item.ConceptNameCodeSequence[0].CodeValue: float(item.NumericValue)
        for item in dataset.WaveformAnnotationSequence
        if "NumericValue" in item
    }
    middle = sorted(beat["qrs_ms"] for beat in truth["beats"])[len(truth["beats"]) // 2]
    assert values["2:16156"] == middle
    assert set(values) == {"2:16168", "2:15872", "2:16156", "2:16160"}
    assert set(values) <= {getattr(codes.cid3228, name).value for name in codes.cid3228.dir()}
    delays = sorted(beat["pr_ms"] for beat in truth["beats"] if beat["pr_ms"] is not None)
    assert values[codes.cid3228.PRIntervalGlobal.value] == delays[len(delays) // 2]
