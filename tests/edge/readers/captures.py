"""A capture that lies nowhere, for readers alone."""

from __future__ import annotations

from pathlib import Path

from modality.delivery.outbox.item import Item, Moment
from modality.edge.config import DeviceConfig
from modality.edge.describing.content import Captured
from tests.edge.describing.bench import NOW


def captured(data: bytes, kind: str, **device: object) -> Captured:
    """The bytes of a dropped file."""
    item = Item(
        1, "1.2.3", "device", kind, "captured", Moment(NOW), {"file": f"a.{kind}"}, "", {}, True, Path("a"),
        len(data), NOW,
    )  # fmt: skip
    config = DeviceConfig("device", "folder", path=Path("a"), kind=kind, **device)  # type: ignore[arg-type]
    return Captured(item, config, data, NOW, True)
