"""A scan as what a report is about: CT mostly, MR, PET, ultrasound or a radiograph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from inspect import signature
from typing import Any, Literal

from modality.acquisition.ct import ct
from modality.acquisition.digest import content_digest
from modality.acquisition.emission.pet import pt
from modality.acquisition.mr import mr
from modality.acquisition.radiography.mammogram import mg
from modality.acquisition.radiography.radiograph import Exposure, cr, dx
from modality.acquisition.sights.projected import Exposures, Sonograms
from modality.acquisition.sights.sight import Circle, Sight
from modality.acquisition.sights.slices import Slices
from modality.acquisition.ultrasound.sonogram import Sonogram
from modality.acquisition.ultrasound.studies import us
from modality.errors import UnknownNameError, UsageError
from modality.identity import Identity
from phantoms.phantom import Phantom, StructureTruth


@dataclass(frozen=True, slots=True)
class Origin:
    """The series that a report is about, where that is not the one of the same seed and options.

    Args:
        study_uid: Study Instance UID.
        series_uid: Series Instance UID.
        frame_of_reference_uid: Frame of Reference UID.
        identity: what its instances' UIDs come from.
    """

    study_uid: str
    series_uid: str
    frame_of_reference_uid: str
    identity: Identity


@dataclass(frozen=True, eq=False)
class Reported:
    """A scan, and what of it is reported.

    Args:
        scan: slices: the scan that the kind makes with the same seed and options.
        form: which report it is, where there is a choice.
        origin: the series that the scan is kept as; by default the one that the kind makes.
        about: the kind of the scan.
    """

    scan: Any  # an acquisition of one of these kinds; what only CT has is asked of CT alone
    form: str = ""
    origin: Origin | None = field(default=None, kw_only=True)
    about: str = field(default="ct", kw_only=True)

    def __len__(self) -> int:
        return 1

    @property
    def seed(self) -> int:
        """Of the scan."""
        return int(self.scan.seed)

    @property
    def phantom(self) -> Phantom:
        """What was scanned."""
        phantom: Phantom = self.scan.phantom
        return phantom

    @property
    def body_part(self) -> str:
        """Body Part Examined of the scan."""
        return str(self.scan.body_part)

    @property
    def digested(self) -> Any:
        """What determines the report besides the seed."""
        return (self.form, content_digest(self.scan))

    @cached_property
    def sight(self) -> Sight:
        """The scan's pictures."""
        if isinstance(self.scan, Sonogram):
            return Sonograms(self.scan)
        return Exposures(self.scan) if isinstance(self.scan, Exposure) else Slices(self.scan)

    @cached_property
    def structures(self) -> tuple[StructureTruth, ...]:
        """What the scan's images show: the structures whose middle lies within them, lesions before the rest."""
        found = [one for one in self.sight.structures if self.slice_of(one) is not None]
        return tuple(sorted(found, key=lambda one: not is_lesion(one["name"])))

    def slice_of(self, structure: StructureTruth) -> int | None:
        """The slice, or other picture, that is nearest to a structure's middle, from 0; None where none shows it."""
        return self.sight.picture_of(structure)

    def circle(self, structure: StructureTruth) -> Circle:
        """Where a structure that a picture shows is seen."""
        return self.sight.circle(structure)


_LESIONS = (
    "nodule",
    "lesion",
    "infarct",
    "haemorrhage",
    "hemorrhage",
    "tumour",
    "tumor",
    "metastasis",
    "cyst",
    "stone",
    "microcalcification",
)
_WHOLE_WORDS = re.compile(r"\bmass\b")  # there is a masseter too


def is_lesion(name: str) -> bool:
    """Whether a structure is something that a report names first."""
    lower = name.lower()
    return any(word in lower for word in _LESIONS) or bool(_WHOLE_WORDS.search(lower))


def reported(
    phantom: Phantom,
    *,
    seed: int,
    rows: int = 512,
    columns: int = 512,
    slices: int | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> Reported:
    """Plan the CT scan that a report is about; options are those of the kind ct.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        kvp: tube voltage in kV, 70 to 150.
        mas: tube current times rotation time, in mAs.
        pitch: of a helical scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range.
    """
    scan = ct(
        phantom, seed=seed, rows=rows, columns=columns, slices=slices, kvp=kvp, mas=mas, pitch=pitch,
        slice_thickness_mm=slice_thickness_mm,
    )  # fmt: skip
    return Reported(scan)


About = Literal["ct", "mr", "pt", "us", "dx", "cr", "mg"]
_SCANS: Mapping[str, Callable[..., Any]] = {"ct": ct, "mr": mr, "pt": pt, "us": us, "dx": dx, "cr": cr, "mg": mg}


def imaged(
    phantom: Phantom,
    *,
    seed: int,
    about: About = "ct",
    rows: int | None = None,
    columns: int | None = None,
    slices: int | None = None,
    frames: int | None = None,
    view: str | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> Reported:
    """Plan the scan that a report is about; options are those of its kind.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        about: the kind of the scan: ct, mr, pt, us, dx, cr or mg.
        rows: rows of an image; the kind's own by default.
        columns: columns of an image; the kind's own by default.
        slices: of ct, mr and pt: number of slices, spread over the scan range; None scans it at the slice spacing.
        frames: of us: how many.
        view: of us and radiographs, as their kind has it.
        kvp: of ct and radiographs: tube voltage in kV.
        mas: of ct and radiographs: tube current times time, in mAs.
        pitch: of a helical CT scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: of ct, mr and pt: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range, or not of such a scan.
    """
    if about not in _SCANS:
        raise UnknownNameError(f"about {about!r}: one of {', '.join(_SCANS)}")
    asked = {
        "rows": rows, "columns": columns, "slices": slices, "frames": frames, "view": view, "kvp": kvp, "mas": mas,
        "pitch": pitch, "slice_thickness_mm": slice_thickness_mm,
    }  # fmt: skip
    options = {name: value for name, value in asked.items() if value is not None}
    taken = signature(_SCANS[about]).parameters
    for name in options:
        if name not in taken:
            known = [kind for kind, scan in _SCANS.items() if name in signature(scan).parameters]
            raise UsageError(f"{name}: of {' or '.join(known)}, and the report is about {about}")
    return Reported(_SCANS[about](phantom, seed=seed, **options), about=about)
