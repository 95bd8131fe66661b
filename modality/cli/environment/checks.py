"""The checks of `modality doctor`: each says what it found, and what to do where that is a hindrance."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from modality.cli.environment.versions import PACKAGES, installed

State = Literal["ok", "note", "problem"]

# Where `modality serve department` listens unless told otherwise.
PORTS = {"archive": 11112, "RIS": 11113, "DICOMweb": 8042, "FHIR": 8080}
_LEAST_FREE = 1 << 30
_SYNCHRONISED = Path("/run/systemd/timesync/synchronized")
_DEVICES = ("ttyUSB*", "ttyACM*", "ttyAMA*", "ttyS*")
_CLOCK_S = 5.0


class Finding(NamedTuple):
    """What a check found.

    Args:
        check: what was looked at.
        state: "ok"; "note" for what some work would miss; "problem" for what hinders.
        found: one line.
        advice: what to do; empty when nothing.
    """

    check: str
    state: State
    found: str
    advice: str = ""


def packages() -> Iterator[Finding]:
    """Which packages are there, and which extra brings those that are not."""
    extras: dict[str, list[str]] = {}
    for name, extra in PACKAGES.items():
        if installed(name):
            continue
        if not extra:
            yield Finding(
                "packages", "problem", f"{name} is missing", "pip install --force-reinstall modality-simulator"
            )
        extras.setdefault(extra, []).append(name)
    core = [f"{name} {installed(name)}" for name, extra in PACKAGES.items() if not extra]
    yield Finding("packages", "ok", ", ".join(core))
    for extra in dict.fromkeys(extra for extra in PACKAGES.values() if extra):
        missing = extras.get(extra, [])
        if missing:
            advice = f"pip install 'modality-simulator[{extra}]'"
            yield Finding(f"extra {extra}", "note", f"without {', '.join(missing)}", advice)
        else:
            names = (f"{name} {installed(name)}" for name, of in PACKAGES.items() if of == extra)
            yield Finding(f"extra {extra}", "ok", ", ".join(names))


def codecs() -> Iterator[Finding]:
    """Which transfer syntaxes can be written here: a small frame goes through the codec of each."""
    import numpy as np

    from modality.errors import MissingExtraError, ModalityError
    from modality.transfer.codecs.pixels import PixelFormat
    from modality.transfer.syntaxes import TABLE

    frame = np.arange(64 * 64, dtype=np.uint8).reshape(64, 64)
    pixels = PixelFormat(64, 64, bits_allocated=8, bits_stored=8)
    works, without, broken = 0, [], []
    for one in TABLE:
        encoding = one.encoding
        try:
            if encoding is not None and encoding.refusal == "":
                data = encoding.encode(frame, pixels)
                encoding.decode(data, encoding.described(pixels).pixels)
            works += 1
        except MissingExtraError:
            without.append(one.keyword)
        except ModalityError as error:
            broken.append(f"{one.keyword} ({error})")
    yield Finding("transfer syntaxes", "ok", f"{works} of {len(TABLE)} can be written and read")
    if without:
        there = installed("imagecodecs")
        advice = "a newer Python has a newer imagecodecs" if there else "pip install 'modality-simulator[codecs]'"
        yield Finding("transfer syntaxes", "note", f"without {', '.join(without)}", advice)
    if broken:
        advice = "pip install --force-reinstall 'modality-simulator[codecs]'"
        yield Finding("transfer syntaxes", "problem", f"broken: {', '.join(broken)}", advice)


def ports(numbers: Mapping[str, int] = PORTS) -> Iterator[Finding]:
    """Whether the ports that `modality serve` takes by default are free.

    Args:
        numbers: port by who listens there.
    """
    for who, number in numbers.items():
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", number))
            except OSError as error:
                advice = "another program listens there: name another port, or 0 for any free one"
                yield Finding(f"port {number}", "note", f"{who}: {error.strerror}", advice)
            else:
                yield Finding(f"port {number}", "ok", f"{who}: free")


def serial_ports(devices: Path = Path("/dev")) -> Iterator[Finding]:
    """Which serial ports there are, and whether we may use them.

    Args:
        devices: where they are.
    """
    found = sorted(path for pattern in _DEVICES for path in devices.glob(pattern))
    if not found:
        yield Finding("serial ports", "note", "none", "plug the adapter in, if the edge box is what this is for")
    for path in found:
        if os.access(path, os.R_OK | os.W_OK):
            yield Finding("serial ports", "ok", str(path))
        else:
            advice = f"sudo usermod -a -G {_group(path)} $USER, and log in again"
            yield Finding("serial ports", "problem", f"{path}: no right to use it", advice)


def _group(path: Path) -> str:
    try:
        return path.group()
    except (KeyError, OSError):
        return "dialout"


def clock(synchronised: Callable[[], bool | None] | None = None) -> Iterator[Finding]:
    """Whether somebody keeps the clock: what is acquired is dated by it.

    Args:
        synchronised: tells; None where nobody knows.
    """
    state = (synchronised or _synchronised)()
    if state is None:
        yield Finding("clock", "note", "nobody can say whether it is synchronised", "see to NTP, where dates matter")
    elif state:
        yield Finding("clock", "ok", "synchronised")
    else:
        yield Finding("clock", "problem", "not synchronised", "sudo timedatectl set-ntp true")


def _synchronised() -> bool | None:
    if _SYNCHRONISED.exists():
        return True
    program = shutil.which("timedatectl")
    if program is None:
        return None
    try:
        command = [program, "show", "--property", "NTPSynchronized", "--value"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=_CLOCK_S, check=True).stdout.strip()  # noqa: S603 - a fixed command
    except (OSError, subprocess.SubprocessError):
        return None
    return {"yes": True, "no": False}.get(said)


def disk(folder: Path | None = None) -> Iterator[Finding]:
    """Whether temporary files can be written, and how many.

    Args:
        folder: where; the system's folder for them by default.
    """
    folder = folder or Path(tempfile.gettempdir())
    try:
        with tempfile.TemporaryFile(dir=folder):
            free = shutil.disk_usage(folder).free
    except OSError as error:
        advice = "set TMPDIR to a folder that can be written"
        yield Finding("temporary files", "problem", f"{folder}: {error.strerror}", advice)
        return
    state: State = "ok" if free >= _LEAST_FREE else "note"
    advice = "" if state == "ok" else "slides and load tests need more: set TMPDIR to a larger disk"
    yield Finding("temporary files", state, f"{folder}: {free / (1 << 30):.1f} GiB free", advice)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (packages, codecs, ports, serial_ports, clock, disk)
