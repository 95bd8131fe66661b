"""What every object that is derived from a slide says of where it comes from, when it was made, and by what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from modality.identity import Identity
from modality.iods.context import Context
from modality.iods.derived.slide_codes import Concept
from modality.iods.images.slide import SlideSeries
from modality.iods.modules.microscopy.slide_image import SlideImage
from modality.iods.values import date_time, day, time
from modality.transfer.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME

FIRST_SERIES = 1000
"""Added to the Series Number of the images: our choice."""


@dataclass(frozen=True)
class Slide:
    """A slide whose images exist, or will.

    Args:
        series: its images.
        levels: the first image of each level of the pyramid.
        assigned: sets what the user set over the IOD's own attributes.
    """

    series: SlideSeries
    levels: Sequence[SlideImage]
    assigned: Callable[[Dataset], Dataset]

    @property
    def context(self) -> Context:
        """Of the images."""
        return self.series.context

    def source(self, level: int) -> Dataset:
        """The data set of a level, without pixels, as if one plane were all of it.

        highdicom looks at where the grid of tiles lies and which instance it is. Of a sparse level, or of several
        planes, it would read the place of each frame as well, which here tells nothing more.
        """
        scan, image = self.series.scan, self.levels[level]
        tiles = scan.pyramid[level].tiles
        plain = replace(image, focal_planes=1, paths=(0,), frames=tiles, places=None, parts=(1, 1), first_frame=0)
        return self.assigned(self.series.describe(plain))

    def maker(self, identity: Identity, offset: int) -> dict[str, Any]:
        """The arguments that every object of highdicom's wants of its series and its maker."""
        context = self.context
        return {
            "series_instance_uid": identity.uid("series"),
            "series_number": FIRST_SERIES + offset + context.series.number,
            "sop_instance_uid": identity.uid("instance"),
            "instance_number": 1,
            "manufacturer": context.equipment.manufacturer,
            "manufacturer_model_name": context.equipment.model_name,
            "software_versions": context.equipment.software_versions or IMPLEMENTATION_VERSION_NAME,
            "device_serial_number": context.equipment.device_serial_number,
        }


def coded(highdicom: ModuleType, concept: Concept) -> Any:
    """A concept as highdicom has it."""
    return highdicom.sr.CodedConcept(concept.value, concept.scheme, concept.meaning)


def algorithm(highdicom: ModuleType) -> Any:
    """What made it: no algorithm, but the model that the image itself was made of."""
    return highdicom.AlgorithmIdentificationSequence(
        name="Phantom model",
        version=IMPLEMENTATION_VERSION_NAME,
        # Of PS3.16 CID 7162 the one that comes nearest to truth by construction.
        family=highdicom.sr.CodedConcept("123111", "DCM", "Deformable Models"),
        source="modality",
    )


def date(dataset: Dataset, context: Context, description: str) -> None:
    """Set over the times that highdicom took from the clock, and over what it says that wrote the file."""
    moment = context.series.started
    for keyword in ("InstanceCreationDate", "ContentDate", "SeriesDate"):
        setattr(dataset, keyword, day(moment))
    for keyword in ("InstanceCreationTime", "ContentTime", "SeriesTime"):
        setattr(dataset, keyword, time(moment))
    dataset.SeriesDescription = description[:64]
    for equipment in dataset.get("ContributingEquipmentSequence", ()):
        equipment.ContributionDateTime = date_time(moment)
    dataset.file_meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    dataset.file_meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
