"""Studies from phantoms: what `generate` writes and a station scans, each instance made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from modality.acquisition.digest import content_digest
from modality.acquisition.frames import Acquisition
from modality.acquisition.truth import label_file, truth
from modality.errors import UsageError
from modality.identity import Clock, Identity, Patient, clock_of, fresh_seed, patient
from modality.iods.attributes import set_attributes
from modality.iods.context import Context, Equipment, Series
from modality.iods.context import Study as StudyContext
from modality.iods.image import ImageIod
from modality.iods.kind import Kind
from modality.iods.options import checked_options
from modality.iods.reports.source import joined_study
from modality.protocol.negotiation import Context as PresentationContext
from modality.registry import KINDS, SECTIONS, scanned_of
from modality.station.awkwardness.finishing import PLAIN, Finish, check_applies, finish_of
from modality.station.slides.plan import ALONE, Making, instances_of, most_frames, written_places
from modality.transfer.defects.table import EMPTY_TYPE_1
from modality.transfer.encode import prepare, prepare_frames
from modality.transfer.framewise.layout import CHROMA, FrameEncoding
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.series import Template
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TransferSyntax, syntax
from phantoms.errors import PhantomError
from phantoms.phantom import Phantom

if TYPE_CHECKING:
    from modality.iods.images.slide import SlideSeries
    from modality.iods.personas.persona import Persona


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
            yield from scanned(series, self._frame_encoding, self._assigned, self.making)
            return
        whole = self.kind.multi_frame
        if whole is not None:
            dataset, frames = whole.frames(self.acquisition, self.context)
            yield prepare_frames(self._assigned(dataset), frames, self.transfer_syntax, quality=self.quality)
            return
        iod = self.kind.iod
        if iod is not None and iod.frame_values is not None and not self.transfer_syntax.encapsulated:
            yield from self._filled_in(iod)
            return
        assert self.kind.describe is not None
        for dataset in self.kind.describe(self.acquisition, self.context):
            yield prepare(self._assigned(dataset), self.transfer_syntax, quality=self.quality)

    def files(self) -> Iterator[Path]:
        """The images of a slide as files, each to be moved away, which costs nothing; others are gone in the end."""
        from modality.station.slides.scanning import scanned_files

        assert self.kind.slides is not None
        series = self.kind.slides(self.acquisition, self.context)
        paths = scanned_files(series, self._frame_encoding, self._assigned, self.making)
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
            set_attributes(dataset, self.assignments, empty_type_1=EMPTY_TYPE_1 in self.finish.defects)
        return dataset

    def _filled_in(self, iod: ImageIod[Any]) -> Iterator[PreparedInstance]:
        """The instances from one description: each slice fills in what is its own."""
        template = None
        assigned = self.assignments or {}
        for frame in self.acquisition:
            values = iod.values_of(self.acquisition, self.context, frame)
            own = {keyword: value for keyword, value in values.items() if keyword not in assigned}
            if template is None:
                dataset = self._assigned(iod.describe_frame(self.acquisition, self.context, frame))
                template = Template(dataset, self.transfer_syntax, own)
            yield template.instance(own, frame.pixels)

    @property
    def uid(self) -> str:
        """Series Instance UID."""
        return self.context.series.uid

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
        if self.kind.told_of is None or self.kind.multi_frame is None:
            return {}
        dataset, _ = self.kind.multi_frame.frames(self.acquisition, self.context)
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


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """Series of one patient and one study.

    Args:
        series: at least one.
        seed: what all of it was drawn from.
    """

    series: tuple[Scan, ...]
    seed: int

    def __len__(self) -> int:
        return sum(map(len, self.series))

    def __iter__(self) -> Iterator[PreparedInstance]:
        for scan in self.series:
            yield from scan

    def made_with(self, making: Making) -> Study:
        """The same study, its slides made in another place or by more processes."""
        return replace(self, series=tuple(replace(scan, making=making) for scan in self.series))

    @property
    def uid(self) -> str:
        """Study Instance UID."""
        return self.series[0].context.study.uid

    @property
    def patient(self) -> Patient:
        """Whom it is of."""
        return self.series[0].context.patient

    def _repr_html_(self) -> str:
        """What a notebook shows of it."""
        from modality.station.notebook import study_html

        return study_html(self)

    @property
    def contexts(self) -> list[PresentationContext]:
        """SOP Class and Transfer Syntax of what it holds."""
        made = [(scan.kind.sop_classes(scan.acquisition), scan.transfer_syntax.uid) for scan in self.series]
        return list(dict.fromkeys((uid, syntax_uid) for uids, syntax_uid in made for uid in uids))


def load_phantom(name: str, **options: Any) -> Phantom:
    """A phantom of the tables, or a section of tissue.

    Raises:
        UnknownNameError: no table has one of that name.
        UsageError: it cannot be made with these options.
    """
    make = scanned_of(name).load(name)
    try:
        made: Phantom = make(**options)
    except (PhantomError, TypeError) as error:
        raise UsageError(f"phantom {name}: {error}") from error
    return made


def acquire(kind: Kind, phantom: Phantom | None, *, seed: int, **options: Any) -> Acquisition:
    """Scan a phantom as this kind does, or nothing; options are those of the kind's own acquisition.

    Raises:
        UsageError: an option is unknown, of another type, or out of range.
    """
    if (phantom is None) != (kind.default_phantom is None):
        raise UsageError(f"{kind.name}: scans {'a phantom' if phantom is None else 'no phantom'}")
    if phantom is not None and kind.slides is None and phantom.name in SECTIONS.entries:
        raise UsageError(f"{kind.name}: {phantom.name} is a section on a slide, which only a slide scanner (sm) sees")
    try:
        made: Acquisition = kind.acquire(phantom, seed=seed, **checked_options(kind.acquire, options))
    except (PhantomError, TypeError) as error:
        raise UsageError(f"{kind.name}: {error}") from error
    return made


def unordered(kind: Kind, identity: Identity, started: datetime) -> StudyContext:
    """A study that answers no order."""
    return StudyContext(
        uid=identity.uid("study"),
        started=started,
        study_id=f"{identity.number('study id', 10**6):06d}",
        accession_number=f"A{identity.number('accession', 10**8):08d}",
        description=kind.title,
    )


def generate(
    kind_name: str,
    phantom: Phantom | None = None,
    *,
    seed: int | None = None,
    clock: Clock | None = None,
    transfer_syntax: str | TransferSyntax | None = None,
    quality: float | None = None,
    assignments: Mapping[str, str] | None = None,
    persona: Persona | str | None = None,
    defects: Iterable[str] = (),
    **options: Any,
) -> Study:
    """A study of one series, of any kind.

    Args:
        kind_name: an entry of the table of kinds.
        phantom: what is scanned; the kind's own by default, drawn from the seed.
        seed: what identity, noise and dates come from; a new one by default.
        clock: gives the date and time; the seed does by default.
        transfer_syntax: keyword or UID; the kind's own by default.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        assignments: attributes set over those of the IOD, by keyword.
        persona: whose habits the instances have: a name of `modality list personas`, the path of a TOML, or one made.
        defects: names of `modality list defects` that are put into the instances.
        **options: the acquisition's own, such as `slices`, `rows`, `columns`, `kvp`.

    Raises:
        UsageError: a name, an option or a value is wrong.
        UnsupportedError: the transfer syntax cannot carry the pixels.
    """
    kind: Kind = KINDS.load(kind_name)
    finish = finish_of(persona, defects)
    seed = fresh_seed() if seed is None else seed
    if phantom is None and kind.default_phantom is not None:
        phantom = load_phantom(kind.default_phantom, seed=seed)
    acquisition = acquire(kind, phantom, seed=seed, **options)
    who = finish.patient(patient(seed), seed)
    assignments = finish.assignments(assignments)
    now = (clock or clock_of(seed))()
    transfer_syntax = transfer_syntax or kind.default_syntax
    encoding = syntax(transfer_syntax) if isinstance(transfer_syntax, str) else transfer_syntax
    encoding.check_quality(quality)
    identity = Identity(seed, (kind.name, content_digest(acquisition, assignments), *finish.scope))
    study = unordered(kind, identity, now)
    if kind.reports is not None:  # it joins the study of what it is about
        study = unordered(*joined_study(kind, acquisition), now)
    series = Series(
        uid=identity.uid("series"),
        number=kind.series_number,
        started=now,
        frame_of_reference_uid=identity.uid("frame of reference"),
        description=f"{kind.title} {phantom.name}" if phantom else kind.title,
        protocol_name=f"{kind.name}-{phantom.name}" if phantom else kind.name,
    )
    context = Context(who, study, series, identity, Equipment(station_name="SIMULATOR"))
    scan = Scan(kind, acquisition, context, encoding, quality, assignments, finish=finish)
    check_applies(scan)
    return Study((scan,), seed)


def ct(phantom: Phantom | None = None, *, seed: int | None = None, **options: Any) -> Study:
    """A CT study of one series; see `generate` for what is common, and `modality.acquisition.ct.ct` for the options."""
    return generate("ct", phantom, seed=seed, **options)


def mr(phantom: Phantom | None = None, *, seed: int | None = None, **options: Any) -> Study:
    """An MR study of one series; as `ct`, with the options of `modality.acquisition.mr.mr`."""
    return generate("mr", phantom, seed=seed, **options)
