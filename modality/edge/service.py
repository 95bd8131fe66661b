"""What makes the box a service of the system: a systemd unit with as few rights as it needs, and a udev rule."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from modality.edge.config import DeviceConfig, EdgeConfig
from modality.edge.sources.adapters import SCHEME, Fingerprint, fingerprint

UNIT = Path("/etc/systemd/system/modality-edge.service")
RULES = Path("/etc/udev/rules.d/70-modality-edge.rules")
"""Behind 60-serial.rules, which names adapters by path and serial number."""
_HOMES = ("/home/", "/root/", "/run/user/")
_PRIVILEGED = 1024
# What the kernel calls the classes of devices that may be named so (systemd.resource-control(5), DeviceAllow=).
_CLASSES = (
    (SCHEME, ("char-ttyUSB", "char-ttyACM")),
    (r"/dev/serial/by-", ("char-ttyUSB", "char-ttyACM")),
    (r"/dev/ttyUSB", ("char-ttyUSB",)),
    (r"/dev/ttyACM", ("char-ttyACM",)),
    (r"/dev/(ttyAMA|serial)", ("char-ttyAMA", "char-ttyS")),
    (r"/dev/ttyS", ("char-ttyS",)),
    (r"/dev/input/", ("char-input",)),
)
_PATTERN = re.compile(r"[*?\[\]|\\\"]")


@dataclass(frozen=True, slots=True)
class Service:
    """The box of a configuration as a service.

    Args:
        config: checked.
        path: its file.
        user: the account that the box runs as.
        program: the Python that has `modality` installed.
    """

    config: EdgeConfig
    path: Path
    user: str
    program: Path

    @property
    def folders(self) -> list[Path]:
        """What the box writes to: its state, and inboxes, from which it takes files away."""
        inboxes = [device.path for device in self.config.device if device.path]
        return list(dict.fromkeys([self.config.edge.state, *inboxes]))

    @property
    def files(self) -> list[Path]:
        """What the box reads besides: its configuration, keys and certificates."""
        tables = [(self.config.web, ("certificate", "key")), (self.config.audit, ("ca", "certificate", "key"))]
        named = [getattr(table, key) for table, keys in tables if table for key in keys]
        return [self.path, *dict.fromkeys(one for one in named if one)]

    @property
    def ports(self) -> list[DeviceConfig]:
        """The devices behind a port of this machine."""
        return [
            device
            for device in self.config.device
            if device.port.startswith(("/dev/", SCHEME)) and not device.port.startswith("/dev/pts/")
        ]

    def unit(self) -> str:
        """The systemd unit (systemd.service(5), systemd.exec(5))."""
        classes = sorted({name for device in self.ports for name in _classes(device.port)})
        low = self._privileged()
        lines = [
            "# Written by `modality edge install`; changes belong into `systemctl edit modality-edge`.",
            "[Unit]",
            f"Description=Edge box {self.config.edge.aet}: legacy devices to DICOM and FHIR",
            "Wants=network-online.target",
            "After=network-online.target time-sync.target",
            "StartLimitIntervalSec=0",
            "",
            "[Service]",
            "Type=notify",
            f"ExecStart={_quoted(self.program)} -m modality edge run {_quoted(self.path)}",
            "Restart=always",
            "RestartSec=2",
            "# The box says every few seconds that it is alive; it is ended and started again when it does not.",
            "WatchdogSec=30",
            "# SIGTERM ends it within 10 seconds, with what is open made safe.",
            "TimeoutStopSec=20",
            f"User={self.user}",
            f"Group={self.user}",
            "UMask=0077",
            "Environment=PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1",
            "",
            "# It reads the system and writes these folders, and nothing else.",
            "ProtectSystem=strict",
            f"ProtectHome={'read-only' if self._in_a_home() else 'yes'}",
            *(f"ReadWritePaths={_quoted(folder)}" for folder in self.folders),
            "PrivateTmp=yes",
            "",
            "# Of the devices, those classes; of the classes, those that the udev rule gives to its group.",
            "DevicePolicy=closed",
            *(f"DeviceAllow={name} rw" for name in classes),
            *([] if classes else ["PrivateDevices=yes"]),
            "",
            "NoNewPrivileges=yes",
            f"CapabilityBoundingSet={'CAP_NET_BIND_SERVICE' if low else ''}",
            f"AmbientCapabilities={'CAP_NET_BIND_SERVICE' if low else ''}",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
            "RestrictNamespaces=yes",
            "RestrictRealtime=yes",
            "RestrictSUIDSGID=yes",
            "LockPersonality=yes",
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelLogs=yes",
            "ProtectControlGroups=yes",
            "ProtectHostname=yes",
            "ProtectProc=invisible",
            "RemoveIPC=yes",
            "SystemCallArchitectures=native",
            "# Besides what services need: asking whether the clock is synchronized. Setting it wants a capability.",
            "SystemCallFilter=@system-service",
            "SystemCallFilter=~@privileged @resources",
            "SystemCallFilter=adjtimex clock_adjtime clock_adjtime64",
            "SystemCallErrorNumber=EPERM",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
        ]
        return "\n".join(lines) + "\n"

    def rules(self) -> str:
        """The udev rules (udev(7)): each adapter that the configuration names belongs to the box, and has an alias."""
        lines = [
            "# Written by `modality edge install`. Each adapter is matched by the name that 60-serial.rules gives to",
            "# the socket it is plugged into (by-path) or to its serial number (by-id), and is the box's alone.",
        ]
        for device in self.ports:
            lines += ["", f"# {_comment(device.name)}: {_comment(device.driver)}", self._rule(device)]
        return "\n".join(lines) + "\n"

    def _rule(self, device: DeviceConfig) -> str:
        name = device.port.removeprefix("/dev/")
        subsystem = "input" if name.startswith("input/") else "tty"
        pattern = _PATTERN.sub("?", name)
        linked = name.startswith("serial") or ("/" in name and not re.fullmatch(r"input/event\d+", name))
        wanted = fingerprint(device.port)
        match = f'SYMLINK=="{pattern}"' if linked else f'KERNEL=="{pattern.rpartition("/")[2]}"'
        match = _matching(wanted) if wanted else match
        alias = re.sub(r"[^A-Za-z0-9_.-]+", "-", device.name).strip("-.") or "device"
        return (
            f'SUBSYSTEM=="{subsystem}", {match}, GROUP="{self.user}", MODE="0660", '
            f'SYMLINK+="modality/{alias}", ENV{{ID_MM_DEVICE_IGNORE}}="1"'
        )

    def warnings(self) -> list[str]:
        """What may go wrong with it later, in words."""
        found = [
            f"{device.name}: {device.port} may be another adapter after the next start: "
            "give its name below /dev/serial/by-path"
            for device in self.ports
            if re.match(r"/dev/tty(USB|ACM)\d", device.port)
        ]
        if self.config.edge.state.is_relative_to("/tmp"):  # noqa: S108 - that is what is warned of
            found.append(f"{self.config.edge.state}: /tmp is emptied, and the service does not see it")
        return found

    def _in_a_home(self) -> bool:
        return any(str(path).startswith(_HOMES) for path in (self.program, *self.files, *self.folders))

    def _privileged(self) -> bool:
        """It listens on a port that only the privileged may have."""
        web = self.config.web
        return any(0 < port < _PRIVILEGED for port in (*_listened(self.config.device), self.config.edge.listen or 0,
                                                       web.port if web else 0))  # fmt: skip


def _listened(devices: Iterable[DeviceConfig]) -> list[int]:
    calls = [urlsplit(one.port) for one in devices if one.port.startswith("tcp-listen://")]
    return [one.port or 0 for one in calls]


def _classes(port: str) -> tuple[str, ...]:
    return next((names for pattern, names in _CLASSES if re.match(pattern, port)), (port,))


def _matching(wanted: Fingerprint) -> str:
    """What a rule matches an adapter by: attributes of one and the same parent (udev(7), ATTRS, KERNELS)."""
    found = [f'ATTRS{{idVendor}}=="{wanted.vendor:04x}"', f'ATTRS{{idProduct}}=="{wanted.product:04x}"']
    found += [f'ATTRS{{serial}}=="{_PATTERN.sub("?", wanted.serial)}"'] if wanted.serial else []
    found += [f'KERNELS=="{wanted.place.partition(":")[0]}"'] if wanted.place else []
    return ", ".join(found)


def _quoted(path: Path) -> str:
    """A path as a unit has it: % and $ are its own letters (systemd.unit(5), systemd.service(5))."""
    text = str(path).replace("%", "%%").replace("$", "$$")
    if not re.search(r"[\s\"'\\]", text):
        return text
    escaped = re.sub(r"([\"\\])", r"\\\1", text)
    return f'"{escaped}"'


def _comment(text: str) -> str:
    return " ".join(text.split())
