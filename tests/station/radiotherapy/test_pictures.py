"""Pictures show contours where structures are and colour where dose is."""

from __future__ import annotations

import numpy as np
import pytest

from modality.acquisition.radiotherapy.dose import rtdose
from modality.station.contact_sheet import ContactSheet
from modality.station.radiotherapy.pictures import dose_wash, shown_slice, with_beams, with_contours
from modality.station.study import generate, load_phantom
from phantoms.objects.balls import BALLS

pytest.importorskip("PIL")
SMALL = {"target": "ball 1", "rows": 64, "columns": 64, "slices": 36}


@pytest.fixture(scope="module")
def dose():
    return rtdose(load_phantom("spheres"), seed=1, grid_mm=4.0, beams=4, **SMALL)


def place(image, x_mm, y_mm):
    """Column and row of a point of the shown slice, whose field of view is 230 mm."""
    return round((x_mm + 115.0) / 230.0 * image.width), round((y_mm + 115.0) / 230.0 * image.height)


def test_the_target_is_drawn_where_it_lies(dose):
    structures = dose.scan.scan
    (x, y, z), radius = BALLS[0]
    assert structures.scan.geometry.position_mm(shown_slice(structures))[2] == pytest.approx(z, abs=4.1)
    image = with_contours(structures, 256)
    assert image.size == (256, 256)
    red = np.argwhere((np.asarray(image) == (255, 0, 0)).all(axis=2))
    away = np.hypot(*(red[:, ::-1] - place(image, x, y)).T) * 230.0 / 256.0
    assert len(red) > 60
    assert away == pytest.approx(np.full(len(red), radius), abs=2.5)


def test_a_beam_is_drawn_from_where_it_comes_about_the_target(dose):
    plan = dose.scan
    image = with_beams(plan, 256)
    plain, drawn = (np.asarray(one).astype(int) for one in (with_contours(plan.scan, 256), image))
    rows, columns = np.nonzero((plain != drawn).any(axis=2))
    x, y, _ = plan.isocentre_mm
    assert [beam.axis.gantry_deg for beam in plan.fields] == [0.0, 90.0, 180.0, 270.0]
    # At the upper border the field of the beam from above is still narrower than at the isocentre, and that of the beam
    # from below is wider; the two from the sides pass below.
    above_mm = y + 115.0
    shares = [(beam, 1.0 + sign * above_mm / 1000.0) for beam, sign in ((plan.fields[0], -1.0), (plan.fields[2], 1.0))]
    ends = [x + beam.axis.directions[1][0] * jaw * share for beam, share in shares for jaw in beam.jaws_x_mm]
    expected = sorted(place(image, at, 0.0)[0] for at in ends)
    upper = np.unique(columns[rows == 0])
    assert max(np.abs(upper - one).min() for one in expected) <= 1
    assert max(np.abs(np.asarray(expected) - one).min() for one in upper) <= 2


def test_dose_is_colour_where_it_is_and_grey_where_none_is(dose):
    image = dose_wash(dose, 256)
    pixels = np.asarray(image).astype(int)
    (x, y, _), _ = BALLS[0]

    def at(x_mm, y_mm):
        column, row = place(image, x_mm, y_mm)
        return pixels[row, column]

    assert at(x, y)[0] > at(x, y)[2] + 60  # hot
    beam = at(x, y + 55.0)
    assert beam[2] > beam[0] + 30  # of one beam alone, or two
    grey = at(-60.0, 40.0)
    assert grey.max() - grey.min() == 0


def test_planes_of_dose_are_shown_on_one_scale():
    sheet = ContactSheet(tiles=36, tile_px=64)
    for instance in generate("rtdose", load_phantom("spheres"), seed=1, grid_mm=4.0, **SMALL):
        sheet.add(instance)
    tiles = np.asarray(sheet.image(columns=36))[4:68, 4:].reshape(64, -1)
    brightest = [int(tiles[:, 68 * index : 68 * index + 64].max()) for index in range(36)]
    assert max(brightest) > 240
    assert min(brightest) < 30  # far from the target there is little
    assert abs(int(np.argmax(brightest)) - (BALLS[0][0][2] + 70.0) / 4.0) < 7


def test_a_preview_shows_planes_of_dose_and_nothing_of_structures_and_plans():
    for kind, seen in (("rtdose", True), ("rtplan", False), ("rtstruct", False)):
        sheet = ContactSheet()
        for instance in generate(kind, load_phantom("spheres"), seed=1, **SMALL):
            sheet.add(instance)
        assert (sheet.seen > 20) == seen
        assert (sheet.seen == 0) != seen
    assert np.asarray(sheet.image()).max() <= 24
