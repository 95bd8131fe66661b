"""Reports of a study about the sonogram or the radiograph that an earlier series made, whatever it was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from modality.station.composing.composition import compose
from modality.station.composing.plan import ComposedPlan, SeriesOfKind


@pytest.mark.parametrize(("presentation", "intent"), [("both", "FOR PRESENTATION"), ("PROCESSING", "FOR PROCESSING")])
def test_a_report_in_a_study_is_about_the_image_that_people_look_at(presentation, intent):
    size = {"rows": 96, "columns": 96}
    plan = ComposedPlan(
        (
            SeriesOfKind("dx", options={**size, "presentation": presentation}),
            SeriesOfKind("kos"),
            SeriesOfKind("sc", options={"identified": False}),
        )
    )
    made_of = [[one.dataset() for one in scan] for scan in compose(plan, seed=4).series]
    (shown,) = (one for one in made_of[0] if one.PresentationIntentType == intent)
    for (report,) in made_of[1:]:
        named = {one.value for one in report.iterall() if one.keyword == "ReferencedSOPInstanceUID"}
        assert named == {shown.SOPInstanceUID}
        assert report.StudyInstanceUID == shown.StudyInstanceUID
        if report.Modality == "OT" and presentation == "PROCESSING":  # air is black, as people look at it
            assert report.pixel_array[60:, :3].mean() < report.pixel_array[40:60, 44:52].mean()


@pytest.mark.parametrize("photometric", ["RGB", "PALETTE COLOR"])
def test_a_capture_of_a_sonogram_in_colour_is_grey(photometric):
    options = {"frames": 2, "rows": 120, "columns": 160, "photometric": photometric}
    plan = ComposedPlan((SeriesOfKind("us", options=options), SeriesOfKind("sc", options={"identified": False})))
    (image,), (picture,) = ([one.dataset() for one in scan] for scan in compose(plan, seed=4).series)
    (shown,) = picture.SourceImageSequence
    assert shown.ReferencedSOPInstanceUID == image.SOPInstanceUID
    quiet = (picture.pixel_array != [255, 220, 0]).any(axis=2)
    quiet[:40] = False
    frame = image.pixel_array[int(shown.ReferencedFrameNumber) - 1]
    if photometric == "RGB":
        assert np.abs(picture.pixel_array[quiet].astype(int) - frame[quiet]).max() <= 1
    else:
        assert np.corrcoef(picture.pixel_array[quiet][:, 0], frame[quiet])[0, 1] > 0.95
