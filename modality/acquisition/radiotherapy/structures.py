"""The structures of a scan as they are outlined for radiotherapy: body, organs, tumours, and what is to be treated."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

from modality.acquisition import reported as scans
from modality.acquisition.digest import content_digest
from modality.acquisition.radiotherapy.contours import ANY, Section, of_grown, sections
from modality.acquisition.radiotherapy.margins import Grown
from modality.acquisition.reported import Reported, is_lesion
from modality.acquisition.truth import label_maps
from modality.errors import UnknownNameError, UsageError
from modality.registry import unknown
from phantoms.phantom import Phantom, StructureTruth

Holes = Literal["keyhole", "xor"]
HOLES: tuple[Holes, ...] = ("keyhole", "xor")

EXTERNAL, ORGAN, GTV, PTV = "EXTERNAL", "ORGAN", "GTV", "PTV"
"""RT ROI Interpreted Type (PS3.3 C.8.8.8.1)."""

BODY, PLANNED = "BODY", 2
"""ROI Name of the body, which is the first, and ROI Number of what is planned for."""

ORGANS: Mapping[str, tuple[str, ...]] = {
    "lungs": ("lungs", "lung bases", "lung vessels", "right lung sample", "left lung sample"),
    "heart": ("heart", "left ventricle", "other chambers"),
    "aorta": ("aorta", "descending aorta", "ascending aorta and arch"),
    "trachea": ("trachea", "airway walls", "bronchi"),
    "oesophagus": ("oesophagus", "oesophageal lumen"),
    "spinal canal": ("spinal canal", "spinal cord", "nerve roots", "epidural fat", "dural sac", "cauda equina",
                     "spinal fluid sample"),
    "spinal cord": ("spinal cord", "cauda equina"),
    "liver": ("liver", "portal branches", "hepatic veins", "liver sample"),
    "gall bladder": ("gall bladder wall", "gall bladder"),
    "spleen": ("spleen",),
    "pancreas": ("pancreas", "pancreatic head"),
    "stomach": ("stomach", "stomach content", "stomach gas"),
    "bowel": ("small bowel", "small bowel content", "small bowel gas", "colon", "colonic gas", "stool"),
    **{
        f"{side} kidney": tuple(f"{side} renal {part}" for part in ("cortex", "medulla", "pole", "sinus", "pelvis"))
        for side in ("left", "right")
    },
    "brain": ("cerebral white matter", "cortex", "medial cortex", "cerebellar cortex", "cerebellar white matter",
              "insula", "central white matter", "corpus callosum", "caudate nuclei", "lentiform nuclei",
              "left thalamus", "right thalamus", "brain stem", "septum pellucidum", "calcifications", "ventricles",
              "left atrium of ventricle", "Sylvian fissures", "interhemispheric fissure", "aqueduct and cisterns",
              "fourth ventricle", "cranial cavity"),
    "brain stem": ("brain stem",),
    "lenses": ("lenses",),
    "optic nerves": ("optic nerves",),
}  # fmt: skip
"""Organs at risk, and the phantoms' structures that each is made of, the one that names it first: our choice."""

_WIDEST_MM = 30.0  # of a margin: our choice


@dataclass(frozen=True, slots=True)
class Roi:
    """A region of interest.

    Args:
        number: ROI Number, from 1.
        name: ROI Name.
        interpreted_type: RT ROI Interpreted Type.
        labels: of its structures in the truth; `ANY` for the body, none for the target with its margin.
        sections: what the slices show of it.
        volume_cm3: what its contours enclose, times the distance of the slices.
    """

    number: int
    name: str
    interpreted_type: str
    labels: tuple[int, ...]
    sections: tuple[Section, ...]
    volume_cm3: float


@dataclass(frozen=True, eq=False)
class StructureSet(Reported):
    """A scan, and the structures that are outlined on it.

    Args:
        margin_mm: from the target to the border of what is planned for.
        target: name of the structure that is treated; empty for the first lesion, or else the smallest structure, that
            the slices reach.
        holes: how contours say what lies not within.
    """

    margin_mm: float = 5.0
    target: str = ""
    holes: str = HOLES[0]

    @property
    def digested(self) -> Any:
        """What determines the structure set besides the seed."""
        return (self.margin_mm, self.target, self.holes, content_digest(self.scan))

    @cached_property
    def treated(self) -> int:
        """Label of the structure that is treated.

        Raises:
            UsageError: the phantom has no such structure, or none that the truth lists.
        """
        listed = {self.phantom.structures[label - 1].name: label for label in self._listed()}
        if self.target and self.target not in listed:
            raise UnknownNameError(unknown(f"structure of {self.phantom.name}", self.target, list(listed)))
        if not listed:
            raise UsageError(f"phantom {self.phantom.name} has no structure that could be treated")
        if self.target:
            return listed[self.target]
        lesions = [label for label in listed.values() if is_lesion(self._name(label))]
        order = lesions + sorted(set(listed.values()) - set(lesions), key=self._size_mm3)
        return next((label for label in order if self._is_seen(label)), order[0])

    def _size_mm3(self, label: int) -> float:
        """Volume of the box that holds a structure."""
        bounds = self.phantom.structures[label - 1].solid.bounds
        return math.prod(high - low for low, high in zip(bounds.low_mm, bounds.high_mm, strict=True))

    def _is_seen(self, label: int) -> bool:
        """Whether the middle of a structure lies within the slices, without the volume that its truth has too."""
        ball = self.phantom.structures[label - 1].ball
        assert ball is not None
        centre, radius = self.phantom.placement.ball(*ball)
        return self.slice_of(cast("StructureTruth", {"center_mm": centre, "radius_mm": radius})) is not None

    @cached_property
    def grown(self) -> Grown:
        """The target with its margin."""
        return Grown(self.phantom, self.treated, self.margin_mm)

    @cached_property
    def rois(self) -> tuple[Roi, ...]:
        """What is outlined: the body, the target, what else of the truth a slice shows, and what is planned for.

        Raises:
            UsageError: no slice shows anything.
        """
        wanted = self._wanted()
        found: dict[str, list[Section]] = {name: [] for name in wanted}
        grown, geometry = [], self.scan.geometry
        for index, shown in enumerate(label_maps(self.scan)):
            for name, section in sections(self.phantom, geometry, index, shown, wanted):
                found[name].append(section)
            if (planned := of_grown(self.grown, geometry, index, shown > 0)) is not None:
                grown.append(planned)
        if not found[BODY]:
            raise UsageError("no slice shows anything of the phantom: give more --slices")
        target = self._name(self.treated)
        listed = [(BODY, EXTERNAL, found[BODY]), (self.planned_name, PTV, grown), (target, GTV, found[target])]
        listed += [
            (name, GTV if is_lesion(name) else ORGAN, shown)
            for name, shown in sorted(found.items(), key=lambda one: not is_lesion(one[0]))
            if shown and name not in (BODY, target)
        ]
        return tuple(
            self._roi(number, name, kind, wanted.get(name, ()), shown)
            for number, (name, kind, shown) in enumerate(listed, start=1)
        )

    def _wanted(self) -> dict[str, tuple[int, ...]]:
        """Labels of the body, of the organs, and of what else the truth lists, by name."""
        labels = {one.name: label for label, one in enumerate(self.phantom.structures, start=1)}
        organs = {name: tuple(labels[part] for part in parts if part in labels) for name, parts in ORGANS.items()}
        of_organs = {label for of_it in organs.values() for label in of_it}
        alone = {self._name(label): (label,) for label in self._listed() if label not in of_organs}
        target = {self._name(self.treated): (self.treated,)}
        return {BODY: ANY, **{name: of_it for name, of_it in organs.items() if of_it}, **alone, **target}

    def _listed(self) -> list[int]:
        """Labels of what the truth lists."""
        return [label for label, one in enumerate(self.phantom.structures, start=1) if one.ball is not None]

    def _name(self, label: int) -> str:
        return self.phantom.structures[label - 1].name

    def _roi(self, number: int, name: str, kind: str, labels: tuple[int, ...], shown: list[Section]) -> Roi:
        volume = sum(one.area_mm2 for one in shown) * self.scan.geometry.slice_spacing_mm
        return Roi(number, name[:64], kind, labels, tuple(shown), round(volume / 1000.0, 4))

    @property
    def planned_name(self) -> str:
        """ROI Name of what is planned for: the target with its margin, whose ROI Number is `PLANNED`."""
        return f"PTV {self._name(self.treated)}"

    @property
    def body(self) -> Roi:
        """The body."""
        return self.rois[0]


def rtstruct(
    phantom: Phantom,
    *,
    seed: int,
    margin_mm: float = 5.0,
    target: str = "",
    holes: Holes = "keyhole",
    rows: int = 512,
    columns: int = 512,
    slices: int | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> StructureSet:
    """Plan the CT scan on which structures are outlined; options but the first three are those of the kind ct.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        margin_mm: from the target to the border of what is planned for (PTV), 0 to 30.
        target: name of the structure that is treated, as the truth lists it; the first lesion by default, or else the
            smallest structure.
        holes: keyhole or xor: how a contour says what lies not within; not every reader knows xor.
        rows: rows of a slice.
        columns: columns of a slice.
        slices: number of slices, spread over the scan range; None scans it at the slice spacing.
        kvp: tube voltage in kV, 70 to 150.
        mas: tube current times rotation time, in mAs.
        pitch: of a helical scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range, or there is no such structure or form of holes.
    """
    if not (math.isfinite(margin_mm) and 0.0 <= margin_mm <= _WIDEST_MM):
        raise UsageError(f"margin {margin_mm:g} mm: between 0 and {_WIDEST_MM:g} mm")
    if holes not in HOLES:
        raise UsageError(f"holes {holes!r}: one of {', '.join(HOLES)}")
    scan = scans.reported(
        phantom, seed=seed, rows=rows, columns=columns, slices=slices, kvp=kvp, mas=mas, pitch=pitch,
        slice_thickness_mm=slice_thickness_mm,
    ).scan  # fmt: skip
    made = StructureSet(scan, "", float(margin_mm), target, holes)
    if target:
        made.treated  # noqa: B018  (an unknown name is told now)
    return made
