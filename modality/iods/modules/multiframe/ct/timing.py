"""When each slice of a CT scan was taken, for the Frame Content Macro (PS3.3 C.7.6.16.2.2)."""

from __future__ import annotations

from modality.acquisition.ct import CtAcquisition
from modality.iods.modules.multiframe.frame_content import Taken


def taken(acquisition: CtAcquisition, index: int) -> Taken:
    """A slice takes one rotation; the beam reaches it as the table has moved to it.

    A helix moves by its feed in each rotation. A standing table is moved between rotations by the beam's width, in no
    time: our choice.
    """
    protocol, geometry = acquisition.protocol, acquisition.geometry
    along_mm = acquisition.slice_of(index) * geometry.slice_spacing_mm
    feed_mm = protocol.table_feed_mm
    rotations = along_mm / feed_mm if feed_mm else float(along_mm // protocol.collimation_mm)
    return Taken(round(rotations * protocol.exposure_time_ms, 3), protocol.exposure_time_ms)
