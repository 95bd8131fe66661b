"""The kind kos: the key images of a series of slices, those that show its lesions best (PS3.3 A.35.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage

from modality.acquisition.reported import Reported, imaged, is_lesion
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.documents import key_objects
from modality.iods.documents.content import KeyObjects
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.reports import source
from modality.iods.reports.subject import OTHERS, usual_phantom

OF_INTEREST = Code("113000", "DCM", "Of Interest")
"""Of PS3.16 CID 7010."""

_MOST = 10  # images: our choice


def shown(acquisition: Reported) -> dict[int, list[str]]:
    """The selected pictures, each with what it shows: lesions, else what there is, else the middle of the scan."""
    found: dict[int, list[str]] = {}
    lesions = [one for one in acquisition.structures if is_lesion(one["name"])]
    for structure in lesions or acquisition.structures:
        index = acquisition.slice_of(structure)
        if index is not None and (index in found or len(found) < _MOST):
            found.setdefault(index, []).append(structure["name"])
    return dict(sorted(found.items())) or {acquisition.sight.pictures // 2: []}


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one selection."""
    selected = shown(acquisition)
    lines = [
        f"{source.said(acquisition, index).capitalize()}: {', '.join(names) or 'the middle of the scan'}"
        for index, names in selected.items()
    ]
    objects = tuple(source.image(acquisition, index) for index in selected)
    yield key_objects.describe(KeyObjects(OF_INTEREST, context.series.started, objects, "\n".join(lines)), context)


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "images": [
            {**source.told(acquisition, index),
             "sop_instance_uid": source.image(acquisition, index).sop_instance_uid, "structures": names}
            for index, names in shown(acquisition).items()
        ],
    }  # fmt: skip


KOS = Kind(
    name="kos",
    modality=key_objects.MODALITY,
    sop_class_uid=KeyObjectSelectionDocumentStorage,
    title="Key Images",
    default_phantom=CT.default_phantom,
    acquire=imaged,
    describe=describe,
    truth=_truth,
    reports=CT.name,
    also_reports=OTHERS,
    default_phantom_of=usual_phantom,
    series_number=902,
    labels=False,
)
