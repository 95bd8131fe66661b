"""A describer on an outbox, and captures to give it."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pydicom

from firmware_bridge.simulators.simulator import Simulator
from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Capture, Item, Moment
from modality.delivery.outbox.outbox import Outbox
from modality.edge.clock import BoxClock
from modality.edge.config import ArchiveConfig, BoxConfig, DeviceConfig, EdgeConfig, FhirConfig
from modality.edge.describing.describer import Describer
from modality.edge.events import Events
from modality.edge.matching.matching import Matcher
from modality.registry import DEVICES, SIMULATORS

NOW = datetime(2026, 11, 25, 12, 0)


def simulated(device: str, seconds: float, seed: int = 1) -> bytes:
    """What a simulated device says in its first seconds, when it was told to begin."""
    entry = SIMULATORS.load(device)
    simulator: Simulator = entry.simulator(seed, {})
    driver = DEVICES.load(device).driver({})
    said = simulator.feed(driver.start())
    for _ in range(int(seconds * 20)):
        said += simulator.advance(0.05)
    return said


class Bench:
    """Describes captures of one device."""

    def __init__(
        self, folder: Path, driver: str, *, fhir: bool = False, archive: bool = True, **device: object
    ) -> None:
        given: dict[str, Any] = {"patient_id": "P1"} | device
        if "matching" in given:
            given.pop("patient_id")
        self.outbox = Outbox(folder)
        self.device = DeviceConfig("device", driver, port="x", path=folder, **given)
        config = EdgeConfig(
            BoxConfig(folder),
            ArchiveConfig("dicom://A@127.0.0.1:1") if archive else None,
            fhir=FhirConfig("http://127.0.0.1:1/fhir") if fhir else None,
            device=(self.device,),
        )
        self.events = Events()
        self.describer = Describer(config, self.outbox, Matcher(None), BoxClock("always"), self.events)

    def capture(self, data: bytes, kind: str = "", trusted: bool = True, **details: object) -> Item:
        """Capture bytes, and describe them."""
        moment = Moment(NOW, trusted=trusted)
        item = self.outbox.capture(Capture("device", kind or self.device.driver, moment, details=details), [data])
        self.describer.work(threading.Event())
        return self.outbox.item(item.uid)

    def objects(self, item: Item) -> list[pydicom.FileDataset]:
        """The DICOM objects made of it."""
        return [pydicom.dcmread(one.path) for one in Deliveries(self.outbox).of(item.uid) if one.form == "dicom"]

    def resources(self, item: Item, kind: str) -> list[Mapping[str, Any]]:
        """The FHIR resources of one type made of it."""
        found = []
        for one in Deliveries(self.outbox).of(item.uid):
            if one.form == "fhir":
                entries = json.loads(one.path.read_bytes())["entry"]
                found += [entry["resource"] for entry in entries if entry["resource"]["resourceType"] == kind]
        return found
