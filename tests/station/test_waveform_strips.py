"""What a contact sheet makes of waveforms and documents, and that every kind can be performed from a worklist."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.uid import UID

from modality.identity import patient
from modality.protocol.worklist import unscheduled
from modality.station.contact_sheet import ContactSheet
from modality.station.notebook import study_html
from modality.station.rounds import Plan, perform_step
from modality.station.strip import strip
from modality.station.study import generate

SMALL = {"rows": 32, "columns": 32, "slices": 3}


def test_a_twelve_lead_ecg_is_drawn_at_25_mm_a_second_and_10_mm_a_millivolt():
    (scan,) = generate("ecg", seed=3, noise=0.0).series
    picture = np.asarray(strip(next(iter(scan)).dataset()))
    ink = (picture == (20, 20, 40)).all(axis=2)
    assert picture.shape[1] == 1001
    beat = next(one for one in scan.truth()["beats"] if one["r_sample"] > 200)
    across = round(beat["r_sample"] / 500 * 100)  # 25 mm a second, 4 pixels a mm
    rhythm = ink[300:, across - 2 : across + 3]  # the row of lead II
    top = int(np.flatnonzero(rhythm.any(axis=1))[0])
    peak_mv = scan.acquisition.clean()[beat["r_sample"], 1] * 0.0025
    assert top == pytest.approx(60 - peak_mv * 40, abs=2)


def test_a_sheet_of_a_waveform_is_its_strip_and_a_document_has_no_picture():
    sheet = ContactSheet()
    sheet.add(next(iter(generate("ecg", seed=1))))
    assert (sheet.seen, sheet.image().size) == (1, (1001, 421))
    empty = ContactSheet()
    empty.add(next(iter(generate("kos", seed=1, **SMALL))))
    assert empty.seen == 0


def test_a_sheet_keeps_colour():
    sheet = ContactSheet()
    sheet.add(next(iter(generate("op", seed=1, rows=96, columns=96))))
    red, _, blue = sheet.image().resize((1, 1)).getpixel((0, 0))
    assert red > 2 * blue > 0


@pytest.mark.parametrize("kind", ["ecg", "op", "kos"])
def test_a_notebook_shows_what_scans_nothing(kind):
    options = {"ecg": {}, "op": {"rows": 96, "columns": 96}, "kos": SMALL}[kind]
    shown = study_html(generate(kind, seed=1, **options))
    assert ("no pictures" in shown) == (kind == "kos")


@pytest.mark.parametrize(
    ("modality", "kind", "options"),
    [
        ("ECG", "12-lead ECG Waveform Storage", {"seconds": 3.0}),
        ("OP", "Ophthalmic Photography 8 Bit Image Storage", {"rows": 96, "columns": 96}),
        ("SR", "Comprehensive SR Storage", {"rows": 96, "columns": 96, "slices": 6}),
        ("KO", "Key Object Selection Document Storage", SMALL),
        ("DOC", "Encapsulated PDF Storage", SMALL),
        ("OT", "Secondary Capture Image Storage", SMALL),
    ],
)
def test_a_scheduled_step_of_any_of_these_modalities_is_performed(make_station, ris, archive, modality, kind, options):
    if modality == "SR":
        pytest.importorskip("highdicom")
    step = unscheduled(patient(5), modality, description="Ordered")
    phantom = "spheres" if "slices" in options else None  # one whose truth is counted in no time
    result = perform_step(make_station(), step, Plan(phantom=phantom, options=options))
    assert result.good, result.problems
    ((sop_class, _),) = result.performed.series[-1].images
    assert UID(sop_class).name == kind
    brought = options.get("slices", 0)  # a report comes with the scan that it is about
    assert [len(one.images) for one in result.performed.series] == [*([brought] if brought else []), 1]
    assert result.outcome is not None
    assert len(result.outcome.committed) == brought + 1
    assert ris.performed_steps[result.performed.uid].state == "COMPLETED"
