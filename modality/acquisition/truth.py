"""The truth of an acquisition as plain data, ready for truth.json."""

from __future__ import annotations

from typing import TypedDict

from modality.acquisition.ct import CtAcquisition
from modality.acquisition.frames import Acquisition
from modality.acquisition.mr import MrAcquisition
from phantoms.phantom import StructureTruth

_ASSUMED_KVP = 120.0
_ASSUMED_FIELD_T = 1.5


class Truth(TypedDict):
    """What was scanned."""

    seed: int
    phantom: str
    structures: list[StructureTruth]


def truth(acquisition: Acquisition) -> Truth:
    """What lies where in an acquisition, in the patient coordinates (LPS, mm) of its images.

    Args:
        acquisition: a scan. CT numbers are those at its tube voltage and relaxation times those at its field strength;
            what the modality does not see is listed for 120 kV and 1.5 T.
    """
    kvp, field_strength_t = _ASSUMED_KVP, _ASSUMED_FIELD_T
    if isinstance(acquisition, CtAcquisition):
        kvp = acquisition.protocol.kvp
    if isinstance(acquisition, MrAcquisition):
        field_strength_t = acquisition.protocol.field_strength_t
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "structures": acquisition.phantom.truth(kvp=kvp, field_strength_t=field_strength_t),
    }
