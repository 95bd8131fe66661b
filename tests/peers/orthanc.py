"""Orthanc with its DICOMweb plugin: archive, storage commitment SCP."""

from __future__ import annotations

import contextlib
import io
import json
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom

from tests.peers.process import HOST, free_port, is_open, missing, program, running

PROGRAM = "/usr/sbin/Orthanc"
DICOMWEB_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
AET = "ORTHANC"


@dataclass(frozen=True)
class Orthanc:
    """A running Orthanc."""

    port: int
    http_port: int
    log: Path

    @property
    def address(self) -> str:
        """Its address over DIMSE."""
        return f"dicom://{AET}@{HOST}:{self.port}"

    @property
    def http(self) -> str:
        """The base of its REST API, without a slash at the end."""
        return f"http://{HOST}:{self.http_port}"

    @property
    def dicomweb(self) -> str:
        """The base of its DICOMweb services, without a slash at the end."""
        return f"{self.http}/dicom-web"

    def read(self, path: str) -> bytes:
        """What the REST API answers to a GET."""
        with urllib.request.urlopen(f"{self.http}{path}", timeout=100) as response:
            return bytes(response.read())

    def instances(self) -> list[str]:
        """Orthanc's own identifiers of the stored instances."""
        return list(json.loads(self.read("/instances")))

    def file(self, instance: str) -> bytes:
        """The Part 10 file of an instance, as stored."""
        return self.read(f"/instances/{instance}/file")

    def tags(self, instance: str) -> dict[str, Any]:
        """The attributes of an instance by keyword, as Orthanc decodes them."""
        return dict(json.loads(self.read(f"/instances/{instance}/simplified-tags")))

    def datasets(self) -> list[pydicom.FileDataset]:
        """All stored instances, read with pydicom."""
        return [pydicom.dcmread(io.BytesIO(self.file(instance))) for instance in self.instances()]


@contextlib.contextmanager
def orthanc(
    folder: Path, modalities: Mapping[str, tuple[str, int]] | None = None, **overrides: object
) -> Iterator[Orthanc]:
    """Runs Orthanc in a folder.

    Args:
        folder: an empty folder for the configuration, the storage and the log.
        modalities: AE titles that Orthanc may report and send to, with host and port.
        overrides: keys of Orthanc's configuration file.
    """
    program(PROGRAM)
    if not DICOMWEB_PLUGIN.exists():
        missing(str(DICOMWEB_PLUGIN))
    peer = Orthanc(port=free_port(), http_port=free_port(), log=folder / "orthanc.log")
    configuration = {
        "Name": "peer",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "HttpPort": peer.http_port,
        "DicomPort": peer.port,
        "DicomAet": AET,
        "DicomCheckCalledAet": True,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "HttpThreadsCount": 4,
        "SaveJobs": False,
        "Plugins": [str(DICOMWEB_PLUGIN)],
        "DicomModalities": {aet: [aet, host, port] for aet, (host, port) in (modalities or {}).items()},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration | overrides, indent=2), encoding="utf-8")
    with running([PROGRAM, path], log=peer.log, ready=lambda: is_open(peer.port) and is_open(peer.http_port)):
        yield peer
