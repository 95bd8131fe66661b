"""A multi-frame image IOD: modules of the whole, functional group macros shared or of each frame (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Generic

from pydicom.dataset import Dataset

from modality.acquisition.frames import Frame, Pixels
from modality.iods.context import Context
from modality.iods.image import ContextModule, Image, ScanT, ScanT_co
from modality.iods.modules.common.sop_common import sop_common


@dataclass(frozen=True, slots=True)
class Place(Generic[ScanT_co]):
    """One frame of a scan, before its pixels are made.

    Args:
        acquisition: the scan.
        context: patient, order, machine, moment.
        index: the frame, from 0.
    """

    acquisition: ScanT_co
    context: Context
    index: int


Macro = Callable[[Dataset, Place[Any]], None]
"""Adds its functional group to the item of one frame, or to the one that all frames share."""


@dataclass(frozen=True, slots=True)
class MultiFrameIod(Generic[ScanT]):
    """An image IOD of which one instance holds all frames of a scan.

    Args:
        sop_class_uid: SOP Class UID.
        context_modules: modules that the context fills.
        image_modules: modules that need the scan; they see its first frame.
        shared: macros whose values are those of all frames.
        per_frame: macros whose values are a frame's own; which they are may depend on the scan.
    """

    sop_class_uid: str
    context_modules: tuple[ContextModule, ...]
    image_modules: tuple[Callable[[Dataset, Image[ScanT]], None], ...]
    shared: Callable[[ScanT], tuple[Macro, ...]]
    per_frame: Callable[[ScanT], tuple[Macro, ...]]

    def frames(self, acquisition: ScanT, context: Context) -> tuple[Dataset, Iterator[Pixels]]:
        """The data set of the whole but its Pixel Data, and the pixels of its frames, each made when asked for."""
        frames = iter(acquisition)
        first = next(frames)
        pixels = (frame.pixels for frame in chain((first,), frames))
        return self._described(acquisition, context, first), pixels

    def describe(self, acquisition: ScanT, context: Context) -> Dataset:
        """The data set of the whole, native Pixel Data and all."""
        dataset, frames = self.frames(acquisition, context)
        data = b"".join(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).tobytes() for pixels in frames)
        dataset.add_new("PixelData", "OB" if dataset.BitsAllocated == 8 else "OW", data + b"\0" * (len(data) % 2))
        return dataset

    def _described(self, acquisition: ScanT, context: Context, first: Frame) -> Dataset:
        dataset = Dataset()
        for context_module in self.context_modules:
            context_module(dataset, context)
        image = Image(acquisition, context, first)
        for image_module in self.image_modules:
            image_module(dataset, image)
        dataset.SharedFunctionalGroupsSequence = [self._item(self.shared(acquisition), acquisition, context, 0)]
        own = self.per_frame(acquisition)
        dataset.PerFrameFunctionalGroupsSequence = [
            self._item(own, acquisition, context, index) for index in range(len(acquisition))
        ]
        uid = context.identity.uid("instance", 0)
        sop_common(dataset, context, sop_class_uid=self.sop_class_uid, sop_instance_uid=uid)
        return dataset

    @staticmethod
    def _item(macros: tuple[Macro, ...], acquisition: ScanT, context: Context, index: int) -> Dataset:
        item = Dataset()
        place = Place(acquisition, context, index)
        for macro in macros:
            macro(item, place)
        return item
