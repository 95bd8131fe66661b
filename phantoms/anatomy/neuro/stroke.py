"""A head with an acute stroke: an early infarct of the middle cerebral artery with its clot, or a haematoma."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from phantoms.anatomy.neuro.cranium import head_structures, individual
from phantoms.combined import Intersection, tube
from phantoms.errors import PhantomError
from phantoms.lofts import Warped
from phantoms.noise import ValueNoise
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Bounds, Ellipsoid, Vector, sphere
from phantoms.tissues import TISSUES
from phantoms.variation import Variation

Kind = Literal["ischaemia", "bleed"]
Side = Literal["left", "right"]

_MOST_ML = 80.0
_EXTENT = {
    "cortex": "ischaemic grey matter",
    "cerebral white matter": "ischaemic white matter",
    "insula": "ischaemic grey matter",
    "central white matter": "ischaemic white matter",
    "caudate nuclei": "ischaemic grey matter",
    "lentiform nuclei": "ischaemic grey matter",
}
"""What an infarct changes, and into what."""


def _infarct(variation: Variation, sign: float, structures: list[Structure], *, vessel: bool) -> list[Structure]:
    """The territory's parts repainted, each directly after the healthy one; then a core and the clot."""
    reach = variation.uniform("territory", 0.85, 1.1)
    territory = Warped(
        Ellipsoid((sign * 46.0, -4.0, 18.0), (27.0 * reach, 44.0 * reach, 34.0 * reach)),
        ValueNoise(variation.stream("territory"), spacing_mm=22.0),
        0.12,
    )
    changed: list[Structure] = []
    for structure in structures:
        into = _EXTENT.get(structure.name)
        if into is None or structure.ball is None:
            changed.append(structure)
        else:
            # What the truth says of the healthy part then holds on the other side, where the brain is alike.
            (x, y, z), radius = structure.ball
            changed.append(replace(structure, ball=((-sign * abs(x), y, z), radius)))
        if into is not None:
            part = Intersection(territory, structure.solid)
            changed.append(Structure(f"ischaemic {structure.name}", part, TISSUES[into]))
    core = (sign * 28.0, variation.around("core y", 0.0, 8.0), 26.0 + variation.around("core z", 0.0, 3.0))
    changed.append(
        Structure("ischaemic core", sphere(core, 6.0), TISSUES["ischaemic white matter"], (core, 5.5)),
    )
    if vessel:
        path: list[Vector] = [(sign * 9.0, -12.0, -11.0), (sign * 22.0, -15.0, -9.0), (sign * 36.0, -13.0, -7.0)]
        middle = (sign * 15.5, -13.5, -10.0)
        clot = tube(path, 2.0)
        changed.append(Structure("hyperdense artery", clot, TISSUES["clotted blood"], (middle, 1.6)))
    return changed


def _haematoma(variation: Variation, sign: float, structures: list[Structure], volume_ml: float) -> list[Structure]:
    """A clot in the basal ganglia with a rim of oedema."""
    center = (sign * variation.around("clot x", 27.0, 3.0), variation.around("clot y", -1.0, 6.0), 8.0)
    # Half axes in the proportion 0.72 : 1.2 : 1.16, whose product is 1, as long haematomas along the capsule lie.
    radius = round((volume_ml * 1000.0 * 3.0 / (4.0 * 3.14159265)) ** (1.0 / 3.0), 4)
    half_axes = (0.72 * radius, 1.2 * radius, 1.16 * radius)
    ripple = ValueNoise(variation.stream("clot"), spacing_mm=max(6.0, 0.8 * radius))
    turn = (0.0, 0.0, sign * variation.around("clot turn", 12.0, 6.0))

    def shell(rim_mm: float) -> Warped:
        a, b, c = (h + rim_mm for h in half_axes)
        return Warped(Ellipsoid(center, (a, b, c), turn), ripple, 0.12)

    oedema = shell(2.5)
    return [
        *(_without_ball_in(structure, oedema.bounds) for structure in structures),
        Structure("perihaematomal oedema", oedema, TISSUES["oedema"]),
        Structure("haematoma", shell(0.0), TISSUES["clotted blood"], (center, round(0.72 * 0.85 * radius, 3))),
    ]


def _without_ball_in(structure: Structure, bounds: Bounds) -> Structure:
    """A structure, unlisted in the truth when its ball may lie below a lesion."""
    if structure.ball is None:
        return structure
    solid = sphere(*structure.ball)
    return replace(structure, ball=None) if solid.bounds.meets(bounds) else structure


def head_stroke(
    seed: int = 0,
    *,
    kind: Kind = "ischaemia",
    side: Side | None = None,
    volume_ml: float = 30.0,
    hyperdense_vessel: bool = True,
) -> Phantom:
    """A head with an acute stroke, no two seeds alike.

    Args:
        seed: of the individual; the same seed gives the same head as `head`.
        kind: `ischaemia`, the first hours of an infarct of the middle cerebral artery: grey matter as dark as white,
            insula and lentiform nucleus fading; or `bleed`, a haematoma of the basal ganglia.
        side: `left` or `right`; None lets the seed choose.
        volume_ml: of the haematoma, 1 to 80; an infarct does not heed it.
        hyperdense_vessel: whether the clot in the artery is seen, with ischaemia.

    Raises:
        PhantomError: no such kind or side, or the volume is out of range.
    """
    if kind not in ("ischaemia", "bleed"):
        raise PhantomError(f"head-stroke: kind {kind!r}: ischaemia or bleed")
    if side not in (None, "left", "right"):
        raise PhantomError(f"head-stroke: side {side!r}: left or right")
    if not 1.0 <= volume_ml <= _MOST_ML:
        raise PhantomError(f"head-stroke: {volume_ml:g} ml: 1 to {_MOST_ML:g}")
    variation = Variation(seed)
    chosen = side or ("left" if variation.uniform("stroke side", 0.0, 1.0) < 0.5 else "right")
    sign = 1.0 if chosen == "left" else -1.0
    structures = head_structures(variation)
    if kind == "bleed":
        structures = _haematoma(variation, sign, structures, volume_ml)
    else:
        structures = _infarct(variation, sign, structures, vessel=hyperdense_vessel)
    return individual("head-stroke", variation, structures)
