"""The box's configuration as data: the tables of its TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from modality.config import load
from modality.edge.auditing.config import AuditConfig
from modality.edge.clock import Trust
from modality.edge.page.config import WebConfig
from modality.network.address import Address, DicomAddress, parse

Matching = Literal["fixed", "worklist", "barcode", "device"]
Confirmation = Literal["commitment", "query", "none"]


@dataclass(frozen=True, slots=True)
class BoxConfig:
    """What [edge] says.

    Args:
        state: the folder of the spool and the database.
        aet: the box's AE title.
        retry_s: first wait before a destination that failed is tried again; it doubles.
        retry_max_s: the longest one.
        attempts: how often a destination may refuse an object before that is set aside.
        listen: port for reports of commitment on the archives' own associations; none by default.
        listen_host: the interface of it.
        reserve_mb: megabytes of the disk that captures leave free.
        clock: "auto" asks the system whether the clock is right; "always" and "never" say so.
        institution: Institution Name.
    """

    state: Path
    aet: str = "EDGE"
    retry_s: float = 1.0
    retry_max_s: float = 300.0
    attempts: int = 5
    listen: int | None = None
    listen_host: str = "127.0.0.1"
    reserve_mb: float = 64.0
    clock: Trust = "auto"
    institution: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveConfig:
    """What [archive], and each [[destination]], says: where DICOM objects go.

    Args:
        address: dicom://, dicoms://, or https:// of DICOMweb.
        confirm: "commitment": stored and committed, or, where no report comes, found by query; "query": stored and
            found by query; "none": stored. Over DICOMweb, "query" unless told otherwise.
        confirm_s: how long a report is waited for before the archive is asked by query.
        name: how it is called in lists.
    """

    address: str
    confirm: Confirmation | None = None
    confirm_s: float = 10.0
    name: str = "archive"

    @property
    def parsed(self) -> Address:
        """The address.

        Raises:
            AddressError: it does not parse.
        """
        return parse(self.address)

    @property
    def confirmation(self) -> Confirmation:
        """How a delivery is confirmed."""
        return self.confirm or ("commitment" if isinstance(self.parsed, DicomAddress) else "query")


@dataclass(frozen=True, slots=True)
class FhirConfig:
    """What [fhir] says: where Observations go.

    Args:
        address: the service root.
        name: how it is called in lists.
    """

    address: str
    name: str = "fhir"


@dataclass(frozen=True, slots=True)
class WorklistConfig:
    """What [worklist] says: who knows the patients.

    Args:
        address: the RIS.
        aet: only steps scheduled for this station; empty for those of every station.
        modality: only steps of this modality; a device's own goes before it.
        date: "today" asks for what is scheduled for today, "any" for everything.
        poll_s: seconds between two queries.
        keep_h: hours for which the last answer serves while the RIS is away.
    """

    address: str
    aet: str = ""
    modality: str = ""
    date: Literal["today", "any"] = "today"
    poll_s: float = 30.0
    keep_h: float = 24.0


@dataclass(frozen=True, slots=True)
class RetentionConfig:
    """What [retention] says: how long what is delivered stays.

    Args:
        days: at least so long.
        most_mb: the oldest go before their time when everything together is larger.
    """

    days: float = 30.0
    most_mb: float = 2000.0


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """What a [[device]] says.

    Args:
        name: what people call it.
        driver: a name of `modality list devices`; "folder" for dropped files; "barcode" for a scanner;
            "hl7-oru" for results that are sent over HL7 v2.
        port: a serial device by path, usb:VID:PID[:SERIAL][@PLACE] for whatever path it has when it is plugged in, a
            pseudo-terminal, socket://host:port, or tcp-listen://host:port.
        path: the folder of dropped files.
        kind: of dropped files: see `FILE_KINDS`; of an amplifier's channels: "eeg" or "ecg".
        channels: electrodes or leads of an amplifier's channels, in order.
        patient_id: whose everything of this device is.
        patient_name: the name to it.
        issuer: Issuer of Patient ID.
        matching: else how the patient is found.
        barcode_s: how long a scan holds.
        modality: of the scheduled steps that are for this device; empty for any.
        segment_s: seconds of a stream in one instance.
        silence_s: seconds without a byte that end an instance.
        manufacturer: Manufacturer.
        model: Manufacturer's Model Name.
        serial_number: Device Serial Number.
        report: make a structured report of a laboratory's results too.
        loinc: code of LOINC, a blank and a unit of UCUM by the test's name: ``GLU = "2345-7 mg/dL"``.
        baud: bits a second, where the device is set otherwise than usual.
        bits: data bits, likewise.
        parity: N, E or O, likewise.
        stop: stop bits, likewise.
        settings: of the driver.
    """

    name: str
    driver: str
    port: str = ""
    path: Path | None = None
    kind: str = ""
    channels: tuple[str, ...] = ()
    patient_id: str = ""
    patient_name: str = ""
    issuer: str = ""
    matching: Matching | None = None
    barcode_s: float = 900.0
    modality: str = ""
    segment_s: float = 60.0
    silence_s: float = 3.0
    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    report: bool = False
    loinc: Mapping[str, str] = field(default_factory=dict)
    baud: int | None = None
    bits: int | None = None
    parity: Literal["N", "E", "O"] | None = None
    stop: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def matched(self) -> Matching:
        """How the patient is found."""
        return self.matching or "fixed"


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """The file."""

    edge: BoxConfig
    archive: ArchiveConfig | None = None
    destination: tuple[ArchiveConfig, ...] = ()
    fhir: FhirConfig | None = None
    worklist: WorklistConfig | None = None
    retention: RetentionConfig = RetentionConfig()
    device: tuple[DeviceConfig, ...] = ()
    web: WebConfig | None = None
    audit: AuditConfig | None = None

    @property
    def archives(self) -> tuple[ArchiveConfig, ...]:
        """Every destination of DICOM objects."""
        return (*((self.archive,) if self.archive else ()), *self.destination)

    def device_named(self, name: str) -> DeviceConfig | None:
        """A device by its name."""
        return next((one for one in self.device if one.name == name), None)


SOURCES = ("folder", "barcode", "hl7-oru")
"""Drivers that are not of the bridge."""

FILE_KINDS: Mapping[str, tuple[str, ...]] = {
    "pdf": (".pdf",),
    "photo": (".jpg", ".jpeg", ".png", ".tif", ".tiff"),
    "sc": (".jpg", ".jpeg", ".png", ".tif", ".tiff"),
    "video": (".mp4", ".m4v"),
    "joia-xml": (".xml",),
    "edf": (".edf",),
    "gdt": (".gdt", ".bdt", ".xdt", *(f".{number:03d}" for number in range(1000))),
    "aecg": (".xml",),
    "scp": (".scp", ".ecg"),
}
"""Kinds of dropped files, and how their names end."""


def read_edge(path: Path) -> EdgeConfig:
    """Read a configuration; relative paths in it start at its folder.

    Raises:
        ConfigurationError: it cannot be read, or a key or a type in it is wrong; the message names the line.
    """
    config = load(path, EdgeConfig)
    here = path.resolve().parent
    devices = tuple(replace(one, path=here / one.path) if one.path else one for one in config.device)
    return replace(
        config,
        edge=replace(config.edge, state=here / config.edge.state),
        device=devices,
        web=_placed(config.web, here, "certificate", "key"),
        audit=_placed(config.audit, here, "ca", "certificate", "key"),
    )


Table = TypeVar("Table", WebConfig, AuditConfig)


def _placed(table: Table | None, here: Path, *keys: str) -> Table | None:
    """A table whose relative paths start at a folder."""
    if table is None:
        return None
    found: dict[str, Any] = {key: here / path for key in keys if (path := getattr(table, key))}
    return replace(table, **found)
