"""PS3.3 A.6 Ultrasound Image and A.7 Ultrasound Multi-frame Image IODs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import UltrasoundImageStorage, UltrasoundMultiFrameImageStorage

from modality.acquisition.frames import Frame, Pixels
from modality.acquisition.ultrasound import Sonogram, us
from modality.iods.context import Context
from modality.iods.image import Image
from modality.iods.kind import Kind
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.image.cine import cine, multi_frame
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.scanned_series import scanned_series
from modality.iods.modules.ultrasound.regions import us_region_calibration
from modality.iods.modules.ultrasound.us_image import us_image, us_image_pixel
from modality.iods.multi_frame import MultiFrameIod
from modality.iods.sonograms.burned import burned, burned_truth


def _none(_: Sonogram) -> tuple[()]:
    return ()


def sop_class_of(sonogram: Sonogram) -> str:
    """A run of frames is a multi-frame image, one frame an image."""
    return UltrasoundMultiFrameImageStorage if len(sonogram) > 1 else UltrasoundImageStorage


@dataclass(frozen=True, slots=True)
class SonogramIod(MultiFrameIod[Sonogram]):
    """Both IODs: modules alone, text burned into the frames where it was asked for."""

    def frames(self, acquisition: Sonogram, context: Context) -> tuple[Dataset, Iterator[Pixels]]:
        """The data set of the whole but its Pixel Data, and the pixels of its frames, each made when asked for."""
        dataset, pixels = MultiFrameIod.frames(self, acquisition, context)
        return dataset, burned(pixels, acquisition, dataset)

    def _described(self, acquisition: Sonogram, context: Context, first: Frame) -> Dataset:
        dataset = Dataset()
        for context_module in self.context_modules:
            context_module(dataset, context)
        image = Image(acquisition, context, first)
        for image_module in self.image_modules:
            image_module(dataset, image)
        if len(acquisition) > 1:
            multi_frame(dataset, image)
            cine(dataset, image)
        uid = context.identity.uid("instance", 0)
        sop_common(dataset, context, sop_class_uid=sop_class_of(acquisition), sop_instance_uid=uid)
        return dataset


US_IMAGE = SonogramIod(
    sop_class_uid=UltrasoundMultiFrameImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="US"),
        general_equipment,
    ),
    image_modules=(
        scanned_series,
        general_acquisition,
        general_image,
        us_image_pixel,
        us_region_calibration,
        us_image,
    ),
    shared=_none,
    per_frame=_none,
)


def describe(acquisition: Sonogram, context: Context) -> Iterator[Dataset]:
    """The one image of an examination."""
    yield US_IMAGE.describe(acquisition, context)


US = Kind(
    name="us",
    modality="US",
    sop_class_uid=UltrasoundMultiFrameImageStorage,
    title="Ultrasound Image",
    default_phantom="abdomen",
    acquire=us,
    describe=describe,
    multi_frame=US_IMAGE,
    truth=Sonogram.truth,
    told_of=burned_truth,
    sop_class_of=sop_class_of,
    labels=False,
)
