"""PS3.3 A.51 Segmentation IOD: the labels of a scan, written by highdicom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset
from pydicom.uid import UID

from modality.acquisition.frames import Acquisition, Frame
from modality.acquisition.truth import label_maps
from modality.errors import MissingExtraError, UsageError
from modality.identity import Identity
from modality.iods.context import Context
from modality.iods.derived.segment_codes import Concept, code_of
from modality.iods.kind import Kind
from modality.iods.values import date_time, day, time
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

if TYPE_CHECKING:
    from types import ModuleType

MOST_BYTES = 1 << 30
"""Labels and packed frames of one segmentation at most: our choice, since both stand in memory."""

_SERIES_NUMBER = 1000  # added to that of the images: our choice
_KINDS = ("ct", "mr", "enhanced-ct", "enhanced-mr", "pt")


def segmentations(
    kind: Kind, acquisition: Acquisition, context: Context, sources: Iterable[Dataset]
) -> Iterator[Dataset]:
    """A segmentation of each stack of slices of a scan: one segment for each structure, its number that of the label.

    Args:
        kind: of the scan.
        acquisition: the scan.
        context: of its images.
        sources: the images' data sets, of which only what they say beside their pixels is looked at.

    Raises:
        MissingExtraError: highdicom is not installed.
        UsageError: what was made has no slices through the phantom, or it is too large.
    """
    if kind.name not in _KINDS or getattr(acquisition.protocol, "localizer", None) is not None:
        what = "a localizer" if kind.name in _KINDS else kind.name
        seen = ", ".join((*_KINDS, "sm"))
        raise UsageError(f"--seg: {what} has no slices whose labels a segmentation could hold; see {seen}")
    try:
        import highdicom
    except ImportError as error:
        raise MissingExtraError("a segmentation", "seg") from error
    size = sum(stack.slices * stack.rows * stack.columns for stack in acquisition.stacks)
    if size > MOST_BYTES:
        raise UsageError(
            f"--seg: {size} voxels are too many for a segmentation: give fewer --slices, --rows, --columns"
        )
    found = list(sources)
    labels = label_maps(acquisition)
    for number, stack in enumerate(acquisition.stacks):
        volume = np.stack([next(labels) for _ in range(stack.slices)])
        _check_size(volume)
        if kind.multi_frame is None:
            shown = [found[index] for index in _first_images(acquisition, number)]
            yield _made(highdicom, acquisition, context, shown, volume, number)
        elif len(acquisition.stacks) > 1:
            raise UsageError(
                "--seg: the one image of several planes has no one stack of slices; use a kind of single images"
            )
        else:
            # The frames of the first weighting come first: the others show the same slices again.
            (whole,) = found
            whole.PerFrameFunctionalGroupsSequence = whole.PerFrameFunctionalGroupsSequence[: stack.slices]
            whole.NumberOfFrames = stack.slices
            yield _made(highdicom, acquisition, context, [whole], volume, number)


def sources(kind: Kind, acquisition: Acquisition, context: Context) -> Iterator[Dataset]:
    """The data sets of a scan's images with empty pixels, which cost nothing to make."""
    if kind.multi_frame is not None:
        yield kind.multi_frame.frames(acquisition, context)[0]
    elif kind.iod is not None:
        empty = np.zeros((acquisition.geometry.rows, acquisition.geometry.columns), dtype=np.uint16)
        for index in range(len(acquisition)):
            dataset = kind.iod.describe_frame(acquisition, context, Frame(index, empty))
            del dataset.PixelData
            yield dataset


def _first_images(acquisition: Acquisition, stack: int) -> list[int]:
    """The first image of each slice of a stack, in the order of the slices."""
    first: dict[int, int] = {}
    for index in range(len(acquisition)):
        if acquisition.stack_of(index) == stack:
            first.setdefault(acquisition.slice_of(index), index)
    return [first[number] for number in sorted(first)]


def _check_size(volume: npt.NDArray[np.uint8]) -> None:
    frames = sum(np.count_nonzero(np.bincount(labels.ravel(), minlength=256)[1:]) for labels in volume)
    size = int(frames) * volume[0].size // 8
    if size > MOST_BYTES:
        raise UsageError(
            f"--seg: {frames} frames of {size >> 20} MB are too many for a segmentation: give fewer --slices, --rows, "
            "--columns"
        )


def _made(
    highdicom: ModuleType,
    acquisition: Acquisition,
    context: Context,
    shown: Sequence[Dataset],
    volume: npt.NDArray[np.uint8],
    number: int,
) -> Dataset:
    identity = context.identity.within("segmentation", str(number))
    if not volume.any():
        raise UsageError("--seg: no slice shows anything of the phantom")
    segmentation: Dataset = highdicom.seg.Segmentation(
        source_images=list(shown),
        pixel_array=volume,
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=list(_segments(highdicom, acquisition, identity)),
        series_instance_uid=identity.uid("series"),
        series_number=_SERIES_NUMBER + context.series.number,
        sop_instance_uid=identity.uid("instance"),
        instance_number=number + 1,
        manufacturer=context.equipment.manufacturer,
        manufacturer_model_name=context.equipment.model_name,
        software_versions=context.equipment.software_versions or IMPLEMENTATION_VERSION_NAME,
        device_serial_number=context.equipment.device_serial_number,
        content_description=f"Labels of phantom {acquisition.phantom.name}",
        content_label="LABELS",
    )
    _own_times_and_uids(segmentation, context, identity)
    return segmentation


def _segments(highdicom: ModuleType, acquisition: Acquisition, identity: Identity) -> Iterator[Any]:
    algorithm = highdicom.AlgorithmIdentificationSequence(
        name="Phantom model",
        version=IMPLEMENTATION_VERSION_NAME,
        # Of PS3.16 CID 7162 the one that comes nearest to truth by construction.
        family=highdicom.sr.CodedConcept("123111", "DCM", "Deformable Models"),
        source="modality",
    )

    def coded(concept: Concept) -> Any:
        return highdicom.sr.CodedConcept(concept.value, "SCT", concept.meaning)

    for label, structure in enumerate(acquisition.phantom.structures, start=1):
        code = code_of(structure.name, structure.tissue.name, acquisition.body_part)
        yield highdicom.seg.SegmentDescription(
            segment_number=label,
            segment_label=structure.name[:64],
            segmented_property_category=coded(code.category),
            segmented_property_type=coded(code.type),
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=algorithm,
            tracking_uid=identity.uid("segment", label),
            tracking_id=f"{acquisition.phantom.name} {label}",
        )


def _own_times_and_uids(dataset: Dataset, context: Context, identity: Identity) -> None:
    """Set over what highdicom drew from the clock and from chance."""
    moment = context.series.started
    for keyword in ("InstanceCreationDate", "ContentDate", "SeriesDate"):
        setattr(dataset, keyword, day(moment))
    for keyword in ("InstanceCreationTime", "ContentTime", "SeriesTime"):
        setattr(dataset, keyword, time(moment))
    dataset.SeriesDescription = f"Segmentation of {context.series.description}"[:64]
    for equipment in dataset.get("ContributingEquipmentSequence", ()):
        equipment.ContributionDateTime = date_time(moment)
    organization = identity.uid("dimension organization")
    dataset.DimensionOrganizationSequence[0].DimensionOrganizationUID = organization
    for item in dataset.DimensionIndexSequence:
        if "DimensionOrganizationUID" in item:
            item.DimensionOrganizationUID = organization
    dataset.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
