"""DCMTK's command line: storescp as archive, wlmscpfs as worklist SCP, findscu and echoscu as users."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread

from tests.peers.process import HOST, free_port, is_open, program, running, wait_until


def run(name: str, *arguments: str | Path, folder: Path | None = None) -> str:
    """What one of DCMTK's tools prints; it has to end with 0."""
    finished = subprocess.run(
        [program(f"/usr/bin/{name}"), *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=100,
        check=False,
    )
    output = finished.stdout.decode("utf-8", errors="replace")
    assert finished.returncode == 0, f"{name} ended with {finished.returncode}:\n{output}"
    return output


@dataclass(frozen=True)
class StoreSCP:
    """A running storescp."""

    aet: str
    port: int
    folder: Path
    log: Path

    @property
    def address(self) -> str:
        """Its address over DIMSE."""
        return f"dicom://{self.aet}@{HOST}:{self.port}"

    def files(self) -> list[Path]:
        """The files received so far."""
        return sorted(self.folder.iterdir())

    def settled(self) -> None:
        """Wait until it knows that an association was aborted: what had come on it is written."""
        wait_until(lambda: b"Association Aborted" in self.log.read_bytes(), "the archive knows of an abort")


@contextlib.contextmanager
def storescp(
    folder: Path, *arguments: str, aet: str = "STORESCP", environment: Mapping[str, str] | None = None
) -> Iterator[StoreSCP]:
    """Runs storescp in a folder; without arguments it accepts the three uncompressed syntaxes of its default."""
    received = folder / "received"
    received.mkdir(parents=True)
    peer = StoreSCP(aet=aet, port=free_port(), folder=received, log=folder / "storescp.log")
    line: list[str | Path] = [
        program("/usr/bin/storescp"),
        "-v",
        "-aet",
        aet,
        "-od",
        received,
        *arguments,
        str(peer.port),
    ]
    with running(line, log=peer.log, ready=lambda: is_open(peer.port), environment=environment):
        yield peer


@dataclass(frozen=True)
class WorklistSCP:
    """A running wlmscpfs."""

    aet: str
    port: int
    folder: Path
    queries: Path
    log: Path

    @property
    def address(self) -> str:
        """Its address over DIMSE."""
        return f"dicom://{self.aet}@{HOST}:{self.port}"

    def requests(self) -> list[str]:
        """The identifiers of the C-FIND requests received so far, dumped, oldest first."""
        return [path.read_text(encoding="utf-8", errors="replace") for path in sorted(self.queries.iterdir())]


@contextlib.contextmanager
def wlmscpfs(folder: Path, items: Sequence[str | Dataset], *, aet: str = "WL") -> Iterator[WorklistSCP]:
    """Runs wlmscpfs over worklist items, each the text of a dump or a dataset; character sets go out as they are."""
    data = folder / "worklists"
    queries = folder / "queries"
    (data / aet).mkdir(parents=True)
    queries.mkdir()
    (data / aet / "lockfile").touch()
    for number, item in enumerate(items):
        _write_item(data / aet / f"{number:03}.wl", item)
    peer = WorklistSCP(aet=aet, port=free_port(), folder=data / aet, queries=queries, log=folder / "wlmscpfs.log")
    line: list[str | Path] = [program("/usr/bin/wlmscpfs"), "-v", "-csk", "-dfp", data, "-rfp", queries, str(peer.port)]
    with running(line, log=peer.log, ready=lambda: is_open(peer.port)):
        yield peer


def _write_item(path: Path, item: str | Dataset) -> None:
    if isinstance(item, str):
        dump = path.with_suffix(".dump")
        dump.write_text(item, encoding="utf-8")
        run("dump2dcm", "-g", dump, path)
        dump.unlink()
    else:
        item.save_as(path, implicit_vr=False, little_endian=True)


def find_worklist(address_port: int, aet: str, folder: Path, *keys: str) -> list[Dataset]:
    """The worklist items that findscu gets for its keys, read with pydicom."""
    folder.mkdir(parents=True, exist_ok=True)
    options = [option for key in keys for option in ("-k", key)]
    run("findscu", "-W", "-X", "-od", folder, "-aet", "SIM", "-aec", aet, *options, HOST, str(address_port))
    return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]
