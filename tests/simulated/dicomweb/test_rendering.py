"""Rendered images and thumbnails: windows, viewports, colours; and what is refused."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from modality.transfer.encode import prepare
from modality.transfer.syntaxes import BY_KEYWORD
from tests.network.conftest import series
from tests.simulated.conftest import example
from tests.simulated.dicomweb.conftest import parts, stow
from tests.transfer.datasets import image, pixels

INSTANCE = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.4"
PNG = {"Accept": "image/png"}
RAMP = np.arange(32 * 32, dtype="<u2").reshape(32, 32)


def shown(response) -> np.ndarray:
    assert response.status_code == 200, response.text
    return np.asarray(Image.open(BytesIO(response.content)))


def ramp(**more):
    return pixels(RAMP, bits_stored=12, RescaleSlope="2", RescaleIntercept="-1024", **more)


@pytest.mark.parametrize("keyword", ["ExplicitVRLittleEndian", "HTJ2KLossless"])
def test_a_window_is_in_the_units_of_the_modality(http, keyword):
    stow(http, prepare(ramp(), BY_KEYWORD[keyword]))
    values = RAMP * 2.0 - 1024
    for query, expected in (
        ("50,200", (values - 49.5) / 199 + 0.5),
        ("50,200,linear-exact", (values - 50) / 200 + 0.5),
        ("50,200,SIGMOID", 1 / (1 + np.exp(-4 * (values - 50) / 200))),
        ("50,1", (values > 49.5).astype(float)),
    ):
        found = shown(http.get(f"{INSTANCE}/rendered?window={query}", headers=PNG))
        assert np.array_equal(found, np.rint(np.clip(expected, 0, 1) * 255)), query


def test_without_a_window_it_is_the_images_own_else_its_whole_range(http):
    stow(http, prepare(ramp(WindowCenter=["100", "7"], WindowWidth=["400", "9"])))
    stow(http, prepare(ramp(SOPInstanceUID="1.2.3.5")))
    stow(http, prepare(ramp(SOPInstanceUID="1.2.3.6", PhotometricInterpretation="MONOCHROME1")))
    own = shown(http.get(f"{INSTANCE}/rendered", headers=PNG))
    assert np.array_equal(own, shown(http.get(f"{INSTANCE}/rendered?window=100,400", headers=PNG)))
    whole = shown(http.get(f"{INSTANCE[:-1]}5/rendered", headers=PNG))
    assert (whole.min(), whole.max()) == (0, 255)
    assert np.array_equal(shown(http.get(f"{INSTANCE[:-1]}6/rendered", headers=PNG)), 255 - whole)


def test_the_window_of_an_enhanced_image_stands_in_its_functional_groups(http):
    frames = np.stack([RAMP, RAMP[::-1]])
    sent = pixels(frames, bits_stored=12, NumberOfFrames=2)
    rescale, shared = Dataset(), Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept = "2", "-1024"
    shared.PixelValueTransformationSequence = [rescale]
    sent.SharedFunctionalGroupsSequence = [shared]
    sent.PerFrameFunctionalGroupsSequence = []
    for centre in ("100", "300"):
        window, group = Dataset(), Dataset()
        window.WindowCenter, window.WindowWidth = centre, "401"
        group.FrameVOILUTSequence = [window]
        sent.PerFrameFunctionalGroupsSequence.append(group)
    stow(http, prepare(sent))
    for number, centre in ((1, 100), (2, 300)):
        found = shown(http.get(f"{INSTANCE}/frames/{number}/rendered", headers=PNG))
        expected = (frames[number - 1] * 2.0 - 1024 - (centre - 0.5)) / 400 + 0.5
        assert np.array_equal(found, np.rint(np.clip(expected, 0, 1) * 255))


def test_colour_is_colour(http):
    colours = np.random.RandomState(2).randint(0, 256, (8, 8, 3), dtype=np.uint8)
    stow(http, prepare(pixels(colours)))
    assert np.array_equal(shown(http.get(f"{INSTANCE}/rendered", headers=PNG)), colours)


def test_a_viewport_cuts_scales_and_mirrors(http):
    stow(http, prepare(ramp(WindowCenter="0", WindowWidth="2048")))
    whole = shown(http.get(f"{INSTANCE}/rendered", headers=PNG))
    assert shown(http.get(f"{INSTANCE}/rendered?viewport=64,16", headers=PNG)).shape == (16, 16)
    cut = shown(http.get(f"{INSTANCE}/rendered?viewport=8,4,16,2,8,4", headers=PNG))
    assert np.array_equal(cut, whole[2:6, 16:24])
    mirrored = shown(http.get(f"{INSTANCE}/rendered?viewport=8,4,16,2,-8,4", headers=PNG))
    assert np.array_equal(mirrored, cut[:, ::-1])


def test_jpeg_by_default_and_the_better_the_larger(http):
    noise = np.random.RandomState(3).randint(0, 4096, (64, 64)).astype("<u2")
    stow(http, prepare(pixels(noise, bits_stored=12)))
    sizes = []
    for quality in (10, 95):
        response = http.get(f"{INSTANCE}/rendered?quality={quality}", headers={"Accept": "*/*"})
        assert response.headers["Content-Type"] == "image/jpeg"
        assert Image.open(BytesIO(response.content)).format == "JPEG"
        sizes.append(len(response.content))
    assert sizes[0] * 2 < sizes[1]
    assert http.get(f"{INSTANCE}/rendered?accept=image/png", headers={"Accept": "*/*"}).content[:4] == b"\x89PNG"


def test_a_series_is_rendered_in_parts(http):
    stow(http, *series(3))
    response = http.get("/studies/1.2.3/rendered", headers={"Accept": 'multipart/related; type="image/png"'})
    found = parts(response)
    assert [headers["content-type"] for headers, _ in found] == ["image/png"] * 3
    assert http.get("/studies/1.2.3/rendered", headers=PNG).status_code == 406


@pytest.mark.parametrize("of", ["/studies/1.2.3", "/studies/1.2.3/series/1.2.3.1", INSTANCE, INSTANCE + "/frames/1"])
def test_a_thumbnail_stands_for_each_resource(http, of):
    stow(http, prepare(ramp()))
    assert Image.open(BytesIO(http.get(f"{of}/thumbnail", headers={"Accept": "*/*"}).content)).size == (128, 128)
    small = http.get(f"{of}/thumbnail?viewport=20,10", headers=PNG)
    assert shown(small).shape == (10, 10)
    assert http.get(f"{of}/thumbnail?window=1,2").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "window=1",
        "window=a,b",
        "window=1,0",
        "window=1,2,round",
        "window=nan,5",
        "viewport=0,5",
        "viewport=99999,5",
        "viewport=5",
        "viewport=5,5,0,0,99,99",
        "quality=0",
        "quality=101",
        "quality=x",
        "annotation=everything",
        "annotation=",
        "iccprofile=srgb",
        "charset=latin-1",
    ],
)
def test_what_cannot_be_shown_so_is_a_bad_request(http, query):
    stow(http, prepare(ramp()))
    assert http.get(f"{INSTANCE}/rendered?{query}", headers=PNG).status_code == 400


def test_what_has_no_pixels_or_another_media_type_is_not_acceptable(client, http):
    report = example("test-SR.dcm")
    client.store_instances([report])
    assert http.get(f"/studies/{report.StudyInstanceUID}/rendered", headers=PNG).status_code == 406
    stow(http, prepare(image()))
    assert http.get(f"{INSTANCE}/rendered", headers={"Accept": "image/webp"}).status_code == 406


def test_annotations_are_not_made_and_that_is_told(http):
    """PS3.18 8.3.5.1.1: what is not supported is passed over, with a warning in these words."""
    stow(http, prepare(ramp()))
    url = f"{INSTANCE}/rendered"
    plain = http.get(url, headers={"Accept": "image/png"})
    asked = http.get(f"{url}?annotation=patient,technique&iccprofile=no&charset=utf-8", headers={"Accept": "image/png"})
    assert (asked.status_code, asked.content) == (200, plain.content)
    said = "The following annotation values are not supported: patient,technique"
    assert asked.headers["Warning"] == f'299 modality: "{said}"'
    assert "Warning" not in plain.headers
    assert http.get(f"{INSTANCE}/thumbnail?annotation=patient").status_code == 400


def test_a_gif_is_of_one_frame_or_moves_through_those_of_an_instance(http):
    """PS3.18 Table 8.7.4-1: image/gif is required for one frame, and optional for more."""
    frames = np.stack([RAMP, RAMP[::-1], RAMP.T])
    stow(http, prepare(pixels(frames, bits_stored=12, NumberOfFrames=3, FrameTime="40")))
    gif, url = {"Accept": "image/gif"}, f"{INSTANCE}/rendered?window=500,1000"
    with Image.open(BytesIO(http.get(url, headers=gif).content)) as moving:
        assert (moving.format, moving.n_frames, moving.info["duration"]) == ("GIF", 3, 40)
        for number in (1, 2, 3):
            moving.seek(number - 1)
            still = shown(http.get(url.replace("/rendered", f"/frames/{number}/rendered"), headers=PNG))
            assert np.array_equal(np.asarray(moving.convert("L")), still), number
    one = http.get(f"{INSTANCE}/frames/2/rendered", headers=gif)
    assert one.headers["Content-Type"] == "image/gif"
    assert http.get(f"{INSTANCE}/rendered", headers=PNG).status_code == 406  # a PNG does not move
    assert http.get("/studies/1.2.3/rendered", headers=gif).status_code == 406
