"""One series on its way to be made: each instance when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from modality.acquisition.frames import Acquisition
from modality.acquisition.truth import label_file, truth
from modality.errors import UsageError
from modality.iods.attributes import set_attributes
from modality.iods.context import Context
from modality.iods.kind import Kind
from modality.iods.modules.microscopy.slide_label import relabel
from modality.iods.part import Part
from modality.station.awkwardness.finishing import PLAIN, Finish
from modality.station.series.slices import Slices
from modality.station.slides.plan import ALONE, Making, instances_of, most_frames, written_places
from modality.transfer.defects.table import EMPTY_TYPE_1, IMPOSSIBLE, NOT_ENUMERATED
from modality.transfer.encode import prepare, prepare_frames
from modality.transfer.framewise.layout import CHROMA, FrameEncoding
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax

if TYPE_CHECKING:
    from modality.iods.images.slide import SlideSeries

_LOSSY = frozenset(("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"))


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """One series: an acquisition and all that its images say besides their pixels.

    Args:
        kind: what sort of series.
        acquisition: gives the frames.
        context: patient, order, machine, moment.
        transfer_syntax: what the instances are encoded in.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        assignments: attributes set over those of the IOD, by keyword.
        making: where and by how many processes slides are made.
        finish: what is done to the instances once they are made.
    """

    kind: Kind
    acquisition: Acquisition
    context: Context
    transfer_syntax: TransferSyntax = EXPLICIT_LITTLE
    quality: float | None = None
    assignments: Mapping[str, str] | None = None
    making: Making = ALONE
    finish: Finish = PLAIN

    def __len__(self) -> int:
        if self.kind.slides is not None:
            return instances_of(self.kind.slides(self.acquisition, self.context), self._frame_encoding)
        return self.kind.instances(self.acquisition)

    @property
    def _frame_encoding(self) -> FrameEncoding:
        return FrameEncoding(self.transfer_syntax, self.quality, getattr(self.acquisition, "chroma", CHROMA[0]))

    def __iter__(self) -> Iterator[PreparedInstance]:
        return self.finish.finished(self, self._made()) if self.finish else self._made()

    def _made(self) -> Iterator[PreparedInstance]:
        if self.kind.slides is not None:
            from modality.station.slides.scanning import scanned

            series = self.kind.slides(self.acquisition, self.context)
            yield from scanned(series, self._frame_encoding, self._labelled, self.making)
            return
        whole = self.kind.multi_frame
        if whole is not None:
            dataset, frames = whole.frames(self.acquisition, self.context)
            yield prepare_frames(self._assigned(dataset), frames, self.transfer_syntax, quality=self.quality)
            return
        if self.kind.iod is not None:
            yield from map(Slices(self).instance, self.acquisition)
            return
        assert self.kind.describe is not None
        for dataset in self.kind.describe(self.acquisition, self.context):
            yield prepare(self.as_set(dataset), self.transfer_syntax, quality=self.quality)

    def files(self) -> Iterator[Path]:
        """The images of a slide as files, each to be moved away, which costs nothing; others are gone in the end."""
        from modality.station.slides.scanning import scanned_files

        assert self.kind.slides is not None
        series = self.kind.slides(self.acquisition, self.context)
        paths = scanned_files(series, self._frame_encoding, self._labelled, self.making)
        return self._finished_files(paths) if self.finish else paths

    def _finished_files(self, paths: Iterable[Path]) -> Iterator[Path]:
        """Files written once more, with what is done to the instances."""
        at = Path()

        def instances() -> Iterator[PreparedInstance]:
            nonlocal at
            for at in paths:
                yield read(at)

        for instance in self.finish.finished(self, instances()):
            instance.write(at)
            yield at

    def _assigned(self, dataset: Dataset) -> Dataset:
        if self.assignments:
            if not self.transfer_syntax.lossless and (given := _LOSSY.intersection(self.assignments)):
                lossy = f"{self.transfer_syntax.keyword} is lossy, and how much is measured"
                raise UsageError(f"{', '.join(sorted(given))} cannot be set: {lossy}")
            defects = self.finish.defects
            set_attributes(
                dataset,
                self.assignments,
                empty_type_1=EMPTY_TYPE_1 in defects,
                not_enumerated=NOT_ENUMERATED in defects,
                impossible=IMPOSSIBLE in defects,
            )
        return dataset

    def as_set(self, dataset: Dataset) -> Dataset:
        """A data set as it was described, with the attributes that were set and what follows from them."""
        self._assigned(dataset)
        if self.assignments and self.kind.draw is not None:
            self.kind.draw(self.acquisition, dataset)
        return dataset

    def _labelled(self, dataset: Dataset) -> Dataset:
        """An image of a slide, its label as the attributes that were set have it."""
        self._assigned(dataset)
        relabel(dataset, self.assignments or ())
        return dataset

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return self.context.series.uid

    @property
    def parts(self) -> tuple[Part, ...]:
        """The series that its instances stand in: those of the files, in the order of the instances."""
        if self.kind.parts is not None:
            made = self.kind.parts(self.acquisition, self.context)
        else:
            series = self.context.series
            made = (Part(series.uid, series.description, len(self), self.sop_class_uid),)
        return tuple(replace(one, description=self.said("SeriesDescription", one.description)) for one in made)

    def said(self, keyword: str, own: str) -> str:
        """What its instances say of an attribute: what was set, or else their own value."""
        return (self.assignments or {}).get(keyword, own)

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID of its instances."""
        return self.kind.sop_class(self.acquisition)

    def truth(self) -> dict[str, Any]:
        """What the instances show or hold, as it is known: plain data, ready for JSON."""
        if self.kind.slides is not None:
            return dict(self.kind.slides(self.acquisition, self.context).scan.truth())
        if self.kind.truth is not None:
            return {**self.kind.truth(self.acquisition), **self._told()}
        return dict(truth(self.acquisition))

    def _told(self) -> Mapping[str, Any]:
        """What of the truth depends on the data set, with what was set in it."""
        if self.kind.told_of is None:
            return {}
        if self.kind.multi_frame is not None:
            dataset, _ = self.kind.multi_frame.frames(self.acquisition, self.context)
        else:
            assert self.kind.describe is not None
            dataset = next(iter(self.kind.describe(self.acquisition, self.context)))
        return self.kind.told_of(self.acquisition, self._assigned(dataset))

    def labels(self) -> Iterator[bytes]:
        """Which structure each voxel shows, as a file of numpy's, slice by slice."""
        return label_file(self.acquisition)

    def segmentations(self) -> Iterator[Dataset]:
        """The same as objects that refer to the images: a segmentation of each stack of slices.

        Of a slide, its nuclei as annotations, and its regions as a segmentation.

        Raises:
            MissingExtraError: highdicom is not installed.
            UsageError: what was scanned has no such labels, or too many, or the kind has no slices.
        """
        if not self.kind.labels:
            raise UsageError(f"{self.kind.name}: its instances are no slices, and have no segmentation")
        if self.kind.slides is not None:
            return map(self.finish.derived, self._of_a_slide(self.kind.slides(self.acquisition, self.context)))
        from modality.iods.derived.segmentation import segmentations, sources

        images = map(self._assigned, sources(self.kind, self.acquisition, self.context))
        return map(self.finish.derived, segmentations(self.kind, self.acquisition, self.context, images))

    def _of_a_slide(self, series: SlideSeries) -> Iterator[Dataset]:
        from modality.iods.derived.slide_annotations import nuclei
        from modality.iods.derived.slide_origin import Slide
        from modality.iods.derived.slide_regions import regions

        parts = series.levels(written_places(series.scan), most_frames(series.scan, self._frame_encoding))
        slide = Slide(series, [images[0] for images in parts], self._assigned)
        yield regions(slide)
        yield nuclei(slide)
