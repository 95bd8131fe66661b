"""Each image by itself: identity, texts, pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydicom.dataset import Dataset

from modality.protocol.matching import UNREADABLE
from modality.station.consistency.case import Case, Image
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, against, number, numbers, text
from modality.transfer.syntaxes import BY_UID

_UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", re.ASCII)
# PS3.3 C.12.1, C.7.1.1, C.7.2.1, C.7.3.1, C.7.5.1, C.7.6.1.
_TYPE_1 = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "Modality")
_TYPE_2 = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber", "SeriesNumber", "InstanceNumber",
)  # fmt: skip
# PS3.3 C.7.6.3.
_PIXEL_TYPE_1 = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation",
)  # fmt: skip
# PS3.3 C.7.4.1, C.7.6.1, C.7.6.2: of CT and MR images of one frame.
_PLANE = ("ImageType", "FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
_OF_AN_IOD = {"1.2.840.10008.5.1.4.1.1.2": _PLANE, "1.2.840.10008.5.1.4.1.1.4": _PLANE}
_OF_THREE = frozenset(
    {"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_PARTIAL_422", "YBR_ICT", "YBR_RCT", "XYB"}
)
_OF_ONE = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"})
_LOSSY = ("LossyImageCompressionRatio", "LossyImageCompressionMethod")


def well_formed(uid: str) -> bool:
    """Whether a UID is one: at most 64 characters, components of digits without leading zeros (PS3.5 9.1)."""
    return len(uid) <= 64 and _UID.fullmatch(uid) is not None


def _uids(case: Case) -> Iterator[Finding]:
    for part in case.parts():
        for keyword, uid in _all_uids(part.dataset):
            yield against(keyword, part, uid, "a UID", well_formed(uid))


def _all_uids(dataset: Dataset) -> Iterator[tuple[str, str]]:
    for tag in sorted(dataset.keys()):
        try:
            element = dataset[tag]
            if element.VR == "SQ":
                for item in element.value:
                    yield from _all_uids(item)
            elif element.VR == "UI" and element.value:
                keyword = element.keyword or str(element.tag)
                for one in [element.value] if isinstance(element.value, str) else element.value:
                    yield keyword, str(one)
        except UNREADABLE:
            continue


def _declared(case: Case) -> Iterator[Finding]:
    for part in case.parts():
        declared = text(part.dataset, "SpecificCharacterSet")
        yield against("SpecificCharacterSet", part, declared or "none",
                      f"one for {', '.join(part.undeclared)}" if part.undeclared else "as declared",
                      not part.undeclared)  # fmt: skip


def _decodable(case: Case) -> Iterator[Finding]:
    for image in case.images:
        declared = text(image.part.dataset, "SpecificCharacterSet")
        if declared:
            yield against("SpecificCharacterSet", image.part, declared,
                          f"what {', '.join(image.undecodable)} is in" if image.undecodable else "as declared",
                          not image.undecodable)  # fmt: skip


def _core(case: Case) -> Iterator[Finding]:
    for image in case.images:
        dataset = image.part.dataset
        needed = (*_TYPE_1, *(_PIXEL_TYPE_1 if _has_pixels(image) else ()), *_OF_AN_IOD.get(image.sop_class, ()))
        for keyword in needed:
            value = text(dataset, keyword)
            yield against(keyword, image.part, value if keyword in dataset else "absent", "type 1", bool(value))
        for keyword in _TYPE_2:
            there = keyword in dataset
            yield against(keyword, image.part, text(dataset, keyword) if there else "absent", "type 2", there)


def _has_pixels(image: Image) -> bool:
    return image.encapsulated or image.pixel_bytes is not None


def _meta(case: Case) -> Iterator[Finding]:
    pairs = (("MediaStorageSOPClassUID", "SOPClassUID"), ("MediaStorageSOPInstanceUID", "SOPInstanceUID"))
    for image in case.images:
        for outer, inner in pairs:
            said, own = text(image.meta, outer), text(image.part.dataset, inner)
            if said:
                yield Finding(inner, image.part.source, own, "its file meta information", said, said == own)


def _bits(case: Case) -> Iterator[Finding]:
    for image in case.images:
        allocated, stored, high = (
            number(image.part.dataset, keyword) for keyword in ("BitsAllocated", "BitsStored", "HighBit")
        )
        if allocated is None or stored is None or high is None:
            continue
        shown = f"allocated {allocated:g}, stored {stored:g}, high bit {high:g}"
        held = 1 <= stored <= allocated and high == stored - 1 and (allocated == 1 or allocated % 8 == 0)
        yield against("BitsStored", image.part, shown, "stored <= allocated, high bit = stored - 1", held)
        sign = text(image.part.dataset, "PixelRepresentation")
        yield against("PixelRepresentation", image.part, sign, "0 or 1", sign in ("0", "1"))


def _colour(case: Case) -> Iterator[Finding]:
    for image in case.images:
        model = text(image.part.dataset, "PhotometricInterpretation")
        samples = text(image.part.dataset, "SamplesPerPixel")
        if model and samples:
            wanted = "3" if model in _OF_THREE else "1" if model in _OF_ONE else samples
            yield Finding("SamplesPerPixel", image.part.source, samples, f"{model}", wanted, samples == wanted)


def _length(case: Case) -> Iterator[Finding]:
    for image in case.images:
        dataset = image.part.dataset
        sizes = [number(dataset, keyword) for keyword in ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")]
        if image.pixel_bytes is None or any(size is None for size in sizes):
            continue
        bits = number(dataset, "NumberOfFrames") or 1.0
        for size in sizes:
            bits *= size or 0.0
        if text(dataset, "PhotometricInterpretation") == "YBR_FULL_422":
            bits *= 2 / 3  # two samples of colour for two pixels (PS3.3 C.7.6.3.1.2)
        wanted = (int(bits) + 7) // 8
        wanted += wanted % 2
        yield against("PixelData", image.part, f"{image.pixel_bytes} bytes", f"{wanted} bytes",
                      image.pixel_bytes == wanted)  # fmt: skip


def _rescale(case: Case) -> Iterator[Finding]:
    for image in case.images:
        dataset = image.part.dataset
        there = [keyword for keyword in ("RescaleIntercept", "RescaleSlope") if text(dataset, keyword)]
        needed = text(dataset, "Modality") == "CT" and "Rows" in dataset and "KVP" in dataset
        if not there and not needed:
            continue
        slope = numbers(dataset, "RescaleSlope")
        shown = "intercept {}, slope {}".format(
            *(text(dataset, keyword) or "absent" for keyword in ("RescaleIntercept", "RescaleSlope"))
        )
        held = len(numbers(dataset, "RescaleIntercept")) == 1 and len(slope) == 1 and slope[0] != 0
        yield against("RescaleSlope", image.part, shown, "both, and a slope other than 0", held)


def _lossy(case: Case) -> Iterator[Finding]:
    for image in case.images:
        dataset = image.part.dataset
        flag = text(dataset, "LossyImageCompression")
        syntax = BY_UID.get(text(image.meta, "TransferSyntaxUID"))
        if syntax is not None and syntax.encapsulated and _always_lossy(syntax.keyword):
            yield against("LossyImageCompression", image.part, flag or "absent", f"01 in {syntax.keyword}",
                          flag == "01")  # fmt: skip
        told = [keyword for keyword in _LOSSY if text(dataset, keyword)]
        if flag == "01" or told:
            held = flag == "01" and bool(told)
            shown = f"{flag or 'absent'} with {', '.join(told) or 'neither'}"
            yield against("LossyImageCompression", image.part, shown, "01 with a ratio or a method", held)


def _always_lossy(keyword: str) -> bool:
    """Whether whatever is in a syntax lost something: those that may also be lossless are left out."""
    return keyword in ("JPEGBaseline8Bit", "JPEGExtended12Bit")


RULES = (
    Rule("R64", "UIDs are well formed", "PS3.5 9.1", "images, worklist item, performed step, commitment", _uids),
    Rule("R65", "A character set is declared where there is more than ASCII", "PS3.3 C.12.1.1.2",
         "images, worklist item, performed step", _declared),
    Rule("R66", "Texts are in the character set declared", "PS3.3 C.12.1.1.2; PS3.5 6.1.2.3", "images", _decodable),
    Rule("R67", "The core of the IOD is there", "PS3.3 C.7.1 to C.7.6.3, C.12.1 (types 1 and 2)", "images", _core),
    Rule("R68", "The file names the instance that it holds", "PS3.10 7.1", "image, file meta information", _meta),
    Rule("R69", "Bits fit each other", "PS3.3 C.7.6.3; PS3.5 8.1.1", "images", _bits),
    Rule("R70", "Samples fit the colour model", "PS3.3 C.7.6.3.1.2", "images", _colour),
    Rule("R71", "Pixel data is as long as rows, columns and frames make it", "PS3.5 8.1.1, 8.2", "images", _length),
    Rule("R72", "Rescale intercept and slope stand together", "PS3.3 C.8.2.1, C.11.1", "images", _rescale),
    Rule("R73", "Lossy compression is told", "PS3.3 C.7.6.1.1.5", "images, transfer syntax", _lossy),
)  # fmt: skip
