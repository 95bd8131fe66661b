"""Places on a circle, as quality-assurance programs and manuals of test objects give them."""

from __future__ import annotations

import math

from phantoms.solids import Vector


def at(radius_mm: float, angle_deg: float, z: float = 0.0) -> Vector:
    """A place about the axis of a test object.

    Args:
        radius_mm: distance from the axis.
        angle_deg: direction in the image: 0 right, 90 down. With the patient supine and head first that is x to the
            left and y to the back.
        z: height.
    """
    angle = math.radians(angle_deg)
    return (round(radius_mm * math.cos(angle), 6), round(radius_mm * math.sin(angle), 6), z)
