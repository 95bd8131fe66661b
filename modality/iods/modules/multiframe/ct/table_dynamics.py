"""PS3.3 C.8.15.3.4 CT Table Dynamics Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.ct import CtAcquisition
from modality.iods.multi_frame import Place


def ct_table_dynamics(item: Dataset, place: Place[CtAcquisition]) -> None:
    """How the table moves in a helix or under a standing tube; nothing where it stands: the attributes are Type 1C."""
    protocol = place.acquisition.protocol
    dynamics = Dataset()
    if protocol.localizer is not None:
        length_mm = place.acquisition.geometry.field_of_view_mm[0]
        dynamics.TableSpeed = round(length_mm / protocol.exposure_time_ms * 1000.0, 3)
    feed = protocol.table_feed_mm
    if feed is not None and protocol.pitch is not None:
        dynamics.TableSpeed = round(feed / protocol.exposure_time_ms * 1000.0, 6)
        dynamics.TableFeedPerRotation = feed
        dynamics.SpiralPitchFactor = protocol.pitch
    item.CTTableDynamicsSequence = [dynamics]
