"""The head section of Shepp and Logan in three dimensions, with CT numbers and MR values."""

from __future__ import annotations

from phantoms.material import Relaxation, Tissue
from phantoms.phantom import Phantom, Structure
from phantoms.solids import Ellipsoid, Vector

_UNIT_MM = 100.0


def _material(name: str, hu: float, pd: float, t1_ms: tuple[float, float], t2_ms: float) -> Tissue:
    at_1_5_t, at_3_t = (Relaxation(t1, t2_ms) for t1 in t1_ms)
    return Tissue(name, 1.0, {}, at_1_5_t, at_3_t, proton_density=pd, fixed_hu=hu)


# CT: the contrast-enhanced values of P. Toft, The Radon Transform, 1996 (skull 1, brain 0.2, ventricles 0, others 0.1
# above the brain), times 1000 HU; the scalp, which the original lacks, is soft tissue.
# MR: H. M. Gach, C. Tanase, F. Boada, 2D & 3D Shepp-Logan phantom standards for MRI, Int. Conf. Systems Engineering,
# 2008: spin density, T1 = A B0^C (evaluated at 1.5 T and 3 T) and T2.
_SCALP = _material("scalp", 50.0, 0.80, (342.5, 376.6), 70.0)
_MARROW = _material("bone and marrow", 1000.0, 0.12, (552.4, 587.1), 50.0)
_FLUID = _material("cerebrospinal fluid", 0.0, 0.98, (4200.0, 4200.0), 1990.0)
_GREY = _material("grey matter", 200.0, 0.745, (998.1, 1295.3), 100.0)
_WHITE = _material("white matter", 300.0, 0.617, (680.7, 887.0), 80.0)
_TUMOUR = _material("tumour", 300.0, 0.95, (1011.2, 1175.3), 100.0)
_LESION = _material("lesion", 400.0, 0.93, (1011.2, 1175.3), 100.0)

# Name, centre, half axes, turn about z in degrees (seen with anterior up, counter-clockwise), material, and the ball
# that no later ellipsoid meets, in units of half the field: L. A. Shepp, B. F. Logan, IEEE Trans. Nucl. Sci. 21:21
# (1974) for the section; Gach et al. for the third dimension and the scalp.
_Row = tuple[str, Vector, Vector, float, Tissue, tuple[Vector, float] | None]
_TABLE: tuple[_Row, ...] = (
    ("scalp", (0.0, 0.0, 0.0), (0.72, 0.95, 0.93), 0.0, _SCALP, None),
    ("skull", (0.0, 0.0, 0.0), (0.69, 0.92, 0.90), 0.0, _MARROW, None),
    ("fluid", (0.0, -0.0184, 0.0), (0.6624, 0.874, 0.88), 0.0, _FLUID, None),
    ("brain", (0.0, -0.0184, 0.0), (0.6524, 0.864, 0.87), 0.0, _GREY, ((0.0, -0.3, 0.3), 0.15)),
    ("large ventricle", (-0.22, 0.0, -0.25), (0.41, 0.16, 0.21), -72.0, _FLUID, ((-0.22, 0.0, -0.25), 0.14)),
    ("small ventricle", (0.22, 0.0, -0.25), (0.31, 0.11, 0.22), 72.0, _FLUID, ((0.22, 0.0, -0.25), 0.10)),
    ("white matter", (0.0, 0.35, -0.25), (0.21, 0.25, 0.35), 0.0, _WHITE, ((0.0, 0.40, -0.25), 0.17)),
    ("upper tumour", (0.0, 0.1, -0.25), (0.046, 0.046, 0.046), 0.0, _TUMOUR, ((0.0, 0.1, -0.25), 0.044)),
    ("right tumour", (-0.08, -0.605, -0.25), (0.046, 0.023, 0.02), 0.0, _TUMOUR, ((-0.08, -0.605, -0.25), 0.018)),
    ("left tumour", (0.06, -0.605, -0.25), (0.046, 0.023, 0.02), -90.0, _TUMOUR, ((0.06, -0.605, -0.25), 0.018)),
    ("lower tumour", (0.0, -0.1, -0.25), (0.046, 0.046, 0.046), 0.0, _TUMOUR, ((0.0, -0.1, -0.25), 0.044)),
    ("middle tumour", (0.0, -0.605, -0.25), (0.023, 0.023, 0.023), 0.0, _TUMOUR, ((0.0, -0.605, -0.25), 0.021)),
    ("lesion", (0.06, -0.105, 0.0625), (0.056, 0.04, 0.1), -90.0, _LESION, ((0.06, -0.105, 0.0625), 0.038)),
    ("cyst", (0.0, 0.1, 0.625), (0.056, 0.056, 0.1), 0.0, _FLUID, ((0.0, 0.1, 0.625), 0.054)),
)


def shepp_logan(seed: int = 0) -> Phantom:
    """The Shepp-Logan head section as ellipsoids of 190 mm length, its axis along z.

    Args:
        seed: kept with the phantom; every one is alike.
    """

    def placed(point: Vector) -> Vector:
        # The original's second axis points to the face, LPS's to the back.
        return (round(point[0] * _UNIT_MM, 4), round(-point[1] * _UNIT_MM, 4), round(point[2] * _UNIT_MM, 4))

    structures = []
    for name, center, half_axes, turn, material, ball in _TABLE:
        a, b, c = (round(h * _UNIT_MM, 4) for h in half_axes)
        solid = Ellipsoid(placed(center), (a, b, c), (0.0, 0.0, -turn))
        place = None if ball is None else (placed(ball[0]), round(ball[1] * _UNIT_MM, 4))
        structures.append(Structure(name, solid, material, place))
    return Phantom(
        name="shepp-logan",
        body_part="PHANTOM",
        structures=tuple(structures),
        scan_range_mm=(-95.0, 95.0),
        field_of_view_mm=220.0,
        seed=seed,
    )
