"""PS3.3 C.7.4.2 Synchronization: of a recording that no trigger started."""

from __future__ import annotations

from datetime import datetime

from pydicom.dataset import Dataset

from modality.iods.context import Context

UTC = "1.2.840.10008.15.1.1"
"""The well-known Synchronization Frame of Reference of clocks that follow UTC (PS3.6 Table A-2)."""


def synchronization(dataset: Dataset, context: Context, started: datetime, *, synchronized: bool) -> None:
    """Whose time the recording is in.

    Args:
        dataset: gets the attributes.
        context: of the recording.
        started: with an offset from UTC, it is in the well-known frame of reference when the clock follows UTC.
        synchronized: the clock follows an external one.
    """
    known = synchronized and started.tzinfo is not None
    dataset.SynchronizationFrameOfReferenceUID = UTC if known else context.identity.uid("synchronization")
    dataset.SynchronizationTrigger = "NO TRIGGER"
    dataset.AcquisitionTimeSynchronized = "Y" if synchronized else "N"
