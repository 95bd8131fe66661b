"""PS3.3 A.32.8 VL Whole Slide Microscopy Image IOD."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from modality.acquisition.microscopy.macro import Overview
from modality.acquisition.microscopy.pyramid import Level, Place
from modality.acquisition.microscopy.slide import GLASS_MM, SlideScan, slide
from modality.iods.context import Context
from modality.iods.kind import Kind
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.microscopy.optical_path import optical_path
from modality.iods.modules.microscopy.slide_image import SlideImage, functional_groups, slide_image, tiling
from modality.iods.modules.microscopy.slide_label import slide_label
from modality.iods.modules.microscopy.specimen import specimen
from modality.iods.modules.multiframe.enhanced_equipment import enhanced_general_equipment
from modality.transfer.syntaxes import BY_KEYWORD

_CONTEXT_MODULES = (
    patient,
    general_study,
    patient_study,
    partial(general_series, modality="SM"),
    general_equipment,
    enhanced_general_equipment,
)
_CORNER = "SLIDE_CORNER"  # PS3.3 C.7.4.1.1.2
LABEL_MM = (22.0, 22.0)
"""Height and width of the label (our choice: the frosted end of a usual slide)."""


@dataclass(frozen=True, slots=True)
class SlideSeries:
    """The images of one scan of a slide, numbered in the order in which they are stored.

    Args:
        scan: of the slide.
        context: patient, order, machine, moment.
    """

    scan: SlideScan
    context: Context

    def levels(self, places: list[list[Place]] | None, most_frames: int | None) -> list[list[SlideImage]]:
        """The images of each level of the pyramid, parts of a concatenation where one instance cannot hold all.

        Args:
            places: of the tiles that are there, level by level; None where all are.
            most_frames: that an instance holds; None sets no limit.
        """
        number, found = 1, []
        for level in self.scan.pyramid:
            whole = self._level(level, None if places is None else tuple(places[level.index]))
            parts = list(_parts(whole, number, most_frames))
            number += len(parts)
            found.append(parts)
        return found

    def _level(self, level: Level, places: tuple[Place, ...] | None) -> SlideImage:
        scan = self.scan
        planes = scan.protocol.focal_planes * len(scan.paths)
        um = scan.protocol.mpp
        base = scan.pyramid[0]
        derived = ("ORIGINAL", "PRIMARY", "VOLUME", "NONE") if not level.index else _RESAMPLED
        return SlideImage(
            number=0,
            image_type=derived,
            total=(level.rows, level.columns),
            tile=(level.tile, level.tile),
            spacing_mm=um * level.scale / 1e3,
            size_mm=(base.rows * um / 1e3, base.columns * um / 1e3),
            origin_mm=scan.origin_mm(),
            focal_planes=scan.protocol.focal_planes,
            paths=tuple(range(len(scan.paths))),
            frames=planes * (level.tiles if places is None else len(places)),
            places=places,
            level=level.index,
        )

    def thumbnail(self, number: int, level: Level) -> SlideImage:
        """The whole in one frame of a level's size."""
        whole = self._level(level, None)
        size = whole.total
        image_type = ("DERIVED", "PRIMARY", "THUMBNAIL", "RESAMPLED")
        return replace(
            whole, number=number, image_type=image_type, tile=size, focal_planes=1, paths=(0,), frames=1, level=None
        )

    def overview(self, number: int, seen: Overview) -> SlideImage:
        """The whole glass, label and all."""
        rows, columns, _ = seen.pixels.shape
        height, width = rows * seen.mm_per_pixel, columns * seen.mm_per_pixel
        x = (GLASS_MM[0] + height) / 2
        y = (GLASS_MM[1] + width) / 2
        return SlideImage(
            number=number,
            image_type=("ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"),
            total=(rows, columns),
            tile=(rows, columns),
            spacing_mm=seen.mm_per_pixel,
            size_mm=(height, width),
            origin_mm=(x, y),
            label=True,
        )

    def label(self, number: int, size: tuple[int, int]) -> SlideImage:
        """The label alone, of so many rows and columns."""
        return SlideImage(
            number=number,
            image_type=("ORIGINAL", "PRIMARY", "LABEL", "NONE"),
            total=size,
            tile=size,
            spacing_mm=LABEL_MM[0] / size[0],
            size_mm=LABEL_MM,
            origin_mm=((GLASS_MM[0] + LABEL_MM[0]) / 2, GLASS_MM[1]),
            label=True,
        )

    def describe(self, image: SlideImage) -> Dataset:
        """The data set of one image, all but its Pixel Data."""
        scan, context = self.scan, self.context
        dataset = Dataset()
        for module in _CONTEXT_MODULES:
            module(dataset, context)
        dataset.FrameOfReferenceUID = context.series.frame_of_reference_uid
        dataset.PositionReferenceIndicator = _CORNER
        dataset.AcquisitionContextSequence = []
        slide_image(dataset, scan, context, image)
        tiling(dataset, context, image)
        functional_groups(dataset, scan, context, image)
        specimen(dataset, scan, context)
        optical_path(dataset, scan, tuple(scan.paths[path] for path in image.paths))
        if image.label:
            slide_label(dataset, context)
        uid = context.identity.uid("instance", image.number)
        sop_common(dataset, context, sop_class_uid=VLWholeSlideMicroscopyImageStorage, sop_instance_uid=uid)
        return dataset


_RESAMPLED = ("DERIVED", "PRIMARY", "VOLUME", "RESAMPLED")


def _parts(whole: SlideImage, number: int, most_frames: int | None) -> list[SlideImage]:
    """An image as instances that hold so many frames each."""
    if most_frames is None or whole.frames <= most_frames:
        return [replace(whole, number=number)]
    count = -(-whole.frames // most_frames)
    return [
        replace(
            whole,
            number=number + part,
            frames=min(most_frames, whole.frames - part * most_frames),
            first_frame=part * most_frames,
            parts=(part + 1, count),
        )
        for part in range(count)
    ]


SM = Kind(
    name="sm",
    modality="SM",
    sop_class_uid=VLWholeSlideMicroscopyImageStorage,
    title="VL Whole Slide Microscopy Image",
    default_phantom="tissue-section",
    acquire=slide,
    describe=None,
    slides=SlideSeries,
    default_syntax=BY_KEYWORD["JPEGBaseline8Bit"],
    body_parts=False,
)
