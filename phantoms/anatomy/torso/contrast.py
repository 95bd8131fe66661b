"""Where a contrast agent is, some time after it was injected into a vein of the arm."""

from __future__ import annotations

from collections.abc import Mapping

from phantoms.errors import PhantomError
from phantoms.material import Tissue, enhanced
from phantoms.tissues import TISSUES

PHASES: Mapping[str, Mapping[str, float]] = {
    "none": {},
    "arterial": {
        "artery": 12.0,
        "vein": 1.0,
        "portal vein": 2.0,
        "renal vein": 5.0,
        "liver": 0.6,
        "spleen": 3.0,
        "kidney cortex": 5.5,
        "kidney medulla": 1.2,
        "pancreas": 3.2,
        "bowel wall": 2.0,
        "muscle": 0.2,
        "metastasis": 0.5,
    },
    "portal": {
        "artery": 5.5,
        "vein": 4.8,
        "portal vein": 6.0,
        "renal vein": 6.0,
        "liver": 2.4,
        "spleen": 2.8,
        "kidney cortex": 5.5,
        "kidney medulla": 4.8,
        "pancreas": 2.4,
        "bowel wall": 2.4,
        "muscle": 0.6,
        "metastasis": 1.0,
    },
    "delayed": {
        "artery": 3.0,
        "vein": 3.0,
        "portal vein": 3.2,
        "renal vein": 3.4,
        "liver": 1.6,
        "spleen": 1.8,
        "kidney cortex": 4.0,
        "kidney medulla": 4.4,
        "urine": 40.0,
        "pancreas": 1.4,
        "bowel wall": 1.6,
        "muscle": 0.7,
        "metastasis": 1.3,
    },
}
"""Iodine in mg/ml. Our choice: 25 HU for each mg/ml at 120 kV makes of it the aorta of 350 HU of an arterial phase, the
liver of 110 HU and the aorta of 190 HU of a portal venous one, and bright urine in a delayed one."""

_MADE_OF = {"artery": "blood", "vein": "blood", "portal vein": "blood", "renal vein": "blood", "urine": "bile"}


class Enhancement:
    """Tissues as they look in one phase.

    Args:
        phase: a name from `PHASES`.

    Raises:
        PhantomError: no such phase.
    """

    def __init__(self, phase: str) -> None:
        if phase not in PHASES:
            raise PhantomError(f"contrast phase {phase!r}: one of {', '.join(PHASES)}")
        self._iodine = PHASES[phase]

    def __getitem__(self, name: str) -> Tissue:
        """A tissue of the table, or what fills a kind of vessel, with what has reached it."""
        return enhanced(TISSUES[_MADE_OF.get(name, name)], self._iodine.get(name, 0.0))
