"""Each element lost, added or changed is named, and what the encoding alone changes is not."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import given
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from modality.network.comparison import Difference, differences, same_pixels
from modality.transfer.encode import prepare, transcode
from modality.transfer.reading import from_bytes
from modality.transfer.syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE, RLE, TransferSyntax
from tests.peers.send.odd_instances import NAMES, PRIVATE_CREATOR, odd
from tests.transfer.datasets import image, part_10, random_datasets

Change = Callable[[Dataset], None]


def encoded(dataset: Dataset, syntax: TransferSyntax = EXPLICIT_LITTLE) -> Dataset:
    """The data set as it is read from a file."""
    return prepare(deepcopy(dataset), syntax).dataset()


def found(sent: Dataset, held: Dataset, *, transcoded: bool = False) -> list[tuple[str, str | None, str | None]]:
    return [(one.attribute, one.sent, one.held) for one in differences("1.2", sent, held, transcoded=transcoded)]


@pytest.mark.parametrize("charset", NAMES)
@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE], ids=lambda one: one.keyword)
@pytest.mark.parametrize("other", [EXPLICIT_LITTLE, IMPLICIT_LITTLE], ids=lambda one: one.keyword)
def test_another_encoding_makes_no_difference(charset: str, syntax: TransferSyntax, other: TransferSyntax) -> None:
    instance = prepare(odd(charset, 1), syntax)
    held = transcode(instance, other)
    assert found(instance.dataset(), held.dataset(), transcoded=True) == []


@pytest.mark.parametrize("syntax", [EXPLICIT_LITTLE, IMPLICIT_LITTLE], ids=lambda one: one.keyword)
@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        (lambda one: one.pop(0x00091001), f"(0009,1001) {PRIVATE_CREATOR}", "private text|12 bytes"),
        (lambda one: one.pop(0x00090010), "(0009,0010)", PRIVATE_CREATOR),
        (lambda one: one.pop(0x00091005), f"(0009,1005) {PRIVATE_CREATOR}", "2 items"),
        (
            lambda one: one[0x00091005].value[0].pop(0x00111001),
            f"(0009,1005) {PRIVATE_CREATOR}[0].(0011,1001) {PRIVATE_CREATOR}",
            "deep|4 bytes",
        ),
        (lambda one: one[0x00091005].value.pop(), f"(0009,1005) {PRIVATE_CREATOR}[1]", "an item of 0 elements"),
        (lambda one: one.pop(0x00081140), "ReferencedImageSequence", "1 items"),
        (lambda one: one.pop(0x00104000), "PatientComments", "Comment of Wang^XiaoDong 王^小东 "),
    ],
)  # fmt: skip
def test_each_element_that_is_lost_or_added_is_named(
    syntax: TransferSyntax, change: Change, name: str, value: str
) -> None:
    whole, less = odd("ISO_IR 192", 1), odd("ISO_IR 192", 1)
    change(less)
    ((attribute, sent, held),) = found(encoded(whole, syntax), encoded(less, syntax))
    assert (attribute, held) == (name, None)
    assert str(sent).strip() in value
    ((attribute, sent, held),) = found(encoded(less, syntax), encoded(whole, syntax))
    assert (attribute, sent) == (name, None)
    assert str(held).strip() in value


def test_a_change_is_named_with_both_values_in_another_character_set_too() -> None:
    sent, held = image(PatientName="Müller^Jörg"), image(PatientName="Müller^Georg")
    held.SpecificCharacterSet = "ISO_IR 192"
    assert found(encoded(sent), encoded(held)) == [
        ("SpecificCharacterSet", "ISO_IR 100", "ISO_IR 192"),
        ("PatientName", "Müller^Jörg", "Müller^Georg"),
    ]
    held.PatientName = "Müller^Jörg"
    assert found(encoded(sent), encoded(held)) == [("SpecificCharacterSet", "ISO_IR 100", "ISO_IR 192")]


def test_padding_and_group_lengths_make_no_difference() -> None:
    sent, held = image(PatientID="P1"), image(PatientID="P1 ")
    held.add(DataElement(0x00080000, "UL", 100))
    assert found(encoded(sent), encoded(held)) == []


def test_a_value_that_makes_no_sense_is_compared_by_its_bytes() -> None:
    sent, held = (part_10(image()).replace(b"20240102", value) for value in (b"20240102", b"2024XX02"))
    assert found(from_bytes(held).dataset(), from_bytes(held).dataset()) == []
    ((name, _, _),) = found(from_bytes(sent).dataset(), from_bytes(held).dataset())
    assert name == "StudyDate"


def test_pixel_data_within_a_sequence_is_an_element_like_others() -> None:
    def with_icon(value: bytes) -> Dataset:
        icon = Dataset()
        icon.add_new(0x7FE00010, "OB", value)
        dataset = image()
        dataset.IconImageSequence = Sequence([icon])
        return dataset

    assert found(encoded(with_icon(b"ab")), encoded(with_icon(b"ab"))) == []
    assert found(encoded(with_icon(b"ab")), encoded(with_icon(b"cd"))) == [
        ("IconImageSequence[0].PixelData", "2 bytes", "2 bytes")
    ]


@given(random_datasets())
def test_a_data_set_is_as_it_was_in_whatever_syntax_and_a_lost_element_is_the_only_difference(dataset: Dataset) -> None:
    mine = encoded(dataset)
    assert found(mine, encoded(dataset, IMPLICIT_LITTLE), transcoded=True) == []
    tag = sorted(dataset.keys())[-1]
    less = deepcopy(dataset)
    del less[tag]
    (one,) = differences("1.2", mine, encoded(less))
    assert isinstance(one, Difference)
    assert one.held is None


def test_pixels_are_compared_by_value_across_syntaxes() -> None:
    sent = prepare(image())
    other = image()
    other.PixelData = bytes(48)
    for held, same in ((transcode(sent, RLE), True), (prepare(other), False), (prepare(other, RLE), False)):
        assert same_pixels(sent, held, sent.dataset(), held.dataset()) is same
    without = image()
    del without.PixelData
    assert not same_pixels(sent, prepare(without), sent.dataset(), prepare(without).dataset())


def test_the_character_set_of_the_whole_holds_for_private_sequences_within_each_other() -> None:
    sent = image(SpecificCharacterSet="GB18030")
    within = sent
    for _ in range(4):
        item = Dataset()
        within.private_block(0x0029, "TREE", create=True).add_new(1, "SQ", [item])
        within = item
    within.CodeMeaning = "最深处"
    plain, unknown = (
        prepare(sent),
        prepare(sent, IMPLICIT_LITTLE),
    )  # which does not tell that private ones are sequences
    assert found(plain.dataset(), unknown.dataset()) == []
    within.CodeMeaning = "最浅处"
    changes = found(plain.dataset(), prepare(sent, IMPLICIT_LITTLE).dataset())
    assert [(name.rpartition(".")[2], one, other) for name, one, other in changes] == [
        ("CodeMeaning", "最深处", "最浅处")
    ]


def test_trailing_padding_has_no_significance() -> None:
    padded = image()
    padded.add_new(0xFFFCFFFC, "OB", bytes(16))
    assert found(encoded(padded), encoded(image())) == found(encoded(image()), encoded(padded)) == []


@pytest.mark.parametrize(
    ("sent", "held", "same"),
    [
        ("MONOCHROME2", "MONOCHROME1", False),
        ("MONOCHROME2", "RGB", False),
        ("PALETTE COLOR", "RGB", False),
        ("RGB", "YBR_RCT", True),
        ("YBR_FULL_422", "RGB", True),
    ],
)
def test_an_encoder_may_change_colours_into_each_other_and_no_grey(sent: str, held: str, same: bool) -> None:
    one, other = image(PhotometricInterpretation=sent), image(PhotometricInterpretation=held)
    expected = [] if same else [("PhotometricInterpretation", sent, held)]
    assert found(encoded(one), encoded(other), transcoded=True) == expected
    assert found(encoded(one), encoded(other)) == [("PhotometricInterpretation", sent, held)]


def test_the_same_numbers_in_another_colour_space_are_other_pixels() -> None:
    colours = image(PhotometricInterpretation="RGB", SamplesPerPixel=3, PlanarConfiguration=0, BitsAllocated=8)
    colours.BitsStored, colours.HighBit, colours.PixelRepresentation = 8, 7, 0
    colours.PixelData = bytes(range(72))
    sent, held = prepare(colours), prepare(colours, RLE)
    assert same_pixels(sent, held, sent.dataset(), held.dataset())
    colours.PhotometricInterpretation = "YBR_FULL"
    held = prepare(colours, RLE)
    assert not same_pixels(sent, held, sent.dataset(), held.dataset())


def test_pixel_data_of_another_kind_is_not_the_same() -> None:
    sent, other = prepare(image()), image()
    other.add_new(0x7FE00008, "OF", other.PixelData)
    del other.PixelData
    held = prepare(other)
    assert not same_pixels(sent, held, sent.dataset(), held.dataset())
