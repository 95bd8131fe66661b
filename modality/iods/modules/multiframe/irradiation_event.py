"""PS3.3 C.7.6.16.2.18 Irradiation Event Identification Macro."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset

from modality.iods.multi_frame import Place


def irradiation_event(item: Dataset, place: Place[Any]) -> None:
    """A scan is one irradiation event."""
    event = Dataset()
    event.IrradiationEventUID = place.context.identity.uid("irradiation event")
    item.IrradiationEventIdentificationSequence = [event]
