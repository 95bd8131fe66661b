"""A kind of study: how its frames are acquired and how they are described."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydicom.dataset import Dataset

from modality.acquisition.frames import Acquisition
from modality.iods.context import Context
from modality.iods.image import ImageIod
from modality.iods.multi_frame import MultiFrameIod
from modality.iods.part import Part
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of the table of kinds.

    Args:
        name: as the command line has it ("ct").
        modality: Modality ("CT").
        sop_class_uid: SOP Class UID of its instances.
        title: what it is, for people.
        default_phantom: name of the phantom that is scanned when none is given; None for what scans none (a report).
        acquire: plans the acquisition of a phantom, or of None; options are its keyword arguments.
        describe: makes the data sets of an acquisition, one at a time.
        iod: of single-frame images, each of one frame; None for what is described otherwise.
        multi_frame: of an image that holds all frames of a scan; None for what is described otherwise.
        slides: of a slide's images, whose frames are made one after the other; None for what is described otherwise.
        default_syntax: the transfer syntax that its instances are in unless another one is asked for.
        truth: what a scan's instances hold, as plain data ready for JSON; None where that is what lies where in it.
        told_of: what of the truth depends on the data set, such as text in the pixels; None where nothing does.
        draw: brings into a data set what follows from its attributes, once they are set: text seen in its pixels, the
            dose of a weight; None where that is nothing, or where its frames are made late enough.
        parts: the series that a scan's instances stand in, in their order; None where that is the context's alone.
        patient_sex: the Patient's Sex of those whom it is made of, where no order or caller names one; empty for any.
        body_parts: an order's words for a part of the body choose what is scanned.
        default_phantom_of: what is scanned when none is given, where that depends on the options.
        reports: the kind of the scan that its instances are about, and whose study they join, or of a report about
            that scan; None for all others.
        also_reports: other kinds of scan that they can be about instead, by their acquisition's option `about`.
        series_number: Series Number of a series that is made alone; a report's is not that of its scan.
        sop_class_of: SOP Class UID of a scan's instances, where that depends on the scan.
        other_classes: SOP Class UIDs that some of a scan's instances have instead; None where all have the same.
        labels: its images are slices, each voxel of which shows a structure: a label map and a segmentation can be had.
    """

    name: str
    modality: str
    sop_class_uid: str
    title: str
    default_phantom: str | None
    acquire: Callable[..., Any]
    describe: Callable[[Any, Context], Iterator[Dataset]] | None
    iod: ImageIod[Any] | None = None
    multi_frame: MultiFrameIod[Any] | None = None
    slides: Callable[[Any, Context], Any] | None = None
    default_syntax: TransferSyntax = EXPLICIT_LITTLE
    truth: Callable[[Any], Mapping[str, Any]] | None = None
    told_of: Callable[[Any, Dataset], Mapping[str, Any]] | None = None
    draw: Callable[[Any, Dataset], None] | None = None
    parts: Callable[[Any, Context], tuple[Part, ...]] | None = None
    default_phantom_of: Callable[[Mapping[str, Any]], str | None] | None = None
    reports: str | None = None
    also_reports: tuple[str, ...] = ()
    series_number: int = 1
    sop_class_of: Callable[[Any], str] | None = None
    other_classes: Callable[[Any], tuple[str, ...]] | None = None
    patient_sex: Literal["", "F", "M"] = ""
    body_parts: bool = True
    labels: bool = True

    def usual_phantom(self, options: Mapping[str, Any]) -> str | None:
        """Name of the phantom that is scanned with these options when none is given; None for what scans none."""
        return self.default_phantom_of(options) if self.default_phantom_of else self.default_phantom

    def sop_class(self, acquisition: Any) -> str:
        """SOP Class UID of a scan's instances."""
        return self.sop_class_of(acquisition) if self.sop_class_of else self.sop_class_uid

    def sop_classes(self, acquisition: Any) -> tuple[str, ...]:
        """Every SOP Class UID that a scan's instances have."""
        others = self.other_classes(acquisition) if self.other_classes else ()
        return tuple(dict.fromkeys((self.sop_class(acquisition), *others)))

    def instances(self, acquisition: Acquisition) -> int:
        """How many instances a scan makes."""
        return 1 if self.multi_frame else len(acquisition)
