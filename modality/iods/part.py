"""A series as it stands in the files, of which some scans make several."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One series of a scan's instances.

    Args:
        uid: Series Instance UID.
        description: Series Description.
        instances: how many.
        sop_class_uid: SOP Class UID of them, or of most.
        intent: Presentation Intent Type (PS3.3 C.8.11.1); empty where its instances have none.
    """

    uid: str
    description: str
    instances: int
    sop_class_uid: str
    intent: str = ""
