"""`modality edge install`: the box as a service of the system, from its configuration."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modality.cli.verb import Verb, common, emit, refuse, say
from modality.errors import ModalityError, UsageError

if TYPE_CHECKING:
    from modality.edge.service import Service

_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,30}")  # useradd(8)


@click.command(cls=Verb)
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--user", default="modality-edge", show_default=True, metavar="NAME",
              help="Account that the box runs as; made where there is none.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Print the systemd unit and the udev rule, and change nothing.")
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
              help="Write both below DIR, as of an image being built, and start nothing.")  # fmt: skip
@common
def install(config: Path, user: str, dry_run: bool, root: Path | None, as_json: bool, debug: bool) -> None:  # noqa: ARG001
    """Install the box that CONFIG describes as a service, with as few rights as it needs, and start it.

    It makes the account, gives it the state folder, its devices and the right to read CONFIG, and writes a systemd unit
    and a udev rule. Done again, it brings them up to date. Run it as root, from where `modality` is installed for
    everybody: /opt, not somebody's home.
    """
    from modality.edge.checks import load_edge
    from modality.edge.service import RULES, UNIT, Service

    if not _NAME.fullmatch(user):
        raise click.UsageError(f"--user: {user!r} is no name of an account")
    if dry_run:
        refuse(("root",), "--dry-run writes nothing")
    path = config.resolve()
    service = Service(load_edge(path), path, user, Path(sys.executable))
    for warning in service.warnings():
        say(f"note: {warning}")
    files = {UNIT: service.unit(), RULES: service.rules()}
    if dry_run:
        if as_json:
            emit({"files": {str(name): text for name, text in files.items()}, "user": user})
        else:
            click.echo("\n".join(f"# --- {name}\n{text}" for name, text in files.items()), nl=False)
        return
    if root is None:
        _prepare(service)
    for name, text in files.items():
        _write((root / name.relative_to("/")) if root else name, text)
    if root is None:
        _start()
    if as_json:
        emit({"files": {str(name): text for name, text in files.items()}, "user": user})
    else:
        say(_next_steps(service) if root is None else f"written below {root}: the account {user} has to be made there")


def _prepare(service: Service) -> None:
    """Account, folders and rights.

    Raises:
        UsageError: it is not root who asks, or the account could not run the program.
    """
    if os.geteuid() != 0:
        raise UsageError("installing a service takes root: put sudo before it (--dry-run shows what it would do)")
    for program in ("systemctl", "udevadm", "useradd"):
        if shutil.which(program) is None:
            raise UsageError(f"{program} is missing: this system does not use systemd (--dry-run shows the unit)")
    _readable(service.program, "install modality where everybody may run it, such as a venv below /opt")
    import grp
    import pwd

    try:
        account = pwd.getpwnam(service.user)
    except KeyError:
        _run("useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", service.user)  # fmt: skip
        account = pwd.getpwnam(service.user)
    group = grp.getgrnam(service.user).gr_gid
    state = service.config.edge.state
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in (state, *state.rglob("*")):
        os.chown(path, account.pw_uid, group, follow_symlinks=False)
    for inbox in service.folders[1:]:
        if not inbox.is_dir():
            inbox.mkdir(parents=True)
            os.chown(inbox, account.pw_uid, group)
            inbox.chmod(0o2775)
            say(f"note: {inbox}: made; who drops files there has to be in the group {service.user}")
    for path in service.files:
        _readable(path.parent, f"the account {service.user} has to reach {path}: move it below /etc")
        if not path.stat().st_mode & stat.S_IROTH:
            os.chown(path, path.stat().st_uid, group)
            path.chmod(path.stat().st_mode | stat.S_IRGRP)


def _readable(path: Path, advice: str) -> None:
    """Everybody can reach a file or folder.

    Raises:
        UsageError: not.
    """
    for folder in (path, *path.parents):
        if folder.is_dir() and not folder.stat().st_mode & stat.S_IXOTH:
            raise UsageError(f"{folder}: nobody but its owner may enter it: {advice}")


def _write(path: Path, text: str) -> None:
    from modality.transfer.files import write_whole

    write_whole(path, [text.encode()], durable=True)
    path.chmod(0o644)
    say(f"wrote {path}")


def _start(run: Callable[..., None] | None = None) -> None:
    do = run or _run
    do("udevadm", "control", "--reload")
    do("udevadm", "trigger", "--subsystem-match=tty", "--subsystem-match=input")
    do("systemctl", "daemon-reload")
    do("systemctl", "enable", "modality-edge.service")
    do("systemctl", "restart", "modality-edge.service")


def _run(*command: str) -> None:
    """Run a program of the system.

    Raises:
        ModalityError: it failed.
    """
    arguments: Sequence[str] = command
    done = subprocess.run(arguments, check=False, capture_output=True, text=True)  # noqa: S603 - ours, no shell
    if done.returncode:
        raise ModalityError(f"{' '.join(command)}: {done.stderr.strip() or f'exit code {done.returncode}'}")


def _next_steps(service: Service) -> str:
    web = service.config.web
    page = f"; its page: {web.address}/" if web else ""
    return f"the box runs{page}; its log: journalctl -u modality-edge; how it does: modality edge status {service.path}"
