"""Views by name: what PS3.16 and PS3.3 call them, and how the patient lies in the image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from modality.acquisition.radiography.radiograph import Exposure


class Shown(NamedTuple):
    """How a view is said.

    Args:
        position: View Position (PS3.3 C.8.11.5).
        code: of PS3.16 CID 4010, or CID 4014 of a breast.
        orientation: Patient Orientation: where rows and columns lead (PS3.3 C.7.6.1.1.1).
    """

    position: str
    code: tuple[str, str, str]
    orientation: tuple[str, str]


_BODY: Mapping[str, Shown] = {
    "PA": Shown("PA", ("272479007", "SCT", "postero-anterior"), ("L", "F")),
    "AP": Shown("AP", ("399348003", "SCT", "antero-posterior"), ("L", "F")),
    "LATERAL": Shown("LL", ("399173006", "SCT", "left lateral"), ("P", "F")),
}
_CC = ("399162004", "SCT", "cranio-caudal")
_MLO = ("399368009", "SCT", "medio-lateral oblique")
_BREAST: Mapping[tuple[str, str], Shown] = {
    ("CC", "R"): Shown("CC", _CC, ("P", "L")),
    ("CC", "L"): Shown("CC", _CC, ("A", "R")),
    ("MLO", "R"): Shown("MLO", _MLO, ("P", "FL")),
    ("MLO", "L"): Shown("MLO", _MLO, ("A", "FR")),
}


def shown(exposure: Exposure) -> Shown:
    """How an exposure's view is said."""
    view = exposure.protocol.view
    return _BODY[view] if view in _BODY else _BREAST[view, str(exposure.phantom.laterality)]
