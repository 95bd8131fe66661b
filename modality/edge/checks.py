"""What no type says of a configuration, checked before anything is opened."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from modality.config import located
from modality.edge.auditing.config import check_audit
from modality.edge.config import FILE_KINDS, SOURCES, ArchiveConfig, DeviceConfig, EdgeConfig, read_edge
from modality.edge.device_checks import check_device, check_modality, check_text
from modality.edge.page.config import check_web
from modality.edge.sources.adapters import fingerprint
from modality.errors import ConfigurationError, ModalityError
from modality.network.address import DicomAddress, WebAddress, ae_title, parse
from modality.registry import DEVICES, unknown


def load_edge(path: Path) -> EdgeConfig:
    """Read a configuration and check it whole.

    Args:
        path: the file.

    Raises:
        ConfigurationError: it cannot be read, or something in it is wrong; the message names the line or the key.
    """
    config = read_edge(path)
    _Checks(config, path).all()
    return config


_MOST_PORT, _MOST_DAYS = 65535, 36500


class _Checks:
    """What no type says."""

    def __init__(self, config: EdgeConfig, path: Path) -> None:
        self.config, self.path = config, path
        self.lines = path.read_text(encoding="utf-8").splitlines()

    def wrong(self, place: str, message: str) -> ConfigurationError:
        return located(str(self.path), self.lines, place, message)

    def all(self) -> None:
        config = self.config
        self.box()
        self.retention()
        if config.archive:
            self.archive("archive", config.archive)
        names = {config.archive.name} if config.archive else set()
        for index, one in enumerate(config.destination):
            place = f"destination[{index}]"
            self.archive(place, one)
            if one.name in names | ({config.fhir.name} if config.fhir else set()):
                raise self.wrong(f"{place}.name", f"{one.name!r} is taken: each destination needs a name of its own")
            names.add(one.name)
        if config.fhir:
            if config.fhir.name in names:
                raise self.wrong("fhir.name", f"{config.fhir.name!r} is taken by an archive: give it a name of its own")
            address = self.calling("fhir.address", lambda: parse(config.fhir.address if config.fhir else ""))
            if not isinstance(address, WebAddress):
                raise self.wrong("fhir.address", "a FHIR server is needed here: https://host/fhir")
        if not (config.archives or config.fhir):
            raise ConfigurationError(f"{self.path}: nothing to deliver to: give [archive] or [fhir]")
        self.worklist()
        if config.web:
            check_web(config.web, self.wrong)
        if config.audit:
            check_audit(config.audit, self.wrong)
        self.devices()
        if not config.device:
            raise ConfigurationError(f"{self.path}: no device: give at least one [[device]]")

    def box(self) -> None:
        box = self.config.edge
        self.calling("edge.aet", lambda: ae_title(box.aet))
        for key in ("retry_s", "retry_max_s", "attempts"):
            self.positive("edge", key, getattr(box, key))
        if not 0 <= box.reserve_mb < math.inf:
            raise self.wrong("edge.reserve_mb", f"has to be 0 or more, not {box.reserve_mb:g}")
        if box.listen is not None and not 0 <= box.listen <= _MOST_PORT:
            raise self.wrong("edge.listen", f"no port: {box.listen}")
        check_text("edge.institution", box.institution, self.wrong)

    def devices(self) -> None:
        taken: set[str] = set()
        inboxes: dict[tuple[str, str], str] = {}
        for index, device in enumerate(self.config.device):
            self.device(f"device[{index}]", device, taken)
            taken.add(device.name)
            where = str(device.path), device.kind
            if device.path and where in inboxes:
                other = inboxes[where]
                raise self.wrong(f"device[{index}].path", f"{device.path} is {other!r}'s for {device.kind!r} already")
            inboxes[where] = device.name

    def positive(self, table: str, key: str, value: float) -> None:
        if not 0 < value < math.inf:
            raise self.wrong(f"{table}.{key}", f"has to be more than 0, not {value:g}")

    def retention(self) -> None:
        kept = self.config.retention
        if not 0 <= kept.days <= _MOST_DAYS:
            raise self.wrong("retention.days", f"has to be 0 to {_MOST_DAYS}, not {kept.days:g}")
        self.positive("retention", "most_mb", kept.most_mb)

    def calling(self, place: str, make: Any) -> Any:
        """What `make` gives; its error, with the place."""
        try:
            return make()
        except ModalityError as error:
            raise self.wrong(place, str(error)) from error

    def archive(self, place: str, archive: ArchiveConfig) -> None:
        address = self.calling(f"{place}.address", lambda: archive.parsed)
        if isinstance(address, Path):
            raise self.wrong(f"{place}.address", "a folder is no archive: give dicom://AET@host:port or https://...")
        if isinstance(address, WebAddress) and archive.confirm == "commitment":
            raise self.wrong(f"{place}.confirm", 'DICOMweb has no commitment here: give "query" or "none"')
        self.positive(place, "confirm_s", archive.confirm_s)

    def worklist(self) -> None:
        worklist = self.config.worklist
        if worklist is None:
            return
        address = self.calling("worklist.address", lambda: parse(worklist.address))
        if not isinstance(address, DicomAddress):
            raise self.wrong("worklist.address", "a RIS is asked over DICOM: dicom://AET@host:port")
        if worklist.aet:
            self.calling("worklist.aet", lambda: ae_title(worklist.aet))
        check_modality("worklist.modality", worklist.modality, self.wrong)
        for key in ("poll_s", "keep_h"):
            self.positive("worklist", key, getattr(worklist, key))

    def device(self, place: str, device: DeviceConfig, taken: set[str]) -> None:
        if not device.name or device.name in taken:
            raise self.wrong(f"{place}.name", f"{device.name!r}: each device needs a name of its own")
        names = [*SOURCES, *DEVICES.names()]
        if device.driver not in names:
            raise self.wrong(f"{place}.driver", unknown("driver", device.driver, names))
        check_device(place, device, self.wrong)
        for key in ("segment_s", "silence_s", "barcode_s"):
            self.positive(place, key, getattr(device, key))
        if device.driver == "folder":
            self.folder(place, device)
        elif not device.port:
            raise self.wrong(
                f"{place}.port", "this key is missing: give a serial device by path, or socket://host:port"
            )
        if device.driver != "folder":
            self.calling(f"{place}.port", lambda: fingerprint(device.port))
        if device.driver == "hl7-oru":
            self.hl7(place, device)
        if device.driver not in SOURCES:
            self.calling(f"{place}.settings", lambda: _driver(device))
            self.taken(place, device)
        if device.driver != "barcode":
            self.patient(place, device)

    def hl7(self, place: str, device: DeviceConfig) -> None:
        from modality.edge.sources.mllp import address_of
        from modality.protocol.hl7.message import require

        self.calling(f"{place}.driver", require)
        self.calling(f"{place}.port", lambda: address_of(device.port))
        if not self.config.fhir and not (device.report and self.config.archives):
            raise self.wrong(f"{place}.driver", "'hl7-oru' gives values only: [fhir] is needed or report = true")

    def taken(self, place: str, device: DeviceConfig) -> None:
        """Somebody takes what the device gives."""
        entry = DEVICES.load(device.driver)
        values_only = (entry.streams and not entry.waveforms) or device.driver in ("astm", "cms50d-recorded")
        if values_only and not self.config.fhir and not (device.driver == "astm" and device.report):
            hint = " or report = true" if device.driver == "astm" else ""
            raise self.wrong(f"{place}.driver", f"{device.driver!r} gives values only: [fhir] is needed{hint}")
        if not values_only and not self.config.archives:
            raise self.wrong(f"{place}.driver", f"{device.driver!r} gives DICOM objects: [archive] is needed")

    def folder(self, place: str, device: DeviceConfig) -> None:
        if device.path is None:
            raise self.wrong(f"{place}.path", "this key is missing: the folder into which files are dropped")
        if device.kind not in FILE_KINDS:
            raise self.wrong(f"{place}.kind", unknown("kind of file", device.kind, list(FILE_KINDS)))
        if device.kind == "gdt" and not self.config.fhir and not device.report:
            raise self.wrong(f"{place}.kind", "'gdt' gives values only: [fhir] is needed or report = true")
        if device.kind != "gdt" and not self.config.archives:
            raise self.wrong(f"{place}.kind", f"{device.kind!r} gives DICOM objects: [archive] is needed")

    def patient(self, place: str, device: DeviceConfig) -> None:
        if device.matching is None and not device.patient_id:
            raise self.wrong(place, 'whose is it? Give patient_id, or matching = "worklist", "barcode" or "device"')
        if device.matching == "fixed" and not device.patient_id:
            raise self.wrong(f"{place}.matching", '"fixed" needs patient_id')
        if device.matching not in (None, "fixed") and device.patient_id:
            raise self.wrong(
                f"{place}.matching", f"{device.matching!r} and patient_id exclude each other: leave one out"
            )
        if device.matching == "worklist" and not self.config.worklist:
            raise self.wrong(f"{place}.matching", '"worklist" needs [worklist]')
        if device.matching == "barcode" and not any(one.driver == "barcode" for one in self.config.device):
            raise self.wrong(f"{place}.matching", '"barcode" needs a [[device]] with driver = "barcode"')


def _driver(device: DeviceConfig) -> None:
    """Make a driver once, so that a wrong setting is found before the box runs."""
    from firmware_bridge.errors import SettingsError

    try:
        DEVICES.load(device.driver).driver(device.settings)
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error
