"""What the words of an order say of how its study is made."""

from __future__ import annotations

import inspect
from typing import get_args, get_type_hints

import pydicom
import pytest

from modality.identity import patient
from modality.protocol.performed_step import code
from modality.protocol.worklist import unscheduled
from modality.registry import KINDS, PHANTOMS
from modality.station.rounds import Plan, perform_step
from modality.station.steps.protocols import phantom_for
from modality.station.steps.words import _OPTIONS_BY_WORD, options_said
from modality.station.study import load_phantom


def ordered(modality, scheduled="", requested="", codes=()):
    step = unscheduled(patient(1), modality, description=scheduled)
    step.item.RequestedProcedureDescription = requested
    step.step.ScheduledProtocolCodeSequence = [code("X", "99X", meaning) for meaning in codes]
    return step


@pytest.mark.parametrize("kind", sorted(_OPTIONS_BY_WORD))
def test_what_the_table_chooses_is_a_choice_of_the_kind(kind):
    prevailing, lines = _OPTIONS_BY_WORD[kind]
    acquire = KINDS.load(kind).acquire
    for option in prevailing:
        hint = get_type_hints(acquire)[option]
        choices = {value for part in (hint, *get_args(hint)) for value in get_args(part)}
        assert {line.options[option] for line in lines if option in line.options} <= choices
    assert {name for line in lines for name in line.options} == prevailing
    assert {name for line in lines for name in line.other_than} <= set(inspect.signature(acquire).parameters)
    assert {line.phantom for line in lines if line.phantom} <= set(PHANTOMS.entries)


@pytest.mark.parametrize(
    ("words", "study"),
    [
        ("gated blood pool heart", "GATED"),
        ("MUGA scan", "GATED"),
        ("Radionuclide ventriculography", "GATED"),
        ("Herzbinnenraumszintigraphie", "GATED"),
        ("Dynamic study", "DYNAMIC"),
        ("Hepatobiliary liver scan", "DYNAMIC"),
        ("Bone SPECT/CT", "RECON TOMO"),
        ("gated SPECT myocardial perfusion", "RECON TOMO"),
        ("gated blood pool, no SPECT", "GATED"),
        ("Bone scan, three phases with dynamic flow and blood pool", None),
        ("Blood pool of a liver hemangioma", None),
        ("Myocardial perfusion, not gated", None),
        ("Ungated study with respect to the heart", None),
        ("Lung perfusion", None),
        ("", None),
    ],
)
def test_words_choose_the_study_of_a_gamma_camera(words, study):
    expected = {"study": study} if study else {}
    assert options_said(ordered("NM", words), "nm", {}) == expected
    assert options_said(ordered("NM", "", words.upper()), "nm", {}) == expected
    assert options_said(ordered("NM", "Nuclear", "Exam", [words]), "nm", {}) == expected


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("Renogram", {"tracer": "MAG3"}),
        ("renal dynamic", {"tracer": "MAG3"}),
        ("MAG3 kidneys, chest pain", {"tracer": "MAG3"}),
        ("Kidney", {"tracer": "MAG3"}),
        ("Renogram, DTPA", {"tracer": "DTPA"}),
        ("Nierenfunktionsszintigraphie", {"tracer": "MAG3"}),
        ("DMSA", {"tracer": "DMSA"}),
        ("Renal cortical scan", {"tracer": "DMSA"}),
        ("Statische Nierenszintigraphie", {"tracer": "DMSA"}),
        ("DMSA SPECT", {"tracer": "DMSA", "study": "RECON TOMO"}),
    ],
)
def test_words_choose_the_tracer_of_a_kidney_and_scan_the_abdomen(words, options):
    step = ordered("NM", words)
    assert options_said(step, "nm", {}) == options
    assert phantom_for(step) == "abdomen"
    assert options_said(step, "nm", {}, "abdomen") == options
    assert options_said(step, "nm", {}, "thorax") == {}
    assert options_said(step, "nm", {}, load_phantom("thorax")) == {}


@pytest.mark.parametrize(
    "words", ["Bone scan, renal cell carcinoma", "Parathyroid scan, renal failure", "Adrenal MIBG", "Nebennieren"]
)
def test_what_is_said_of_kidneys_beside_chooses_nothing(words):
    assert options_said(ordered("NM", words), "nm", {}) == {}


@pytest.mark.parametrize(
    ("words", "tracer"),
    [
        ("PET brain methionine", "methionine"),
        ("MET-PET", "methionine"),
        ("C-11 MET brain", "methionine"),
        ("N-13 ammonia heart", "ammonia"),
        ("PET Myokardperfusion", "ammonia"),
        ("Cardiac perfusion PET", "ammonia"),
        ("Ga-68 DOTATATE whole body", "dotatate"),
        ("Somatostatin receptor PET", "dotatate"),
        ("18F-FDG neuroendocrine tumour", None),
        ("Metastases, PET", None),
        ("PET of the brain", None),
    ],
)
def test_words_choose_the_tracer_of_a_pet_scan(words, tracer):
    expected = {"tracer": tracer} if tracer else {}
    assert options_said(ordered("PT", words), "pt", {}) == expected
    assert options_said(ordered("CT", words), "ct", {}) == {}


@pytest.mark.parametrize(
    ("words", "about"),
    [
        ("Report, MRI of the brain", "mr"),
        ("Befund MRT Kopf", "mr"),
        ("PET/CT report", "pt"),
        ("CT report", "ct"),
        ("Ultrasound of the liver, report", "us"),
        ("Befund Mammographie", "mg"),
        ("X-ray report", "dx"),
        ("Röntgenbefund", "dx"),
        ("Call us", None),
        ("Report of the chest", None),
        ("Mrs. Smith, petechiae", None),
    ],
)
def test_words_choose_what_a_report_is_about(words, about):
    for modality, kind in (("SR", "sr"), ("KO", "kos"), ("DOC", "pdf"), ("OT", "sc")):
        assert options_said(ordered(modality, words), kind, {}) == ({"about": about} if about else {})
    assert options_said(ordered("KO", words), "kos", {"about": "ct"}) == {}
    assert options_said(ordered("SR", words), "rdsr", {}) == {}


def test_a_report_that_an_order_calls_one_of_mr_brings_an_mr_scan(make_station, archive):
    images = made(make_station, archive, ordered("KO", "Key images, MRI brain"), options={**SMALL, "slices": 2})
    assert sorted(one.Modality for one in images) == ["KO", "MR", "MR"]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("gated blood pool", {"study": "STATIC"}),
        ("gated blood pool", {"slices": 3}),
        ("renogram", {"slices": 3}),
        ("renogram", {"uptake_min": 5.0}),
        ("renogram", {"study": "STATIC"}),
        ("renogram", {"tracer": "DMSA"}),
    ],
)
def test_an_option_that_is_asked_for_prevails(words, asked):
    assert options_said(ordered("NM", words), "nm", asked) == {}
    assert options_said(ordered("NM", words), "nm", {"rows": 16}) != {}


SMALL = {"rows": 16, "columns": 16}


def made(make_station, archive, step, **plan):
    result = perform_step(make_station(), step, Plan(**plan))
    assert (result.good, result.problems) == (True, [])
    return [pydicom.dcmread(one.path) for one in archive.instances()]


@pytest.mark.parametrize(
    ("words", "options", "kind_options", "study"),
    [
        ("gated blood pool heart", SMALL, {}, "GATED"),
        ("renal dynamic", SMALL, {}, "DYNAMIC"),
        ("DMSA", SMALL, {}, "STATIC"),
        ("DMSA", {**SMALL, "slices": 2}, {}, "RECON TOMO"),
        ("gated blood pool heart", SMALL, {"study": "STATIC"}, "STATIC"),
        ("gated blood pool heart", {**SMALL, "slices": 2}, {}, "RECON TOMO"),
        ("Bone scan", SMALL, {}, "STATIC"),
    ],
)
def test_a_gamma_camera_makes_the_study_that_is_ordered(make_station, archive, words, options, kind_options, study):
    (image,) = made(make_station, archive, ordered("NM", words), options=options, kind_options={"nm": kind_options})
    assert image.ImageType[2] == study


@pytest.mark.parametrize(
    ("asked", "meaning"), [({}, "Methionine C^11^"), ({"tracer": "FDG"}, "Fluorodeoxyglucose F^18^")]
)
def test_a_pet_scanner_injects_the_tracer_that_is_ordered(make_station, archive, asked, meaning):
    step = ordered("PT", "PET brain methionine")
    images = made(make_station, archive, step, options={**SMALL, "slices": 2}, kind_options={"pt": asked})
    assert len(images) == 2
    for image in images:
        (injected,) = image.RadiopharmaceuticalInformationSequence
        assert injected.RadiopharmaceuticalCodeSequence[0].CodeMeaning == meaning


def test_a_renogram_is_of_kidneys_and_says_what_was_injected(make_station, archive):
    (image,) = made(make_station, archive, ordered("NM", "Renogram MAG3"), options=SMALL)
    assert image.BodyPartExamined == "ABDOMEN"
    (injected,) = image.RadiopharmaceuticalInformationSequence
    assert injected.RadiopharmaceuticalCodeSequence[0].CodeValue == "446536001"
    assert image.DetectorInformationSequence[0].ViewCodeSequence[0].CodeMeaning == "Posterior projection"


def test_a_mammogram_is_of_a_woman_unless_it_is_ordered_or_set_otherwise(make_station, archive):
    from modality.station.study import generate

    small = {"rows": 16, "columns": 12}
    seed = next(seed for seed in range(99) if patient(seed).sex == "M")
    study = generate("mg", seed=seed, **small)
    assert study.patient == patient(seed, "F")
    assert generate("dx", seed=seed, rows=16, columns=16).patient == patient(seed)
    (instance,) = generate("mg", seed=seed, assignments={"PatientSex": "M"}, **small)
    assert instance.dataset().PatientSex == "M"
    (image,) = made(make_station, archive, unscheduled(patient(seed), "MG"), options=small)
    assert (image.PatientSex, image.PatientID) == ("M", patient(seed).patient_id)
