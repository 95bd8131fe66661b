"""The DIMSE peer on dcmjs-dimse: strict MPPS SCP, and storage commitment SCP that answers as told."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydicom import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import ImplicitVRLittleEndian

from tests.peers.process import HOST, command, is_open, missing, running

NODE_FOLDER = Path(__file__).parent / "node"

Answer = Literal["all", "failed", "never", "refused"]
Way = Literal["same", "other"]


@dataclass(frozen=True)
class Message:
    """A DIMSE message as the peer saw it, and what it made of it.

    Attributes:
        service: N-CREATE, N-SET, N-ACTION, or N-EVENT-REPORT (then the modality's response, or the failure).
        status: the status answered (or received); None where nothing came.
        problems: the violated rules, in words; the peer answers 0000H nevertheless when not strict.
        time_ms: wall clock in ms since 1970.
        sop_instance_uid: the affected or requested SOP instance.
        calling_aet: AE title of the modality.
        command: the command set by keyword.
        keywords: the dataset by keyword, as dcmjs understands it.
        dataset: the dataset, its bytes read with pydicom.
    """

    service: str
    status: int | None
    problems: list[str]
    time_ms: int
    sop_instance_uid: str
    calling_aet: str
    command: dict[str, Any]
    keywords: dict[str, Any]
    dataset: Dataset


@dataclass(frozen=True)
class Dcmjs:
    """A running dcmjs peer."""

    aet: str
    port: int
    log: Path
    record: Path

    @property
    def address(self) -> str:
        """Its address over DIMSE."""
        return f"dicom://{self.aet}@{HOST}:{self.port}"

    def messages(self, service: str | None = None) -> list[Message]:
        """The messages so far, oldest first; those of one service, if named."""
        if not self.record.exists():
            return []
        lines = self.record.read_text(encoding="utf-8").splitlines(keepends=True)
        messages = [_message(json.loads(line)) for line in lines if line.endswith("\n")]
        return [message for message in messages if service in (None, message.service)]


def _message(line: dict[str, Any]) -> Message:
    implicit = line["transfer_syntax"] == ImplicitVRLittleEndian
    encoded = base64.b64decode(line["encoded"])
    return Message(
        service=line["service"],
        status=line["status"],
        problems=line["problems"],
        time_ms=line["time_ms"],
        sop_instance_uid=line["sop_instance_uid"],
        calling_aet=line["calling_aet"],
        command=line["command"],
        keywords={keyword: value for keyword, value in line["dataset"].items() if keyword != "_vrMap"},
        dataset=read_dataset(io.BytesIO(encoded), is_implicit_VR=implicit, is_little_endian=True),
    )


@contextlib.contextmanager
def dcmjs(
    folder: Path,
    *,
    aet: str = "MPPS",
    strict: bool = True,
    commitment: Answer = "all",
    association: Way = "other",
    delay_ms: int = 0,
    modalities: Mapping[str, tuple[str, int]] | None = None,
) -> Iterator[Dcmjs]:
    """Runs the dcmjs peer.

    Args:
        folder: where its log and its record of messages go.
        aet: its AE title; others are rejected.
        strict: refuse what violates a rule; otherwise only note it.
        commitment: all committed, the first instance failed, no report ever, or the N-ACTION refused.
        association: where the N-EVENT-REPORT comes.
        delay_ms: how long it waits with the N-EVENT-REPORT.
        modalities: host and port of each AE title that it may report to on another association.
    """
    if not (NODE_FOLDER / "node_modules" / "dcmjs-dimse").is_dir():
        missing("tests/peers/node/node_modules/dcmjs-dimse")
    log, record = folder / "dcmjs.log", folder / "dcmjs.jsonl"
    line: list[str | Path] = [command("node"), NODE_FOLDER / "peer.js", "--aet", aet, "--log", record]
    line += ["--commitment", commitment, "--association", association, "--delay-ms", str(delay_ms)]
    line += [] if strict else ["--permissive"]
    for title, (host, port) in (modalities or {}).items():
        line += ["--modality", f"{title}@{host}:{port}"]
    with running(line, log=log, ready=lambda: _port(log) is not None and is_open(_port(log) or 0)):
        yield Dcmjs(aet=aet, port=_port(log) or 0, log=log, record=record)


def _port(log: Path) -> int | None:
    """The port, which the peer chooses itself and prints in one line when it listens."""
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith('{"port"') and line.endswith("\n"):
            return int(json.loads(line)["port"])
    return None
