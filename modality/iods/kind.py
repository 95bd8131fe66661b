"""A kind of study: how its frames are acquired and how they are described."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.image import ImageIod


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the table of kinds.

    Args:
        name: as the command line has it ("ct").
        modality: Modality ("CT").
        sop_class_uid: SOP Class UID of its instances.
        title: what it is, for people.
        default_phantom: name of the phantom that is scanned when none is given.
        acquire: plans the acquisition of a phantom; options are its keyword arguments.
        describe: makes the data sets of an acquisition, one at a time.
        iod: of single-frame images, each of one frame; None for what is described otherwise.
    """

    name: str
    modality: str
    sop_class_uid: str
    title: str
    default_phantom: str
    acquire: Callable[..., Any]
    describe: Callable[[Any, Context], Iterator[Dataset]]
    iod: ImageIod[Any] | None = None
