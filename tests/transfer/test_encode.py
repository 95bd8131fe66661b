"""Encoding and transcoding: every pair of syntaxes gives back the same pixels and attributes, by pydicom's decoders."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread

from modality.errors import InputError, UnsupportedError
from modality.transfer.encode import prepare, prepare_frames, transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import DEFLATED, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE
from tests.transfer.datasets import BASIC, FILES, decoded, image, pixels, with_words

GOOD = (
    "CT_small.dcm",
    "MR_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_bigendian.dcm",
    "ExplVR_BigEnd.dcm",
    "SC_rgb_rle_2frame.dcm",
    "SC_rgb_small_odd.dcm",
    "SC_rgb_small_odd_big_endian.dcm",
    "examples_palette.dcm",
    "image_dfl.dcm",
)


def noise(shape: tuple[int, ...], dtype: str, seed: int = 1) -> np.ndarray[Any, Any]:
    kind = np.dtype(dtype)
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape)) * kind.itemsize // 8 + 1)
    flat = np.frombuffer(raw.tobytes(), kind, int(np.prod(shape)))
    return flat.reshape(shape)


@pytest.mark.parametrize("to", BASIC, ids=lambda one: one.keyword)
@pytest.mark.parametrize("name", GOOD)
def test_pydicoms_examples_keep_their_pixels_in_every_syntax(name: str, to: Any) -> None:
    path = FILES / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd values in the examples
        expected = dcmread(path).pixel_array
        found = transcode(read(path), to)
        assert np.array_equal(decoded(found).pixel_array, expected)
        assert (decoded(found).file_meta.TransferSyntaxUID, found.syntax) == (to.uid, to)


SHAPES = st.tuples(st.integers(1, 5), st.integers(1, 7))


@given(
    SHAPES,
    st.sampled_from(["u1", "i1", "u2", "i2", "u4"]),
    st.sampled_from(BASIC),
    st.sampled_from(BASIC),
    st.integers(0, 9),
)
def test_grey_pixels_of_every_depth_survive_two_syntaxes(
    shape: tuple[int, int], dtype: str, first: Any, second: Any, seed: int
) -> None:
    array = noise(shape, dtype, seed)
    if RLE in (first, second) and dtype == "u4":
        return  # PS3.5 Table 8.2.2-1 has RLE for 8 and 16 bits
    found = transcode(prepare(pixels(array), first), second)
    assert np.array_equal(decoded(found).pixel_array, array)


@given(
    SHAPES,
    st.integers(1, 3),
    st.sampled_from(["u1", "u2"]),
    st.integers(0, 1),
    st.sampled_from(BASIC),
    st.sampled_from(BASIC),
)
def test_colour_frames_by_pixel_and_by_plane_survive_two_syntaxes(
    shape: tuple[int, int], frames: int, dtype: str, planar: int, first: Any, second: Any
) -> None:
    array = noise((frames, *shape, 3), dtype) if frames > 1 else noise((*shape, 3), dtype)
    dataset = pixels(array, planar=planar, **({"NumberOfFrames": frames} if frames > 1 else {}))
    found = transcode(prepare(dataset, first), second)
    assert np.array_equal(decoded(found).pixel_array, array)


def test_colours_are_not_converted() -> None:
    array = noise((4, 4, 3), "u1")
    dataset = pixels(array, PhotometricInterpretation="YBR_FULL")
    found = decoded(transcode(prepare(dataset, RLE), EXPLICIT_LITTLE))
    assert found.PhotometricInterpretation == "YBR_FULL"
    planes = np.frombuffer(found.PixelData, "u1").reshape(3, 4, 4) if found.PlanarConfiguration else None
    by_pixel = (
        np.moveaxis(planes, 0, -1) if planes is not None else np.frombuffer(found.PixelData, "u1").reshape(4, 4, 3)
    )
    assert np.array_equal(by_pixel, array)


def test_rle_says_that_its_planes_stand_one_after_the_other() -> None:
    assert decoded(prepare(pixels(noise((3, 3, 3), "u1")), RLE)).PlanarConfiguration == 1


def test_words_turn_with_the_byte_order_there_and_back() -> None:
    dataset = with_words()
    big = prepare(dataset, EXPLICIT_BIG)
    assert b"\2\1\4\3" in big.head
    again = transcode(big, EXPLICIT_LITTLE)
    assert b"".join(again.buffers()) == b"".join(prepare(dataset, EXPLICIT_LITTLE).buffers())


def test_a_sample_of_32_bits_is_two_words_the_lower_first_in_either_byte_order() -> None:
    array = np.array([[0x01020304, 0x05060708]], "u4")
    dataset = pixels(array)
    assert bytes(prepare(dataset, EXPLICIT_LITTLE).tail[-1]) == b"\4\3\2\1\10\7\6\5"
    assert bytes(prepare(dataset, EXPLICIT_BIG).tail[-1]) == b"\3\4\1\2\7\10\5\6"
    assert bytes(prepare_frames(dataset, [array], EXPLICIT_BIG).tail[-1]) == b"\3\4\1\2\7\10\5\6"


@pytest.mark.parametrize("syntax", BASIC, ids=lambda one: one.keyword)
def test_the_callers_data_set_is_left_as_it_was(syntax: Any) -> None:
    dataset = with_words()
    before = deepcopy(dataset)
    prepare(dataset, syntax)
    assert dataset == before


def test_elements_behind_the_pixels_stay_there() -> None:
    dataset = image()
    dataset.DataSetTrailingPadding = b"\0\0"
    for syntax in BASIC:
        assert decoded(transcode(prepare(dataset, syntax), DEFLATED)).DataSetTrailingPadding == b"\0\0"


def test_private_elements_and_uids_survive_implicit_vr() -> None:
    dataset = image()
    dataset.private_block(0x0009, "A VENDOR", create=True).add_new(1, "LO", "kept")
    found = decoded(transcode(prepare(dataset, IMPLICIT_LITTLE), EXPLICIT_LITTLE))
    assert found[0x0009, 0x1001].value in (b"kept", "kept")
    assert found.SOPInstanceUID == dataset.SOPInstanceUID


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        (image(BitsAllocated=1), "RLELossless carries|no codec|bits"),
        (pixels(noise((2, 2), "u4")), "RLELossless carries 1 to 8 or 1 to 16 bits"),
    ],
)
def test_what_rle_cannot_carry_is_said_in_one_line(dataset: Dataset, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said) as raised:
        prepare(dataset, RLE)
    assert "\n" not in str(raised.value)


def test_an_instance_without_pixels_goes_in_no_syntax_for_pixels() -> None:
    dataset = image()
    del dataset.PixelData
    with pytest.raises(UnsupportedError, match="has none"):
        prepare(dataset, RLE)
    assert decoded(prepare(dataset)).PatientID == "P1"


def test_a_syntax_without_a_codec_here_is_named() -> None:
    still = prepare(image(), RLE)
    film = type(still)("1.2.840.10008.1.2.4.100", still.head, still.tail, "film.dcm")
    with pytest.raises(UnsupportedError, match=r"film\.dcm: MPEG2MPML cannot be decoded here"):
        transcode(film, EXPLICIT_LITTLE)


def test_damaged_pixels_are_an_input_error() -> None:
    good = prepare(image(), RLE)
    header, items, *rest = good.tail
    bad = type(good)(good.transfer_syntax_uid, good.head, [header, bytes(items[:-40]) + b"\xff" * 40, *rest])
    with pytest.raises(InputError):
        transcode(bad, EXPLICIT_LITTLE)


def test_the_same_syntax_is_the_same_instance() -> None:
    instance = prepare(image())
    assert transcode(instance, EXPLICIT_LITTLE) is instance
