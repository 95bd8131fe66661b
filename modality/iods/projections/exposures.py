"""What the IODs of single exposures share: their images, one for each intent, which refer to each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydicom.dataset import Dataset

from modality.acquisition.radiography.radiograph import PROCESSING, Exposure
from modality.iods.context import Context
from modality.iods.image import ImageIod
from modality.iods.macros.code import code
from modality.iods.macros.reference import reference
from modality.iods.part import Part

_PREDECESSOR = ("121358", "DCM", "For Processing predecessor")  # PS3.16 CID 7202

Describe = Callable[[Any, Context], Iterator[Dataset]]


def described(iods: Mapping[str, ImageIod[Any]]) -> Describe:
    """Makes the images of an exposure, each of its own SOP Class and series where there are two.

    Presentation Intent Type is the series' own (PS3.3 C.8.11.1): of a pair, the raw image stands in a second series.

    Args:
        iods: the IOD by intent.
    """

    def describe(acquisition: Exposure, context: Context) -> Iterator[Dataset]:
        intents = acquisition.intents
        uids = [context.identity.uid("instance", index) for index in range(len(intents))]
        for frame in acquisition:
            intent = intents[frame.index]
            its_context = _series_of(intent, intents, context)
            dataset = iods[intent].describe_frame(acquisition, its_context, frame)
            for other, uid in zip(intents, uids, strict=True):
                if other == intent:
                    continue
                item = reference(iods[other].sop_class_uid, uid)
                if intent == PROCESSING:
                    dataset.ReferencedImageSequence = [item]
                else:
                    item.PurposeOfReferenceCodeSequence = [code(*_PREDECESSOR)]
                    dataset.SourceImageSequence = [item]
            yield dataset

    return describe


def _series_of(intent: str, intents: tuple[str, ...], context: Context) -> Context:
    return _raw_series(context) if len(intents) > 1 and intent == PROCESSING else context


def _raw_series(context: Context) -> Context:
    series = context.series
    number = series.number * 1000 + 1  # beside the series of pictures, which later ones follow
    raw = replace(
        series,
        uid=context.identity.uid("series of raw images"),
        number=number,
        description=f"{series.description} raw",
    )
    return replace(context, series=raw)


def classes_of(iods: Mapping[str, ImageIod[Any]], acquisition: Exposure) -> tuple[str, ...]:
    """The SOP Classes of an exposure's images, in their order."""
    return tuple(iods[intent].sop_class_uid for intent in acquisition.intents)


def parts(iods: Mapping[str, ImageIod[Any]]) -> Callable[[Exposure, Context], tuple[Part, ...]]:
    """Tells the series of an exposure's images, one for each intent.

    Args:
        iods: the IOD by intent.
    """

    def told(acquisition: Exposure, context: Context) -> tuple[Part, ...]:
        intents = acquisition.intents
        found = []
        for intent in intents:
            series = _series_of(intent, intents, context).series
            found.append(Part(series.uid, series.description, 1, iods[intent].sop_class_uid, f"FOR {intent}"))
        return tuple(found)

    return told
