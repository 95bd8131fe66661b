"""The neurologist's page: what it says of the patient, the score and the images, and that it runs nobody's markup."""

from __future__ import annotations

import base64
import re
from datetime import datetime, timezone
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image

from modality.fhir.imaging import imaging_study_of
from modality.fhir.observations import nih_stroke_scale, vital_signs
from modality.fhir.people import patient
from modality.fhir.terminology import stroke_scale
from modality.identity import Patient
from modality.station.study import ct
from modality.web.telestroke import page

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)
WHO = patient(Patient("ID<b>1</b>", "<script>alert(1)</script>^Eve", "19570312", "F"))
IMAGES = list(ct(seed=1, slices=3, rows=32, columns=32))


def scores(**changed: int | None) -> dict[str, int | None]:
    return {item.name: changed.get(item.name, 0) for item in stroke_scale().item}


def drawn(observations: list[dict[str, Any]], images: list[Any] = IMAGES) -> str:
    study = imaging_study_of((one.dataset() for one in images), WHO, description="<i>study</i>")
    series = {images[0].series_uid: images}
    return page(WHO, study, observations, series, "http://host/dicom-web", []).decode()


def test_score_items_and_vital_signs_stand_there_with_their_codes():
    score = nih_stroke_scale(scores(left_arm=3, facial_palsy=2, right_leg=None), subject=WHO, effective=NOW)
    signs = vital_signs({"systolic": 178, "diastolic": 96, "temperature": 36.9}, subject=WHO, effective=NOW)
    text = drawn([score, *signs])
    assert re.search(r'class="total">5 <small>of 42', text)
    rows = re.findall(r"<tr[^>]*><td>(.*?) <code>(.*?)</code></td><td>(.*?)</td><td class=\"number\">(.*?)</td>", text)
    found = {code: (what, answer, count) for what, code, answer, count in rows}
    assert len(found) == 15
    assert found["70190-4"] == ("Motor arm Left arm", "No effort against gravity; limb falls", "3")
    assert found["70968-3"][2] == "UN"
    plain = re.sub(r"<[^>]+>", " ", text)
    for said in ("178 mm[Hg]", "96 mm[Hg]", "36.9 Cel", "8480-6", "72089-6"):
        assert said in plain


def test_a_value_that_could_not_be_had_and_a_missing_score_are_said():
    text = drawn(vital_signs({"heart_rate": None}, subject=WHO, effective=NOW))
    assert "not known" in text
    assert "No score was reported." in text


def test_what_peers_wrote_is_text():
    text = drawn([])
    assert "<script>alert" not in text
    assert "<i>study" not in text
    assert "ID<b>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert text.count("<script") == 1


def test_every_image_is_there_in_three_windows_and_nothing_comes_from_elsewhere():
    text = drawn([])
    images = re.findall(r'<img data-window="(\w+)"[^>]*src="data:image/jpeg;base64,([^"]+)"', text)
    assert [name for name, _ in images] == ["brain"] * 3 + ["stroke"] * 3 + ["bone"] * 3
    assert text.count('class="shown"') == 1
    shown = np.asarray(Image.open(BytesIO(base64.b64decode(images[1][1]))), dtype=float)
    values = IMAGES[1].dataset().pixel_array.astype(float) - 1024
    expected = np.clip((values - (40 - 0.5 - 79 / 2)) / 79, 0, 1) * 255
    assert np.abs(shown - expected).mean() < 8
    assert set(re.findall(r"""(?:src|href)=["']([a-z]+):""", text)) == {"data"}


@pytest.mark.parametrize("count", [1, 2])
def test_few_images_show_one_of_them(count: int):
    text = drawn([], IMAGES[:count])
    assert text.count('class="shown"') == 1
    assert f'max="{count}"' in text
