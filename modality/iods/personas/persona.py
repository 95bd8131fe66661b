"""A persona: the habits of one make of machine, every one of them legal."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydicom.datadict import dictionary_VR, tag_for_keyword

from modality import config
from modality.errors import UnknownNameError
from modality.identity import Identity, Patient
from modality.iods.personas.vendor import VendorBlock
from modality.iods.setting.file import assignments
from modality.registry import unknown
from modality.transfer.habits.habits import EncodingHabits

_FOLDER = "personas"
_TIME = re.compile(r"HH(MM(SS(\.F{1,6})?)?)?")
_LONG_UIDS = ("SOPInstanceUID", "FrameOfReferenceUID", "DimensionOrganizationUID", "IrradiationEventUID")


@dataclass(frozen=True, slots=True)
class NamedPatient:
    """Somebody whose name shows what the persona's character set can write.

    Args:
        name: Patient's Name, components by ``^``, component groups by ``=``.
        sex: M, F, O; that of the seed's patient by default.
    """

    name: str
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Persona:
    """What a TOML in `configs/personas` holds.

    Args:
        title: what sort of machine it is, for people.
        character_set: Specific Character Set, its values parted by a backslash; that of the seed's patient by default.
        patient: one of them, drawn from the seed, gives the name; none leaves the seed's.
        unknown_of_patient: what of the patient the machine is not told, and writes empty (Type 2).
        attributes: attributes of every instance, by keyword; what the caller sets prevails.
        times: TM and DT attributes, by keyword, to how much of the time they tell: HH, HHMM, HHMMSS, HHMMSS.F to
            HHMMSS.FFFFFF (PS3.5 6.2).
        long_uids: UIDs of 64 characters, by keyword: SOPInstanceUID, FrameOfReferenceUID, ...
        encoding: how it is written.
        block: private blocks.
    """

    title: str
    character_set: str = ""
    patient: tuple[NamedPatient, ...] = ()
    unknown_of_patient: tuple[Literal["birth_date", "sex", "issuer"], ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    times: Mapping[str, str] = field(default_factory=dict)
    long_uids: tuple[str, ...] = ()
    encoding: EncodingHabits = field(default_factory=EncodingHabits)
    block: tuple[VendorBlock, ...] = ()

    def __post_init__(self) -> None:
        for keyword, form in self.times.items():
            tag = tag_for_keyword(keyword)
            if tag is None or dictionary_VR(tag) not in ("TM", "DT"):
                raise ValueError(f"times: {keyword}: an attribute of VR TM or DT is needed")
            if not _TIME.fullmatch(form):
                raise ValueError(f"times: {keyword}: HH, HHMM, HHMMSS or HHMMSS.F to HHMMSS.FFFFFF, not {form!r}")
        for keyword in self.long_uids:
            if keyword not in _LONG_UIDS:
                raise ValueError(f"long_uids: {unknown('UID', keyword, list(_LONG_UIDS))}")
        if self.patient and not self.character_set:
            raise ValueError("character_set: name one that holds the patients' names")

    @property
    def digest(self) -> str:
        """What sets its instances apart from those of others."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]

    def over(self, drawn: Patient, seed: int) -> Patient:
        """The patient of a seed, as this machine names and knows them."""
        known: dict[str, Any] = dict.fromkeys(self.unknown_of_patient, "")
        if self.character_set:
            known["character_set"] = self.character_set
        if self.patient:
            one = self.patient[Identity(seed, ("persona", self.title)).number("patient", len(self.patient))]
            known["name"] = one.name
            if one.sex:
                known.setdefault("sex", one.sex)
        return replace(drawn, **known)

    def assignments(self, over: Mapping[str, str] | None) -> dict[str, str]:
        """Its attributes with the caller's over them, as `set_attributes` takes them."""
        return {**assignments(self.attributes), **(over or {})}


def personas() -> list[str]:
    """The shipped ones by name."""
    return sorted(path.stem for path in config.shipped(f"{_FOLDER}/veteran.toml").parent.glob("*.toml"))


def load_persona(name: str | Path) -> Persona:
    """A persona by its name, or by the path of a TOML of one's own.

    Raises:
        UnknownNameError: none is shipped under that name.
        ConfigurationError: the file cannot be read, or does not fit the schema.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if str(name) not in personas():
            raise UnknownNameError(f"{unknown('persona', str(name), personas())}; a file of your own ends in .toml")
        path = config.shipped(f"{_FOLDER}/{name}.toml")
    return config.load(path, Persona)
