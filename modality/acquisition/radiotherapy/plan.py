"""A plan: beams from all around, coplanar, of rectangular fields that hold the target."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from modality.acquisition.digest import content_digest
from modality.acquisition.plan import positive
from modality.acquisition.radiotherapy import structures
from modality.acquisition.radiotherapy.beam_quality import GY_PER_MU, QUALITIES
from modality.acquisition.radiotherapy.beams import MARGIN_MM, Axis, Beam, depth_of_isocentre, jaws
from modality.acquisition.radiotherapy.structures import Holes, StructureSet
from modality.acquisition.reported import Origin
from modality.errors import UsageError
from phantoms.phantom import Phantom
from phantoms.solids import Vector

_MOST_BEAMS, _MOST_GY, _MOST_FRACTIONS = 36, 200.0, 100  # our choice
_LEAST_SHARE = 0.02  # of a beam's maximum that reaches the isocentre


@dataclass(frozen=True, eq=False)
class Plan:
    """A structure set, and the beams that treat its target.

    Args:
        scan: the structure set.
        prescription_gy: dose at the isocentre, which is the middle of the planning target: the reference point of
            ICRU Report 50 (1993).
        fractions: in how many parts it is given.
        beams: how many, at even distances about the patient from before him on; each gives the isocentre the same.
        energy_mv: nominal energy of all of them.
        origin: the series that the structure set is kept as; by default the one that the kind rtstruct makes.
    """

    scan: StructureSet
    prescription_gy: float = 60.0
    fractions: int = 30
    beams: int = 5
    energy_mv: int = 6
    origin: Origin | None = None

    def __len__(self) -> int:
        return 1

    @property
    def seed(self) -> int:
        """Of the scan."""
        return self.scan.seed

    @property
    def phantom(self) -> Phantom:
        """What was scanned."""
        return self.scan.phantom

    @property
    def body_part(self) -> str:
        """Body Part Examined of the scan."""
        return self.scan.body_part

    @property
    def digested(self) -> Any:
        """What determines the plan besides the seed."""
        said = (self.prescription_gy, self.fractions, self.beams, self.energy_mv)
        return (*said, content_digest(self.scan))

    @cached_property
    def isocentre_mm(self) -> Vector:
        """The middle of the planning target, LPS."""
        return self.scan.grown.middle_mm()

    @cached_property
    def fields(self) -> tuple[Beam, ...]:
        """The beams.

        Raises:
            UsageError: the isocentre lies where a beam gives no dose, so that none can be prescribed there.
        """
        surface = self.scan.grown.surface()
        quality = QUALITIES[self.energy_mv]
        found = []
        for index in range(self.beams):
            axis = Axis(self.isocentre_mm, round(index * 360.0 / self.beams, 1))
            depth, distance = depth_of_isocentre(self.phantom, axis)
            across, along = jaws(axis, surface, MARGIN_MM)
            made = Beam(index + 1, axis, quality, across, along, depth, distance, self.prescription_gy / self.beams)
            if made.at_isocentre < _LEAST_SHARE:
                place = ", ".join(f"{at:g}" for at in self.isocentre_mm)
                raise UsageError(
                    f"the isocentre ({place}) gets no dose from gantry angle {axis.gantry_deg:g}: choose another target"
                )
            found.append(made)
        return tuple(found)

    def meterset_mu(self, beam: Beam) -> float:
        """Monitor units of a beam in one fraction."""
        return round(beam.dose_gy / self.fractions / (GY_PER_MU * beam.at_isocentre), 3)


def rtplan(
    phantom: Phantom,
    *,
    seed: int,
    prescription_gy: float = 60.0,
    fractions: int = 30,
    beams: int = 5,
    energy_mv: int = 6,
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
) -> Plan:
    """Plan photon beams for the target of a structure set; what follows the energy are options of the kind rtstruct.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        prescription_gy: dose of all fractions at the isocentre, in Gy, at most 200.
        fractions: in how many parts it is given, 1 to 100.
        beams: how many, 1 to 36, at even distances about the patient, the first from before him.
        energy_mv: nominal energy of the photons in MV: 6, 10 or 18.
        margin_mm: from the target to the border of what is planned for (PTV), 0 to 30.
        target: name of the structure that is treated, as the truth lists it; the first lesion by default, or else the
            smallest structure.
        holes: keyhole or xor: how a contour of the structure set says what lies not within.
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
    if positive("prescription", prescription_gy) > _MOST_GY or not math.isfinite(prescription_gy):
        raise UsageError(f"prescription {prescription_gy:g} Gy: at most {_MOST_GY:g} Gy")
    for name, value, most in (("fractions", fractions, _MOST_FRACTIONS), ("beams", beams, _MOST_BEAMS)):
        if not 1 <= value <= most or value != int(value):
            raise UsageError(f"{name} {value}: a whole number between 1 and {most}")
    if energy_mv not in QUALITIES:
        raise UsageError(f"energy {energy_mv} MV: one of {', '.join(map(str, QUALITIES))}")
    outlined = structures.rtstruct(
        phantom, seed=seed, margin_mm=margin_mm, target=target, holes=holes, rows=rows, columns=columns, slices=slices,
        kvp=kvp, mas=mas, pitch=pitch, slice_thickness_mm=slice_thickness_mm,
    )  # fmt: skip
    return Plan(outlined, float(prescription_gy), int(fractions), int(beams), int(energy_mv))
