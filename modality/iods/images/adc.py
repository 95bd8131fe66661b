"""A map of the apparent diffusion coefficient: PS3.3 A.4 MR Image IOD, derived from a series of another scan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from modality.acquisition.mr.adc import AdcMap, adc_map
from modality.iods.context import Context
from modality.iods.image import Image, ImageIod
from modality.iods.images.mr import MR_IMAGE
from modality.iods.kind import Kind
from modality.iods.macros.reference import reference
from modality.iods.modules.image.derivation import derivation, real_world_values
from modality.iods.modules.image.general_acquisition import general_acquisition
from modality.iods.modules.image.general_image import general_image
from modality.iods.modules.image.image_pixel import image_pixel
from modality.iods.modules.image.image_plane import image_plane
from modality.iods.modules.image.scanned_series import scanned_series
from modality.iods.modules.image.voi_lut import Window, voi_lut
from modality.iods.modules.mr.mr_image import mr_image
from modality.iods.values import decimal

_QUANTITY = ("113041", "DCM", "Apparent Diffusion Coefficient")
_WINDOW = Window(1500.0, 3000.0, "ADC")  # up to the coefficient of free water


def _map(dataset: Dataset, image: Image[AdcMap]) -> None:
    """What sets a map apart from an image of the series that it comes from."""
    protocol = image.acquisition.protocol
    dataset.ImageType = ["DERIVED", "PRIMARY", "DIFFUSION", "ADC"]
    dataset.EchoTime = decimal(protocol.echo_time_ms)
    real_world_values(
        dataset,
        label="ADC",
        explanation="Apparent diffusion coefficient",
        unit=("um2/s", "um2/s"),
        quantity=_QUANTITY,
        last=(1 << protocol.bits_stored) - 1,
    )
    voi_lut(dataset, (_WINDOW,))


def adc(source: Context, kind: Kind) -> Kind:
    """The kind of the maps that are computed from the images of a series.

    Args:
        source: the context of the diffusion-weighted series, which gave its images their UIDs.
        kind: that series' kind.
    """

    def derived(dataset: Dataset, image: Image[AdcMap]) -> None:
        images = image.acquisition.sources_of(image.frame.index)
        if kind.multi_frame:
            whole = reference(kind.sop_class_uid, source.identity.uid("instance", 0))
            whole.ReferencedFrameNumber = [index + 1 for index in images]
            sources = [whole]
        else:
            sources = [reference(kind.sop_class_uid, source.identity.uid("instance", index)) for index in images]
        used = ", ".join(f"{b:g}" for b in image.acquisition.protocol.b_values_s_per_mm2)
        derivation(dataset, sources, _QUANTITY, f"ADC by a log-linear fit over b = {used} s/mm2")

    iod: ImageIod[AdcMap] = ImageIod(
        sop_class_uid=MR_IMAGE.sop_class_uid,
        context_modules=MR_IMAGE.context_modules,
        image_modules=(
            scanned_series,
            general_acquisition,
            general_image,
            image_plane,
            image_pixel,
            mr_image,
            _map,
            derived,
        ),
    )

    def describe(acquisition: AdcMap, context: Context) -> Iterator[Dataset]:
        return (iod.describe_frame(acquisition, context, frame) for frame in acquisition)

    return replace(_ADC, describe=describe)


_ADC = Kind(
    name="mr",
    modality="MR",
    sop_class_uid=MRImageStorage,
    title="ADC map",
    default_phantom="head",
    acquire=adc_map,
    describe=lambda acquisition, context: iter(()),  # noqa: ARG005 - `adc` knows the source, without which there is none
)
