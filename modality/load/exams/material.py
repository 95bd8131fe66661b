"""The instances of a load: made once for each type of exam, and stamped for each study with an identity of its own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Any

import numpy as np

from modality.acquisition.frames import Frame
from modality.errors import UsageError
from modality.identity import Identity, uid
from modality.iods.image import ImageIod
from modality.load.exams.drawn import can_be_drawn, kept, names_somebody, of_study
from modality.load.exams.mould import Mould, text
from modality.load.exams.plan import PlannedStudy
from modality.load.scenario import Exam, Scenario
from modality.registry import KINDS
from modality.station.study import Scan, generate, load_phantom
from modality.transfer.instance import PreparedInstance
from modality.transfer.series import Template
from modality.transfer.syntaxes import syntax

_MANY = ("ct", "mr")  # kinds whose instances are as many as are asked for
_STUDIES_KEPT = 64  # whose texts are at hand: more than stand side by side, but for a burst
_NOT_DRAWN = "what is written in its pictures names whom they were made of, and not the patient of each study"
_DRAWN_KEPT = 8  # whose drawn instances are, of some MB each (our choice)

Progress = Callable[[int, int], None]
"""Called with the number of exams prepared and of all."""


class Material:
    """What the exams of a scenario are made of.

    Args:
        scenario: what there is to prepare.
        seed: what pixels and geometry come from.
        only: names of the exams that are prepared here, which may take seconds for each; all by default. Others follow
            by `prepare`, or when an instance is asked for.
        fresh_pixels: each instance has pixels of its own: the lowest bit of each sample is drawn anew, which is below
            the noise; for archives that keep the same pixels once.
        progress: told how far it is.

    What tells in its pixels or on its pages whom it is of is drawn for each study, which takes some time of the run;
    `cautions` names what is not.

    Attributes:
        sizes: instances that a study of each exam has, by the exam's name.
        cautions: what of the prepared exams is not as it would be in life, a line each.

    Raises:
        UsageError: an exam's options are wrong, or its pixels cannot be made fresh.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        *,
        only: Collection[str] | None = None,
        fresh_pixels: bool = False,
        progress: Progress | None = None,
    ) -> None:
        self.seed = seed
        self.fresh_pixels = fresh_pixels
        self._moulds: dict[str, list[Mould]] = {}
        self._places: dict[str, dict[str, int]] = {}
        self._modalities = {one.name: str(KINDS.load(one.kind).modality) for one in scenario.exam}
        self._texts: OrderedDict[str, dict[str, bytes]] = OrderedDict()
        self._exams = {one.name: one for one in scenario.exam if one.share > 0}
        self._scans: dict[str, Scan] = {}  # planned, which shows every wrong option, and not yet made
        self._drawn: dict[str, Scan] = {}  # of exams whose instances tell whom they are of, with frames kept
        self._drawing_s: dict[str, float] = {}
        self._of_studies: OrderedDict[str, list[Mould]] = OrderedDict()
        self.sizes: dict[str, int] = {}
        self.cautions: list[str] = []
        for exam in self._exams.values():
            if fresh_pixels and syntax(exam.transfer_syntax).encapsulated:
                raise UsageError(
                    f"exam {exam.name!r}: only native pixels can be made fresh, and not {exam.transfer_syntax}"
                )
            self._scans[exam.name] = scan = _planned(exam, seed)
            self.sizes[exam.name] = exam.series * (exam.instances or len(scan))
        self.prepare(self._exams if only is None else only, progress)

    def prepare(self, exams: Collection[str], progress: Progress | None = None) -> None:
        """Make the instances of the exams of these names, as far as that has not been done yet."""
        missing = [one for one in self._exams if one in exams and one not in self._moulds]
        for number, name in enumerate(missing):
            if progress:
                progress(number, len(missing))
            planned = self._scans[name]
            drawn = kept(planned) if can_be_drawn(planned.kind) else planned
            moulds = self._cast(self._exams[name], drawn)
            if any(names_somebody(one.instance) for one in moulds):
                if drawn is planned:
                    self.cautions.append(f"exam {name!r}: {_NOT_DRAWN}")
                else:
                    self._drawn[name] = drawn
                    self._drawing_s[name] = _seconds(partial(self._cast, self._exams[name], drawn))
            self._places[name] = {one.instance.sop_instance_uid: place for place, one in enumerate(moulds)}
            self._moulds[name] = moulds

    def _moulds_of(self, name: str) -> list[Mould]:
        self.prepare([name])
        return self._moulds[name]

    @staticmethod
    def _cast(exam: Exam, scan: Scan) -> list[Mould]:
        return [Mould(one) for one in _instances(exam, scan)]

    def drawing_s(self, exam: str) -> float:
        """How long the instances of a study take that are drawn for it; 0 where they are only stamped."""
        return self._drawing_s.get(exam, 0.0)

    def _mould(self, study: PlannedStudy, place: int) -> Mould:
        """What an instance of a study is cast in, by its place in its series."""
        shared = self._moulds_of(study.exam.name)
        scan = self._drawn.get(study.exam.name)
        if scan is None:
            return shared[place % len(shared)]
        own = self._of_studies.get(study.uid)
        if own is None:
            named = of_study(scan, study, _study_id(study))
            own = self._of_studies[study.uid] = self._cast(study.exam, named)
            while len(self._of_studies) > _DRAWN_KEPT:
                self._of_studies.popitem(last=False)  # in one step: several threads are here
        return own[place % len(own)]

    @property
    def prepared(self) -> list[str]:
        """Names of the exams whose instances are made."""
        return list(self._moulds)

    def contexts(self) -> list[tuple[str, str]]:
        """SOP Class and Transfer Syntax of all that is prepared."""
        every = (mould.instance for moulds in self._moulds.values() for mould in moulds)
        return list(dict.fromkeys((one.sop_class_uid, one.transfer_syntax_uid) for one in every))

    def modality(self, exam: str) -> str:
        """The modality of an exam, as the kind has it."""
        return self._modalities[exam]

    def place(self, study: PlannedStudy, index: int) -> tuple[int, str]:
        """Which series of its study an instance is in, from 0, and its SOP Class."""
        series, place = divmod(index, self.sizes[study.exam.name] // study.exam.series)
        moulds = self._moulds_of(study.exam.name)
        return series, moulds[place % len(moulds)].instance.sop_class_uid

    def bytes_of(self, exam: str) -> float:
        """Mean size of an exam's instances, in bytes."""
        moulds = self._moulds_of(exam)
        return sum(one.instance.size for one in moulds) / len(moulds)

    def instance(self, study: PlannedStudy, index: int) -> PreparedInstance:
        """Instance `index` of a planned study, ready to leave; the same bytes each time."""
        series, place = divmod(index, self.sizes[study.exam.name] // study.exam.series)
        mould = self._mould(study, place)
        old = mould.instance
        study_uid, series_uid, sop_instance_uid = study.uid, study.series_uid(series), study.instance_uid(index)
        new = {old.study_uid: study_uid, old.series_uid: series_uid, old.sop_instance_uid: sop_instance_uid}

        def renamed(one: str) -> str:
            found = new.get(one)
            if found is None:
                found = new[one] = self._reference(one, study, index - place)
            return found

        texts = {
            **self._texts_of(study),
            "SeriesNumber": text("SeriesNumber", str(series + 1)),
            "InstanceNumber": text("InstanceNumber", str(place + 1)),
        }
        known = {
            "sop_class_uid": old.sop_class_uid,
            "sop_instance_uid": sop_instance_uid,
            "study_uid": study_uid,
            "series_uid": series_uid,
        }
        made = mould.cast(texts, renamed, known)
        return self._with_fresh_pixels(made, study, index) if self.fresh_pixels else made

    def _reference(self, old: str, study: PlannedStudy, first: int) -> str:
        """What another UID becomes: an instance of the same series, or a thing of the study's such as a frame."""
        place = self._places[study.exam.name].get(old)
        return uid(study.uid, "of", old) if place is None else study.instance_uid(first + place)

    def _texts_of(self, study: PlannedStudy) -> dict[str, bytes]:
        found = self._texts.get(study.uid)
        if found is None:
            patient, started = study.patient, study.started
            values = {
                "PatientName": patient.name,
                "PatientID": patient.patient_id,
                "PatientBirthDate": patient.birth_date,
                "PatientSex": patient.sex,
                "PatientAge": patient.age_on(started.date()),
                "AccessionNumber": study.accession_number,
                "StudyID": _study_id(study),
                **{f"{one}Date": f"{started:%Y%m%d}" for one in ("Study", "Series", "Acquisition", "Content")},
                **{f"{one}Time": f"{started:%H%M%S}" for one in ("Study", "Series", "Acquisition", "Content")},
            }
            found = self._texts[study.uid] = {keyword: text(keyword, value) for keyword, value in values.items()}
            if len(self._texts) > _STUDIES_KEPT:
                self._texts.popitem(last=False)
        return found

    def _with_fresh_pixels(self, instance: PreparedInstance, study: PlannedStudy, index: int) -> PreparedInstance:
        if not instance.tail:  # a report or a waveform has no pixels that could be the same
            return instance
        header, samples, *rest = instance.tail
        words = np.frombuffer(samples, np.uint16 if _words(header) else np.uint8)
        drawn = np.random.PCG64(study.identity.number(f"pixels {index}", 2**63))
        bits = np.asarray(drawn.random_raw(-(-words.size // 64)), "<u8").view(np.uint8)
        lowest = np.unpackbits(bits)[: words.size]
        big = not instance.syntax.little_endian and words.itemsize == 2
        fresh = words ^ (lowest.astype(words.dtype) << (8 if big else 0))
        tail = (header, fresh.view(np.uint8).data, *rest)
        known = {name: getattr(instance, name) for name in ("sop_class_uid", "sop_instance_uid", "study_uid")}
        known["series_uid"] = instance.series_uid
        return PreparedInstance(instance.transfer_syntax_uid, instance.head, tail, known=known)


def _seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _study_id(study: PlannedStudy) -> str:
    return f"{study.number + 1}"


def _words(header: Any) -> bool:
    """Whether the header of a pixel data element is of words: OW, or implicit VR's (PS3.5 A.1)."""
    return b"OB" not in bytes(header)[4:6]


def _planned(exam: Exam, seed: int) -> Scan:
    """The scan that an exam's instances are of.

    Raises:
        UsageError: its options are wrong.
    """
    options: dict[str, Any] = dict(exam.options or {})
    for name in ("rows", "columns"):
        if getattr(exam, name) is not None:
            options[name] = getattr(exam, name)
    drawn = Identity(seed, ("load", exam.name)).number("content", 2**48)
    phantom = load_phantom(exam.phantom) if exam.phantom else None
    if exam.instances and exam.kind in _MANY:
        options["slices"] = exam.instances
    study = generate(exam.kind, phantom, seed=drawn, transfer_syntax=exam.transfer_syntax, **options)
    (scan,) = study.series
    return scan


def _instances(exam: Exam, scan: Scan) -> Iterator[PreparedInstance]:
    """The instances of one series of an exam, a few pixels shared among many."""
    iod = scan.kind.iod
    if iod is not None and iod.frame_values is not None and not scan.transfer_syntax.encapsulated:
        return _every_slice(scan, iod, exam.distinct)
    return islice(scan, exam.distinct if exam.kind in _MANY else None)


def _every_slice(scan: Scan, iod: ImageIod[Any], distinct: int) -> Iterator[PreparedInstance]:
    """Every slice at its own place; of the pixels only some are computed, and taken in turn."""
    acquisition, template = scan.acquisition, None
    total = len(scan)
    known = [acquisition.frame(number * total // min(distinct, total)).pixels for number in range(min(distinct, total))]
    for index in range(total):
        frame = Frame(index, known[index * len(known) // total])
        values = iod.values_of(acquisition, scan.context, frame)
        if template is None:
            described = iod.describe_frame(acquisition, scan.context, frame)
            template = Template(described, scan.transfer_syntax, values)
        yield template.instance(values, frame.pixels)
