"""A DICOM modality simulator and edge device; the names here load what they need when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from modality.errors import ModalityError
    from modality.network.destinations import archive as Archive  # noqa: N812 - it makes what the address asks for
    from modality.simulated.archive import SimulatedArchive
    from modality.simulated.expectations import assert_same_pixels
    from modality.simulated.ris import SimulatedRis
    from modality.station.station import Station
    from modality.station.study import Study, ct, generate, mr
    from modality.transfer.destination import Folder, Receipt
    from modality.transfer.instance import PreparedInstance

_WHERE = {
    "Archive": "modality.network.destinations:archive",
    "Folder": "modality.transfer.destination:Folder",
    "ModalityError": "modality.errors:ModalityError",
    "PreparedInstance": "modality.transfer.instance:PreparedInstance",
    "Receipt": "modality.transfer.destination:Receipt",
    "SimulatedArchive": "modality.simulated.archive:SimulatedArchive",
    "SimulatedRis": "modality.simulated.ris:SimulatedRis",
    "Station": "modality.station.station:Station",
    "Study": "modality.station.study:Study",
    "assert_same_pixels": "modality.simulated.expectations:assert_same_pixels",
    "ct": "modality.station.study:ct",
    "generate": "modality.station.study:generate",
    "mr": "modality.station.study:mr",
}

__all__ = [
    "Archive",
    "Folder",
    "ModalityError",
    "PreparedInstance",
    "Receipt",
    "SimulatedArchive",
    "SimulatedRis",
    "Station",
    "Study",
    "assert_same_pixels",
    "ct",
    "generate",
    "mr",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'modality' has no attribute {name!r}")
    import importlib

    module, _, attribute = _WHERE[name].partition(":")
    value = getattr(importlib.import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *_WHERE]
