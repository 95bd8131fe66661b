"""PS3.3 C.12.1 SOP Common."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.values import day, set_known, time
from modality.protocol.repertoire import character_set_for


def sop_common(dataset: Dataset, context: Context, *, sop_class_uid: str, sop_instance_uid: str) -> None:
    """What the instance is; the last of its modules, since the character set has to hold the text of all others.

    Args:
        dataset: gets the attributes.
        context: of the instance.
        sop_class_uid: SOP Class UID.
        sop_instance_uid: SOP Instance UID.
    """
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = sop_instance_uid
    dataset.InstanceCreationDate = day(context.series.started)
    dataset.InstanceCreationTime = time(context.series.started)
    set_known(dataset, SpecificCharacterSet=character_set_for(dataset, context.patient.character_set))
