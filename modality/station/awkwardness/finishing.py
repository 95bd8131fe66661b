"""What is done to the instances of a series once they are made: dressed by a persona, and broken where asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from modality.errors import UsageError
from modality.identity import Patient
from modality.iods.attributes import set_attributes
from modality.iods.setting.enumerated import enumerated
from modality.iods.setting.ruled import ruled_out
from modality.iods.setting.types import has_module, may_need_value
from modality.transfer.defects.defect import Defect
from modality.transfer.defects.elements import takes_apart
from modality.transfer.defects.table import DEFECTS, EMPTY_TYPE_1, IMPOSSIBLE, NOT_ENUMERATED, check_defects, damaged

if TYPE_CHECKING:
    from modality.iods.personas.persona import Persona
    from modality.station.study import Scan
    from modality.transfer.instance import PreparedInstance


@dataclass(frozen=True, slots=True)
class Finish:
    """What is done to instances once they are made.

    Args:
        persona: whose habits they have.
        defects: names of `DEFECTS` that are put into them.
        name: what the persona was asked for by; its title where it was not by name.
    """

    persona: Persona | None = None
    defects: tuple[str, ...] = ()
    name: str = ""

    def __bool__(self) -> bool:
        return self.persona is not None or bool(self.defects)

    @property
    def scope(self) -> tuple[str, ...]:
        """What sets the UIDs apart: a persona's instances are others than those without, broken ones are the same."""
        return ("persona", self.persona.digest) if self.persona else ()

    def patient(self, drawn: Patient, seed: int) -> Patient:
        """The patient, as the persona knows them."""
        return self.persona.over(drawn, seed) if self.persona else drawn

    def assignments(self, given: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """Attributes that are set: the caller's, over those of the persona."""
        return self.persona.assignments(given) if self.persona else given

    def finished(self, scan: Scan, instances: Iterable[PreparedInstance]) -> Iterator[PreparedInstance]:
        """The instances of a series, with habits and defects."""
        if self.persona is not None:
            from modality.iods.personas.dressing import dressed

            persona = self.persona
            instances = (dressed(one, persona) for one in instances)
        defects = self._put_in(scan)
        return damaged(instances, len(scan), defects) if defects else iter(instances)

    def derived(self, dataset: Dataset) -> Dataset:
        """An object that refers to the instances, by the UIDs that they have now."""
        if self.persona is not None:
            from modality.iods.personas.dressing import lengthen_uids

            lengthen_uids(dataset, self.persona)
        return dataset

    def _put_in(self, scan: Scan) -> tuple[str, ...]:
        """The defects that are not there already, since an attribute was set to it by name."""
        there = set()
        for keyword, text in (scan.assignments or {}).items():
            if not text.strip():
                there |= {EMPTY_TYPE_1} if may_need_value(scan.sop_class_uid, keyword) else set()
            elif (known := enumerated(keyword, scan.sop_class_uid)) and known.wrong(text.split("\\")):
                there.add(NOT_ENUMERATED)
        if IMPOSSIBLE in self.defects and _sets_the_impossible(scan):
            there.add(IMPOSSIBLE)
        return tuple(name for name in self.defects if name not in there)


def _sets_the_impossible(scan: Scan) -> bool:
    given = dict(scan.assignments or {})
    told = Dataset()
    told.SOPClassUID = scan.sop_class_uid
    set_attributes(told, given, empty_type_1=True, not_enumerated=True, impossible=True)
    return any(ruled_out(told, keyword, whole=False) for keyword in given)


PLAIN = Finish()


def finish_of(persona: Persona | str | Path | None, defects: Iterable[str]) -> Finish:
    """What was asked for: a persona, or its name or path, and defects by name.

    Raises:
        UnknownNameError: there is no such persona or defect.
        UsageError: the defects exclude each other.
        ConfigurationError: the persona's file does not fit.
    """
    defects = tuple(dict.fromkeys(defects))
    check_defects(defects)
    name = ""
    if isinstance(persona, (str, Path)):
        from modality.iods.personas.persona import load_persona

        name, persona = Path(persona).stem, load_persona(persona)
    return Finish(persona, defects, name or (persona.title if persona else "")) if persona or defects else PLAIN


def check_applies(scan: Scan) -> None:
    """Refuse a defect that there is nothing for in a series, before any of it is made.

    Raises:
        UsageError: with the name of the defect and the reason.
    """
    for name in scan.finish.defects:
        if reason := _missing(scan, DEFECTS[name]):
            raise UsageError(f"{scan.kind.name}: defect {name}: {reason}")


def _missing(scan: Scan, defect: Defect) -> str:
    syntax, needs, uid = scan.transfer_syntax, defect.needs, scan.sop_class_uid
    several = scan.kind.multi_frame is not None or scan.kind.slides is not None
    reasons = (
        (
            defect.scope != "file" and not takes_apart(syntax),
            f"is made in explicit VR little endian, not in {syntax.keyword}",
        ),
        (defect.scope == "series" and len(scan) < 2, "is for a series of at least two instances"),
        (
            needs == "frame of reference" and not has_module(uid, "frame-of-reference"),
            "its instances have no frame of reference",
        ),
        (needs == "frames" and not several, "its instances are of one frame"),
        ("pixels" in needs and not has_module(uid, "image-pixel"), "its instances have no pixels"),
        (
            needs == "native pixels" and syntax.encapsulated,
            f"is for native pixels, and {syntax.keyword} has fragments",
        ),
        (
            needs == "encapsulated pixels" and not syntax.encapsulated,
            f"is for encapsulated pixels: give another transfer syntax, such as RLELossless, than {syntax.keyword}",
        ),
    )
    return next((reason for missing, reason in reasons if missing), "")


def told_of(finish: Finish) -> dict[str, Any]:
    """What a manifest and JSON say of what was done; nothing where nothing was."""
    told: dict[str, Any] = {}
    if finish.persona:
        told["persona"] = finish.name
    if finish.defects:
        told["defects"] = [
            {
                "name": name,
                "what": one.what,
                "clause": one.clause,
                "in": "the last instance" if one.scope == "series" else "each instance",
            }
            for name, one in DEFECTS.items()
            if name in finish.defects
        ]
    return told
