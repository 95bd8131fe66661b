"""PS3.3 A.38 Enhanced CT Image IOD."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage

from modality.acquisition.ct import CtAcquisition, ct
from modality.iods.context import Context
from modality.iods.images.ct import windows_of
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
from modality.iods.modules.multiframe.ct.acquisition_details import ct_acquisition_details
from modality.iods.modules.multiframe.ct.acquisition_type import ct_acquisition_type
from modality.iods.modules.multiframe.ct.enhanced_ct_image import enhanced_ct_image
from modality.iods.modules.multiframe.ct.exposure import ct_exposure
from modality.iods.modules.multiframe.ct.geometry import ct_geometry
from modality.iods.modules.multiframe.ct.image_frame_type import ct_image_frame_type
from modality.iods.modules.multiframe.ct.position import ct_position
from modality.iods.modules.multiframe.ct.reconstruction import ct_reconstruction
from modality.iods.modules.multiframe.ct.table_dynamics import ct_table_dynamics
from modality.iods.modules.multiframe.ct.timing import taken
from modality.iods.modules.multiframe.ct.x_ray_details import ct_x_ray_details
from modality.iods.modules.multiframe.dimension import IN_STACK, STACK, multi_frame_dimension
from modality.iods.modules.multiframe.enhanced_equipment import enhanced_general_equipment
from modality.iods.modules.multiframe.frame_anatomy import frame_anatomy
from modality.iods.modules.multiframe.frame_content import frame_content
from modality.iods.modules.multiframe.frame_voi_lut import frame_voi_lut
from modality.iods.modules.multiframe.functional_groups import multi_frame_functional_groups
from modality.iods.modules.multiframe.irradiation_event import irradiation_event
from modality.iods.modules.multiframe.pixel_measures import pixel_measures
from modality.iods.modules.multiframe.pixel_value_transformation import pixel_value_transformation
from modality.iods.modules.multiframe.plane_orientation import plane_orientation
from modality.iods.modules.multiframe.plane_position import plane_position
from modality.iods.multi_frame import Macro, MultiFrameIod

_DIMENSIONS = (STACK, IN_STACK)


def _shared(acquisition: CtAcquisition) -> tuple[Macro, ...]:
    protocol = acquisition.protocol
    return (
        pixel_measures,
        plane_orientation,
        frame_anatomy,
        frame_voi_lut(windows_of),
        pixel_value_transformation((protocol.rescale_slope, protocol.rescale_intercept), "HU"),
        irradiation_event,
        ct_image_frame_type,
        ct_acquisition_type,
        ct_acquisition_details,
        ct_table_dynamics,
        ct_geometry,
        ct_reconstruction,
        ct_x_ray_details,
        *(() if protocol.dose_modulation else (ct_exposure,)),
    )


def _per_frame(acquisition: CtAcquisition) -> tuple[Macro, ...]:
    return (
        frame_content(_DIMENSIONS, taken),
        plane_position,
        ct_position,
        *((ct_exposure,) if acquisition.protocol.dose_modulation else ()),
    )


ENHANCED_CT_IMAGE: MultiFrameIod[CtAcquisition] = MultiFrameIod(
    sop_class_uid=EnhancedCTImageStorage,
    context_modules=(
        patient,
        general_study,
        patient_study,
        partial(general_series, modality="CT"),
        frame_of_reference,
        general_equipment,
        enhanced_general_equipment,
        partial(multi_frame_dimension, dimensions=_DIMENSIONS),
    ),
    image_modules=(
        scanned_series,
        pixel_description,
        multi_frame_functional_groups,
        acquisition_context,
        enhanced_ct_image,
    ),
    shared=_shared,
    per_frame=_per_frame,
)


def describe(acquisition: CtAcquisition, context: Context) -> Iterator[Dataset]:
    """The one image of a scan, made when asked for."""
    yield ENHANCED_CT_IMAGE.describe(acquisition, context)


ENHANCED_CT = Kind(
    name="enhanced-ct",
    modality="CT",
    sop_class_uid=EnhancedCTImageStorage,
    title="Enhanced CT Image",
    default_phantom="thorax",
    acquire=ct,
    describe=describe,
    multi_frame=ENHANCED_CT_IMAGE,
)
