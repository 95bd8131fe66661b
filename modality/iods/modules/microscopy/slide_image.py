"""PS3.3 C.8.12.4 Whole Slide Microscopy Image, with the pixels (C.7.6.3) and the grid of its tiles (C.7.6.17.3)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from modality.acquisition.microscopy.pyramid import Place
from modality.acquisition.microscopy.slide import SlideScan
from modality.iods.context import Context
from modality.iods.modules.microscopy.optical_path import path_identification
from modality.iods.values import date_time, day, time


@dataclass(frozen=True)
class SlideImage:
    """One image of a slide: a level of the pyramid or a part of one, the label, the overview or the thumbnail.

    Args:
        number: Instance Number; with the context it gives the SOP Instance UID.
        image_type: Image Type.
        total: Total Pixel Matrix Rows and Columns.
        tile: rows and columns of a frame.
        spacing_mm: Pixel Spacing, both ways.
        size_mm: Imaged Volume Height and Width.
        origin_mm: where the first pixel's corner lies in the slide's coordinates, x and y.
        focal_planes: planes of each light.
        paths: numbers of the lights, from 0.
        frames: in this instance.
        places: row and column in the grid of each frame's tile, where only some are there; None where all are.
        label: the slide's label is seen.
        first_frame: frames of the concatenation that stand in instances before this one.
        parts: this one's number in the concatenation, and how many there are; (1, 1) is no concatenation.
        level: of the pyramid; None for what is no part of it.
    """

    number: int
    image_type: tuple[str, str, str, str]
    total: tuple[int, int]
    tile: tuple[int, int]
    spacing_mm: float
    size_mm: tuple[float, float]
    origin_mm: tuple[float, float]
    focal_planes: int = 1
    paths: tuple[int, ...] = (0,)
    frames: int = 1
    places: tuple[Place, ...] | None = None
    label: bool = False
    first_frame: int = 0
    parts: tuple[int, int] = (1, 1)
    level: int | None = None

    @property
    def flavour(self) -> str:
        """The third value of Image Type."""
        return self.image_type[2]


def slide_image(dataset: Dataset, scan: SlideScan, context: Context, image: SlideImage) -> None:
    """What the image shows and where that lies."""
    moment = context.series.started
    dataset.ImageType = list(image.image_type)
    dataset.InstanceNumber = str(image.number)
    dataset.ContentDate, dataset.ContentTime = day(moment), time(moment)
    dataset.AcquisitionDateTime = date_time(moment)
    dataset.ImagedVolumeHeight, dataset.ImagedVolumeWidth = (float(side) for side in image.size_mm)
    dataset.ImagedVolumeDepth = scan.depth_um()
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = image.total
    if image.places is None:
        dataset.TotalPixelMatrixFocalPlanes = image.focal_planes
        dataset.NumberOfOpticalPaths = len(image.paths)
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = map(_short, image.origin_mm)
    dataset.TotalPixelMatrixOriginSequence = [origin]
    # Along a row towards the slide's end that bears the label, down a column across it, seen through the cover slip.
    dataset.ImageOrientationSlide = ["0", "-1", "0", "-1", "0", "0"]
    dataset.VolumetricProperties = "VOLUME"
    dataset.SpecimenLabelInImage = "YES" if image.label else "NO"
    dataset.BurnedInAnnotation = "YES" if image.label else "NO"
    dataset.FocusMethod = "AUTO"
    dataset.ExtendedDepthOfField = "NO"
    dataset.LossyImageCompression = "00"
    if image.level is not None:
        dataset.PyramidUID = context.identity.uid("pyramid")
        dataset.PyramidLabel = "Slide"
    _pixels(dataset, image)


def _pixels(dataset: Dataset, image: SlideImage) -> None:
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "RGB"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = image.tile
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0
    dataset.NumberOfFrames = str(image.frames)


def tiling(dataset: Dataset, context: Context, image: SlideImage) -> None:
    """How frames are ordered, as C.7.6.17 wants it said; where tiles are left out, each frame says where it lies."""
    organization = Dataset()
    organization.DimensionOrganizationUID = context.identity.uid("dimension organization")
    dataset.DimensionOrganizationSequence = [organization]
    dataset.DimensionOrganizationType = "TILED_FULL" if image.places is None else "TILED_SPARSE"
    if image.places is not None:
        dataset.DimensionIndexSequence = [
            _index(organization.DimensionOrganizationUID, 0x0048021F, 0x0048021A),  # row, of Plane Position (Slide)
            _index(organization.DimensionOrganizationUID, 0x0048021E, 0x0048021A),  # column
        ]


def _index(organization_uid: str, pointer: int, group: int) -> Dataset:
    item = Dataset()
    item.DimensionOrganizationUID = organization_uid
    item.DimensionIndexPointer = pointer
    item.FunctionalGroupPointer = group
    return item


def functional_groups(dataset: Dataset, scan: SlideScan, context: Context, image: SlideImage) -> None:
    """Shared functional groups; those of each frame where tiles are left out (PS3.3 A.32.8.4)."""
    shared, measures, kind = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [_short(image.spacing_mm)] * 2
    measures.SliceThickness = _short(scan.protocol.focal_step_um / 1e3)
    if image.focal_planes > 1:
        measures.SpacingBetweenSlices = _short(scan.protocol.focal_step_um / 1e3)
    shared.PixelMeasuresSequence = [measures]
    kind.FrameType = list(image.image_type)
    shared.WholeSlideMicroscopyImageFrameTypeSequence = [kind]
    if len(image.paths) == 1:
        path_identification(shared, scan.paths[image.paths[0]].identifier)
    dataset.SharedFunctionalGroupsSequence = [shared]
    if image.places is not None:
        dataset.PerFrameFunctionalGroupsSequence = [
            _frame(scan, image, plane, path, place)
            for path in image.paths
            for plane in range(image.focal_planes)
            for place in image.places
        ]
    number, of = image.parts
    if of > 1:
        dataset.ConcatenationUID = context.identity.uid("concatenation", image.level or 0)
        dataset.SOPInstanceUIDOfConcatenationSource = context.identity.uid("concatenated", image.level or 0)
        dataset.InConcatenationNumber, dataset.InConcatenationTotalNumber = number, of
        dataset.ConcatenationFrameOffsetNumber = image.first_frame


def _frame(scan: SlideScan, image: SlideImage, plane: int, path: int, place: Place) -> Dataset:
    item, content, position = Dataset(), Dataset(), Dataset()
    row, column = place
    content.DimensionIndexValues = [row + 1, column + 1]
    item.FrameContentSequence = [content]
    position.RowPositionInTotalImagePixelMatrix = row * image.tile[0] + 1
    position.ColumnPositionInTotalImagePixelMatrix = column * image.tile[1] + 1
    x, y = image.origin_mm
    position.XOffsetInSlideCoordinateSystem = _short(x - row * image.tile[0] * image.spacing_mm)
    position.YOffsetInSlideCoordinateSystem = _short(y - column * image.tile[1] * image.spacing_mm)
    position.ZOffsetInSlideCoordinateSystem = _short(scan.acquisition.plane_um(plane))
    item.PlanePositionSlideSequence = [position]
    if len(image.paths) > 1:
        path_identification(item, scan.paths[path].identifier)
    return item


def _short(value: float) -> str:
    """A DS of at most 16 characters."""
    return f"{round(value, 9):.10g}"
