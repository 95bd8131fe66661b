"""PS3.3 Table 10-11 SOP Instance Reference Macro."""

from __future__ import annotations

from collections.abc import Iterable

from pydicom.dataset import Dataset

from modality.protocol.worklist import text


def reference(sop_class_uid: str, sop_instance_uid: str) -> Dataset:
    """A reference to an instance."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class_uid
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def copied_references(items: Iterable[Dataset]) -> list[Dataset]:
    """References that a peer sent, each once; one that lacks either UID (both Type 1) is left out."""
    pairs = ((text(item, "ReferencedSOPClassUID"), text(item, "ReferencedSOPInstanceUID")) for item in items)
    return [reference(*pair) for pair in dict.fromkeys(pairs) if all(pair)]
