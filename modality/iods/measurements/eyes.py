"""What is measured of lenses and eyes, as plain data; powers are in dioptres, lengths in mm, axes in degrees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Prism:
    """Prism of a lens.

    Args:
        horizontal: prism dioptres.
        horizontal_base: IN or OUT.
        vertical: prism dioptres.
        vertical_base: UP or DOWN.
    """

    horizontal: float = 0.0
    horizontal_base: str = "IN"
    vertical: float = 0.0
    vertical_base: str = "UP"


@dataclass(frozen=True, slots=True)
class Lens:
    """One lens on a lensmeter.

    Args:
        sphere: power.
        cylinder: power; 0 or None is none.
        axis: of the cylinder, 0 to 180.
        add: near addition.
        add_intermediate: intermediate addition.
        prism: None where it was not measured.
    """

    sphere: float
    cylinder: float | None = None
    axis: float | None = None
    add: float | None = None
    add_intermediate: float | None = None
    prism: Prism | None = None


@dataclass(frozen=True, slots=True)
class Lensometry:
    """A pair of spectacles, or a lens, on a lensmeter.

    Args:
        taken: when.
        right: right lens.
        left: left lens.
        unspecified: a lens whose side is not known.
        description: Lens Description.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    taken: datetime
    right: Lens | None = None
    left: Lens | None = None
    unspecified: Lens | None = None
    description: str = ""
    number: int = 1


@dataclass(frozen=True, slots=True)
class Refraction:
    """One eye on an autorefractor.

    Args:
        sphere: power.
        cylinder: power; 0 or None is none.
        axis: of the cylinder, 0 to 180.
        vertex_mm: vertex distance that the values hold for.
        pupil_mm: pupil size.
        cornea_mm: corneal size.
    """

    sphere: float
    cylinder: float | None = None
    axis: float | None = None
    vertex_mm: float | None = None
    pupil_mm: float | None = None
    cornea_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Autorefraction:
    """Both eyes, or one, on an autorefractor.

    Args:
        taken: when.
        right: right eye.
        left: left eye.
        pd_mm: pupillary distance for far.
        near_pd_mm: for near.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    taken: datetime
    right: Refraction | None = None
    left: Refraction | None = None
    pd_mm: float | None = None
    near_pd_mm: float | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class Meridian:
    """A principal meridian of a cornea.

    Args:
        radius_mm: radius of curvature.
        axis: its direction, 0 to 180.
        power: dioptres; None takes it from the radius by the keratometric index 1.3375.
    """

    radius_mm: float
    axis: float
    power: float | None = None


@dataclass(frozen=True, slots=True)
class Cornea:
    """One cornea on a keratometer.

    Args:
        steep: the meridian of the smaller radius.
        flat: that of the larger one.
    """

    steep: Meridian
    flat: Meridian


@dataclass(frozen=True, slots=True)
class Keratometry:
    """Both corneas, or one, on a keratometer.

    Args:
        taken: when.
        right: right eye.
        left: left eye.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    taken: datetime
    right: Cornea | None = None
    left: Cornea | None = None
    number: int = 1
