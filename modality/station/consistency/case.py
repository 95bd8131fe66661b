"""What is judged together: images, worklist items, performed steps, commitments, and which belongs to which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset

from modality.protocol.step_states import FINAL_STATES
from modality.station.consistency.values import Part, sequence, text

REFERENCES = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")
# How much an identifier in common says: a step or a procedure ID is unique within its order only.
_SAYS = {
    "StudyInstanceUID": 3,
    "AccessionNumber": 3,
    "ScheduledProcedureStepID": 2,
    "RequestedProcedureID": 2,
    "PatientID": 1,
    "Modality": 1,
}
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Image:
    """One file of the study.

    Args:
        part: where it is, and its data set without pixel data.
        meta: its file meta information.
        pixel_bytes: length of native pixel data; None where it is encapsulated or absent.
        encapsulated: it has pixel data in fragments.
        undecodable: keywords of texts that are not in the character set declared.
    """

    part: Part
    meta: Dataset
    pixel_bytes: int | None = None
    encapsulated: bool = False
    undecodable: tuple[str, ...] = ()

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return text(self.part.dataset, "SOPInstanceUID")

    @property
    def sop_class(self) -> str:
        """SOP Class UID."""
        return text(self.part.dataset, "SOPClassUID")

    @property
    def series(self) -> str:
        """Series Instance UID."""
        return text(self.part.dataset, "SeriesInstanceUID")

    @property
    def study(self) -> str:
        """Study Instance UID."""
        return text(self.part.dataset, "StudyInstanceUID")

    @property
    def requests(self) -> list[Dataset]:
        """Items of its Request Attributes Sequence."""
        return sequence(self.part.dataset, "RequestAttributesSequence")

    @property
    def step_uids(self) -> list[str]:
        """SOP Instance UIDs of the performed steps that it refers to."""
        found = sequence(self.part.dataset, "ReferencedPerformedProcedureStepSequence")
        return [text(one, "ReferencedSOPInstanceUID") for one in found]


@dataclass(frozen=True, slots=True)
class Step:
    """A performed step as a modality told of it.

    Args:
        part: its attributes as they stand in the end.
        uid: SOP Instance UID; empty where the evidence does not tell.
        created: the N-CREATE's attributes, where they were given apart.
        changes: the N-SETs after it, in order.
    """

    part: Part
    uid: str = ""
    created: Part | None = None
    changes: tuple[Part, ...] = ()

    @property
    def state(self) -> str:
        """Performed Procedure Step Status."""
        return text(self.part.dataset, "PerformedProcedureStepStatus")

    @property
    def final(self) -> bool:
        """It is COMPLETED or DISCONTINUED."""
        return self.state in FINAL_STATES

    @property
    def requests(self) -> list[Dataset]:
        """Items of its Scheduled Step Attributes Sequence."""
        return sequence(self.part.dataset, "ScheduledStepAttributesSequence")

    @property
    def series(self) -> list[Dataset]:
        """Items of its Performed Series Sequence."""
        return sequence(self.part.dataset, "PerformedSeriesSequence")

    def listed(self) -> Iterator[tuple[Dataset, str, str, str]]:
        """Each instance it names: the series' item, which sequence, SOP Class UID, SOP Instance UID."""
        for series in self.series:
            for keyword in REFERENCES:
                for one in sequence(series, keyword):
                    yield series, keyword, text(one, "ReferencedSOPClassUID"), text(one, "ReferencedSOPInstanceUID")


@dataclass(frozen=True, slots=True)
class Report:
    """A storage commitment result (N-EVENT-REPORT, PS3.4 Table J.3-2)."""

    part: Part

    @property
    def committed(self) -> list[tuple[str, str]]:
        """SOP Class and Instance UID of what the archive takes responsibility for."""
        return [_pair(one) for one in sequence(self.part.dataset, "ReferencedSOPSequence")]

    @property
    def failed(self) -> list[tuple[str, str, str]]:
        """The same of what it does not, with the Failure Reason."""
        found = sequence(self.part.dataset, "FailedSOPSequence")
        return [(*_pair(one), text(one, "FailureReason")) for one in found]


def _pair(item: Dataset) -> tuple[str, str]:
    return text(item, "ReferencedSOPClassUID"), text(item, "ReferencedSOPInstanceUID")


class Case:
    """All the evidence, and what belongs together in it.

    Args:
        images: the files of the study, or of several.
        items: worklist items.
        steps: performed steps.
        reports: storage commitment results.
    """

    def __init__(
        self,
        images: list[Image],
        items: list[Part] | None = None,
        steps: list[Step] | None = None,
        reports: list[Report] | None = None,
    ) -> None:
        self.images, self.items = images, items or []
        self.steps, self.reports = steps or [], reports or []
        self._one_study = len({image.study for image in images}) <= 1
        self.listed = {uid: step for step in self.steps for _, _, _, uid in step.listed()}
        self.by_uid = {image.uid: image for image in images}
        self._steps = {id(image): self._step_of(image) for image in images}
        self._requests = [(image, [(one, self.item_of(one, image.part)) for one in _or_one(image)]) for image in images]

    def parts(self) -> Iterator[Part]:
        """Every data set of the evidence; of a performed step that was told of in messages, each message."""
        yield from (image.part for image in self.images)
        yield from self.items
        for step in self.steps:
            yield from (step.created or step.part, *step.changes)
        yield from (report.part for report in self.reports)

    def step_of(self, image: Image) -> Step | None:
        """The performed step of an image: the one that lists it, that it refers to, or whose ID it bears."""
        return self._steps[id(image)]

    def _step_of(self, image: Image) -> Step | None:
        if image.uid in self.listed:
            return self.listed[image.uid]
        named = image.step_uids
        for step in self.steps:
            if step.uid and step.uid in named:
                return step
        step_id = text(image.part.dataset, "PerformedProcedureStepID")
        for step in self.steps:
            same = step_id and step_id == text(step.part.dataset, "PerformedProcedureStepID")
            if same and image.study in {text(one, "StudyInstanceUID") for one in step.requests}:
                return step
        return None

    def item_of(self, request: Dataset, within: Part) -> Part | None:
        """The worklist item that a request is about.

        Args:
            request: an item of Request Attributes or Scheduled Step Attributes Sequence.
            within: the image or performed step that it stands in.
        """
        if not self.items:
            return None
        if len(self.items) == 1 and self._one_study:
            return self.items[0]
        scored = [(_in_common(request, within.dataset, item.dataset), -place) for place, item in enumerate(self.items)]
        score, place = max(scored)
        return self.items[-place] if score >= _ENOUGH else None

    def in_groups(self, keyword: str) -> Iterator[tuple[Image, Image]]:
        """The first image of each study, series, ... and each other one of it."""
        first: dict[str, Image] = {}
        for image in self.images:
            group = text(image.part.dataset, keyword)
            if first.setdefault(group, image) is not image:
                yield first[group], image

    def images_and_steps(self) -> Iterator[tuple[Image, Step]]:
        """Each image with its performed step."""
        for image in self.images:
            step = self.step_of(image)
            if step is not None:
                yield image, step

    def images_and_items(self) -> Iterator[tuple[Image, Dataset, Part]]:
        """Each image with each request that it answers, and the worklist item of that."""
        for image, requests in self._requests:
            for request, item in requests:
                if item is not None:
                    yield image, request, item

    def steps_and_items(self) -> Iterator[tuple[Step, Dataset, Part]]:
        """Each performed step with each scheduled step that it answers, and the worklist item of that."""
        for step in self.steps:
            for request in step.requests:
                item = self.item_of(request, step.part)
                if item is not None:
                    yield step, request, item


def _or_one(image: Image) -> list[Dataset]:
    """The requests of an image; an empty one where it names none."""
    return image.requests or [Dataset()]


def scheduled(item: Dataset) -> Dataset:
    """The item of a worklist item's Scheduled Procedure Step Sequence."""
    found = sequence(item, "ScheduledProcedureStepSequence")
    return found[0] if found else Dataset()


def _in_common(request: Dataset, within: Dataset, item: Dataset) -> int:
    score = 0
    for keyword, says in _SAYS.items():
        ours = {text(one, keyword) for one in (request, within)}
        theirs = {text(one, keyword) for one in (item, scheduled(item))}
        score += says if (ours & theirs) - {""} else 0
    return score
