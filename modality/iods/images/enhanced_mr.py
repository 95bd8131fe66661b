"""PS3.3 A.36 Enhanced MR Image IOD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage

from modality.acquisition.mr import MrAcquisition, mr
from modality.iods.context import Context
from modality.iods.image import Image
from modality.iods.images.mr import windows_of
from modality.iods.kind import Kind
from modality.iods.modules.common.frame_of_reference import frame_of_reference
from modality.iods.modules.common.general_equipment import general_equipment
from modality.iods.modules.common.general_series import general_series
from modality.iods.modules.common.general_study import general_study
from modality.iods.modules.common.patient import patient
from modality.iods.modules.common.patient_study import patient_study
from modality.iods.modules.image.image_pixel import pixel_description
from modality.iods.modules.image.scanned_series import scanned_series
from modality.iods.modules.multiframe.acquisition_context import acquisition_context
from modality.iods.modules.multiframe.contrast_bolus import contrast_bolus_usage, enhanced_contrast_bolus
from modality.iods.modules.multiframe.dimension import multi_frame_dimension
from modality.iods.modules.multiframe.enhanced_equipment import enhanced_general_equipment
from modality.iods.modules.multiframe.frame_anatomy import frame_anatomy
from modality.iods.modules.multiframe.frame_content import frame_content
from modality.iods.modules.multiframe.frame_voi_lut import frame_voi_lut
from modality.iods.modules.multiframe.functional_groups import multi_frame_functional_groups
from modality.iods.modules.multiframe.mr.averages import mr_averages
from modality.iods.modules.multiframe.mr.coils import mr_receive_coil, mr_transmit_coil
from modality.iods.modules.multiframe.mr.diffusion import mr_diffusion
from modality.iods.modules.multiframe.mr.dimensions import dimensions, taken
from modality.iods.modules.multiframe.mr.echo import mr_echo
from modality.iods.modules.multiframe.mr.enhanced_mr_image import enhanced_mr_image
from modality.iods.modules.multiframe.mr.fov_geometry import mr_fov_geometry
from modality.iods.modules.multiframe.mr.image_frame_type import mr_image_frame_type
from modality.iods.modules.multiframe.mr.imaging_modifier import mr_imaging_modifier
from modality.iods.modules.multiframe.mr.modifier import mr_modifier
from modality.iods.modules.multiframe.mr.pulse_sequence import mr_pulse_sequence
from modality.iods.modules.multiframe.mr.timing import mr_timing
from modality.iods.modules.multiframe.pixel_measures import pixel_measures
from modality.iods.modules.multiframe.pixel_value_transformation import pixel_value_transformation
from modality.iods.modules.multiframe.plane_orientation import plane_orientation
from modality.iods.modules.multiframe.plane_position import plane_position
from modality.iods.multi_frame import Macro, MultiFrameIod


def _own(acquisition: MrAcquisition) -> tuple[Macro, ...]:
    """Macros that are a frame's own in some scans, and are shared in the others."""
    protocol = acquisition.protocol
    return (
        *((pixel_measures, plane_orientation) if len(acquisition.stacks) > 1 else ()),
        *((mr_echo, mr_image_frame_type) if len(protocol.echo_times_ms) > 1 else ()),
        *((mr_modifier,) if len(protocol.inversion_times_ms) > 1 else ()),
        *((mr_diffusion,) if protocol.sequence == "DWI" else ()),
        *((contrast_bolus_usage,) if protocol.dynamic else ()),
    )


def _shared(acquisition: MrAcquisition) -> tuple[Macro, ...]:
    common: tuple[Macro, ...] = (
        pixel_measures,
        plane_orientation,
        frame_anatomy,
        frame_voi_lut(windows_of),
        pixel_value_transformation(None, "US"),
        mr_image_frame_type,
        mr_timing,
        mr_fov_geometry,
        mr_echo,
        mr_modifier,
        mr_imaging_modifier,
        mr_receive_coil,
        mr_transmit_coil,
        mr_averages,
    )
    own = _own(acquisition)
    return tuple(macro for macro in common if macro not in own)


def _per_frame(acquisition: MrAcquisition) -> tuple[Macro, ...]:
    return (frame_content(dimensions(acquisition), taken), plane_position, *_own(acquisition))


def _dimension(dataset: Dataset, image: Image[MrAcquisition]) -> None:
    multi_frame_dimension(dataset, image.context, dimensions(image.acquisition))


ENHANCED_MR_IMAGE: MultiFrameIod[MrAcquisition] = MultiFrameIod(
    sop_class_uid=EnhancedMRImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="MR"),
        frame_of_reference,
        general_equipment,
        enhanced_general_equipment,
    ),
    image_modules=(
        scanned_series,
        pixel_description,
        multi_frame_functional_groups,
        _dimension,
        acquisition_context,
        enhanced_contrast_bolus,
        enhanced_mr_image,
        mr_pulse_sequence,
    ),
    shared=_shared,
    per_frame=_per_frame,
)


def describe(acquisition: MrAcquisition, context: Context) -> Iterator[Dataset]:
    """The one image of a scan, made when asked for."""
    yield ENHANCED_MR_IMAGE.describe(acquisition, context)


ENHANCED_MR = Kind(
    name="enhanced-mr",
    modality="MR",
    sop_class_uid=EnhancedMRImageStorage,
    title="Enhanced MR Image",
    default_phantom="head",
    acquire=mr,
    describe=describe,
    multi_frame=ENHANCED_MR_IMAGE,
)
