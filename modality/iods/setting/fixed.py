"""Attributes that nobody sets, since they follow from something else: what does set them, and what breaks them."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom.datadict import tag_for_keyword
from pydicom.tag import Tag

_COMMAND_GROUP, _META_GROUP, _PIXEL_GROUP = 0x0000, 0x0002, 0x7FE0
_OF_THE_PIXELS: Mapping[str, str] = {
    "BitsAllocated": "--option bits sets it, where the kind has that",
    "BitsStored": "--defect bits-stored breaks it",
    "Columns": "--columns sets it",
    "HighBit": "--defect high-bit breaks it",
    "NumberOfFrames": "--slices or --option frames sets it, where the kind has that; --defect wrong-frames breaks it",
    "PhotometricInterpretation": "--transfer-syntax sets it, or --option photometric, where the kind has that; "
    "--defect unknown-photometric breaks it",
    "PixelRepresentation": "",
    "PlanarConfiguration": "",
    "Rows": "--rows sets it; --defect wrong-rows breaks it",
    "SamplesPerPixel": "",
    "TotalPixelMatrixRows": "--rows sets it",
    "TotalPixelMatrixColumns": "--columns sets it",
    "TotalPixelMatrixFocalPlanes": "--focal-planes sets it",
    "NumberOfOpticalPaths": "--optical-paths sets it",
    "DimensionOrganizationType": "--sparse sets it, where the kind has that",
    "ExtendedDepthOfField": "",
    "SpecimenLabelInImage": "",
    "ConcatenationUID": "",
    "InConcatenationNumber": "",
    "InConcatenationTotalNumber": "",
    "ConcatenationFrameOffsetNumber": "",
}
_OF_THE_IDENTITY: Mapping[str, str] = {
    "SOPClassUID": "another KIND has another; --defect other-sop-class breaks it",
    "SOPInstanceUID": "--seed sets it; --defect other-sop-instance breaks it",
    "SeriesInstanceUID": "--seed sets it; --defect letters-in-uid breaks it",
    "StudyInstanceUID": "--seed sets it; --defect two-studies breaks it",
}
_OF_THE_ENCODING: Mapping[str, str] = {
    "TransferSyntaxUID": "--transfer-syntax sets it; --defect wrong-meta-syntax breaks it",
    "PixelData": "--phantom sets it; --defect short-pixels breaks it",
}


def follows_from(keyword: str) -> str:
    """What an attribute follows from, and what there is to set or to break it; nothing where it can be set.

    Args:
        keyword: of PS3.6.
    """
    group = Tag(tag_for_keyword(keyword) or 0xFFFFFFFF).group
    if keyword in _OF_THE_IDENTITY:
        return _told("the kind and the seed", _OF_THE_IDENTITY[keyword])
    if keyword in _OF_THE_PIXELS:
        return _told("the pixels and their encoding", _OF_THE_PIXELS[keyword])
    if group in (_COMMAND_GROUP, _META_GROUP, _PIXEL_GROUP):
        return _told("the pixels and their encoding", _OF_THE_ENCODING.get(keyword, ""))
    return ""


def _told(source: str, instead: str) -> str:
    return f"{source}; {instead}" if instead else source
