"""What the modules of an image see, and an image IOD as the list of its modules (PS3.3 A.1.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydicom.dataset import Dataset

from modality.acquisition.frames import Acquisition, Frame
from modality.iods.context import Context
from modality.iods.modules.common.sop_common import sop_common
from phantoms.phantom import Phantom


class Storage(Protocol):
    """The part of every protocol that says how values are stored."""

    @property
    def bits_stored(self) -> int:
        """Bits of a stored value."""


class Taken(Protocol):
    """An acquisition of frames that need be no slices: what every image's modules know of it."""

    @property
    def phantom(self) -> Phantom:
        """What is scanned."""

    @property
    def seed(self) -> int:
        """What the noise is drawn from."""

    @property
    def protocol(self) -> Storage:
        """What the operator set."""

    @property
    def body_part(self) -> str:
        """Body Part Examined (PS3.16 annex L), or PHANTOM."""

    def __len__(self) -> int:
        """Number of frames."""

    def __iter__(self) -> Iterator[Frame]:
        """The frames in order."""


class Scan(Acquisition, Protocol):
    """An acquisition with what was set for it."""

    @property
    def protocol(self) -> Storage:
        """What the operator set."""


ScanT = TypeVar("ScanT", bound=Taken)
ScanT_co = TypeVar("ScanT_co", bound=Taken, covariant=True)


@dataclass(frozen=True, slots=True)
class Image(Generic[ScanT_co]):
    """One image of a scan.

    Args:
        acquisition: the scan.
        context: patient, order, machine, moment.
        frame: the slice.
    """

    acquisition: ScanT_co
    context: Context
    frame: Frame


ContextModule = Callable[[Dataset, Context], None]
FrameValues = Mapping[str, str | list[str] | float]
"""Attributes by keyword, as their VR writes them: text, several texts, or a number of VR FD."""


@dataclass(frozen=True, slots=True)
class ImageIod(Generic[ScanT]):
    """A single-frame image IOD.

    Args:
        sop_class_uid: SOP Class UID.
        context_modules: modules that the context fills.
        image_modules: modules that need the scan or the slice.
        frame_values: those of their attributes that are another's from slice to slice, pixels apart; where they are
            all, a series is described once and only these are written anew. None where that does not hold.
    """

    sop_class_uid: str
    context_modules: tuple[ContextModule, ...]
    image_modules: tuple[Callable[[Dataset, Image[ScanT]], None], ...]
    frame_values: tuple[Callable[[Image[ScanT]], FrameValues], ...] | None = None

    def describe_frame(self, acquisition: ScanT, context: Context, frame: Frame) -> Dataset:
        """The data set of one slice; its SOP Instance UID depends on the slice's place alone."""
        dataset = Dataset()
        for context_module in self.context_modules:
            context_module(dataset, context)
        image = Image(acquisition, context, frame)
        for image_module in self.image_modules:
            image_module(dataset, image)
        uid = _instance_uid(context, frame)
        sop_common(dataset, context, sop_class_uid=self.sop_class_uid, sop_instance_uid=uid)
        return dataset

    def values_of(self, acquisition: ScanT, context: Context, frame: Frame) -> dict[str, str | list[str] | float]:
        """What one slice has for itself beside its pixels."""
        values: dict[str, str | list[str] | float] = {"SOPInstanceUID": _instance_uid(context, frame)}
        image = Image(acquisition, context, frame)
        for of_the_slice in self.frame_values or ():
            values.update(of_the_slice(image))
        return values


def _instance_uid(context: Context, frame: Frame) -> str:
    return context.identity.uid("instance", frame.index)
