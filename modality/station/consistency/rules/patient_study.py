"""Who and which study: equal in images, worklist item and performed step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from modality.station.consistency.case import Case
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, compare, normal, shown, text

_TF = "IHE RAD TF-2x A.1"


def _everywhere(*keywords: str) -> Callable[[Case], Iterator[Finding]]:
    """The same in the images of a study, their worklist item and their performed step."""

    def judge(case: Case) -> Iterator[Finding]:
        for keyword in keywords:
            for one, other in case.in_groups("StudyInstanceUID"):
                yield from compare(keyword, other.part, one.part)
            for image, _, item in case.images_and_items():
                yield from compare(keyword, image.part, item, where="right")
            for image, step in case.images_and_steps():
                yield from compare(keyword, image.part, step.part)
            for step, _, item in case.steps_and_items():
                yield from compare(keyword, step.part, item, where="right")

    return judge


def _of_the_study(*keywords: str) -> Callable[[Case], Iterator[Finding]]:
    """The same in all images of a study."""

    def judge(case: Case) -> Iterator[Finding]:
        for keyword in keywords:
            for one, other in case.in_groups("StudyInstanceUID"):
                yield from compare(keyword, other.part, one.part)

    return judge


def _in_requests(case: Case, keyword: str) -> Iterator[Finding]:
    """An identifier of the order that the images repeat in their requests: the item's, and the image's own."""
    for image, request, item in case.images_and_items():
        yield from compare(keyword, Part(f"a request of {image.part.source}", request), item, where="both")
    for image in case.images:
        if len(image.requests) == 1:
            part = Part(f"the request of {image.part.source}", image.requests[0])
            yield from compare(keyword, part, image.part, where="both")


def _study_uid(case: Case) -> Iterator[Finding]:
    keyword = "StudyInstanceUID"
    yield from _in_requests(case, keyword)
    for image, _, item in case.images_and_items():
        if len(image.requests) < 2:  # a group may have one of the values, a new one, or none
            yield from compare(keyword, image.part, item, where="right")
    for image, step in case.images_and_steps():
        told = list(dict.fromkeys(text(request, keyword) for request in step.requests))  # several: the images once each
        yield Finding(keyword, image.part.source, image.study, step.part.source, ", ".join(told), image.study in told)
    for step, request, item in case.steps_and_items():
        if len(step.requests) == 1:
            yield from compare(keyword, Part(step.part.source, request), item, where="right")


def _accession(case: Case) -> Iterator[Finding]:
    keyword = "AccessionNumber"
    for one, other in case.in_groups("StudyInstanceUID"):
        yield from compare(keyword, other.part, one.part)
    yield from _in_requests(case, keyword)
    for image, _, item in case.images_and_items():
        if len(image.requests) < 2:  # a group may have one of the values, a new one, or none
            yield from compare(keyword, image.part, item, where="right")
    for image, step in case.images_and_steps():
        if len(step.requests) == 1:
            yield from compare(keyword, image.part, Part(step.part.source, step.requests[0]))
    for step, request, item in case.steps_and_items():
        yield from compare(keyword, Part(step.part.source, request), item, where="right")


def _referring(case: Case) -> Iterator[Finding]:
    keyword = "ReferringPhysicianName"
    yield from _of_the_study(keyword)(case)
    for image, _, item in case.images_and_items():
        yield from compare(keyword, image.part, item, where="right")


def _referenced_studies(case: Case) -> Iterator[Finding]:
    keyword = "ReferencedStudySequence"
    for image, request, item in case.images_and_items():
        theirs = set(shown(item.dataset, keyword).split(", ")) - {""}
        own = {"image": image.part.dataset, "request": request}
        there = [name for name, dataset in own.items() if shown(dataset, keyword)] or list(own)
        for name in there if theirs else ():  # an image has those of all its requests, a request its own
            ours = shown(own[name], keyword)
            yield Finding(keyword, f"{name} of {image.part.source}", ours, item.source, shown(item.dataset, keyword),
                          theirs <= set(ours.split(", ")))  # fmt: skip
    for step, request, item in case.steps_and_items():
        yield from compare(keyword, Part(step.part.source, request), item, where="right")


def _study_id(case: Case) -> Iterator[Finding]:
    yield from _of_the_study("StudyID")(case)
    for image, step in case.images_and_steps():
        yield from compare("StudyID", image.part, step.part)


def _one_study_a_series(case: Case) -> Iterator[Finding]:
    for one, other in case.in_groups("SeriesInstanceUID"):
        if one.series:
            yield Finding("StudyInstanceUID", other.part.source, other.study, one.part.source, one.study,
                          one.study == other.study)  # fmt: skip


def _one_patient_a_series(case: Case) -> Iterator[Finding]:
    for one, other in case.in_groups("SeriesInstanceUID"):
        if not one.series:
            continue
        ours, theirs = (
            "\\".join(normal(image.part.dataset, keyword) for keyword in ("PatientID", "IssuerOfPatientID"))
            for image in (other, one)
        )
        yield Finding("PatientID", other.part.source, text(other.part.dataset, "PatientID"), one.part.source,
                      text(one.part.dataset, "PatientID"), ours == theirs)  # fmt: skip


RULES = (
    Rule("R01", "One Patient ID", _TF, "images, worklist item, performed step", _everywhere("PatientID")),
    Rule("R02", "One Patient's Name", _TF, "images, worklist item, performed step", _everywhere("PatientName")),
    Rule(
        "R03", "One Patient's Birth Date", _TF, "images, worklist item, performed step", _everywhere("PatientBirthDate")
    ),
    Rule("R04", "One Patient's Sex", _TF, "images, worklist item, performed step", _everywhere("PatientSex")),
    Rule(
        "R05",
        "One Issuer of Patient ID",
        _TF,
        "images, worklist item, performed step",
        _everywhere("IssuerOfPatientID"),
    ),
    Rule(
        "R06",
        "The Study Instance UID scheduled is that of images and performed step",
        f"{_TF}; PS3.4 F.7.2.2",
        "images, worklist item, performed step",
        _study_uid,
    ),
    Rule("R07", "One Accession Number", _TF, "images, worklist item, performed step", _accession),
    Rule("R08", "One Referring Physician's Name", _TF, "images, worklist item", _referring),
    Rule("R09", "One Study ID", _TF, "images, performed step", _study_id),
    Rule(
        "R10",
        "One Study Date, Time and Description in a study",
        "PS3.3 C.7.2.1",
        "images of a study",
        _of_the_study("StudyDate", "StudyTime", "StudyDescription"),
    ),
    Rule("R11", "The studies referred to are those scheduled", _TF, "images, worklist item, performed step",
         _referenced_studies),
    Rule("R12", "A series is of one study", "PS3.3 A.1.2.3", "images of a series", _one_study_a_series),
    Rule("R13", "A series is of one patient", "PS3.3 A.1.2", "images of a series", _one_patient_a_series),
)  # fmt: skip
