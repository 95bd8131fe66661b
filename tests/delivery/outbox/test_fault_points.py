"""The process ends behind each step that changes the disk; the next run makes one instance of each capture."""

from __future__ import annotations

import ast
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from modality.delivery.outbox.disk import STEPS, points
from tests.delivery.outbox.world import STREAM, World

_ROOT = Path(__file__).resolve().parents[3] / "modality"
_SOURCES = [*sorted((_ROOT / "delivery" / "outbox").glob("*.py")), *sorted((_ROOT / "edge" / "sources").glob("*.py"))]
_STEPS_OF_DISK = {"place", "append", "sync", "cut", "move", "remove", "settle"}
_RAW = {
    "fsync", "fdatasync", "rename", "unlink", "rmdir", "truncate", "ftruncate", "write_bytes", "write_text", "rmtree",
    "link", "symlink_to", "hardlink_to", "copyfile", "copy2", "execute", "executemany", "executescript", "commit",
}  # fmt: skip


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]


def _attribute(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _owner(call: ast.Call) -> str:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""


def _steps(path: Path) -> list[str]:
    """The names of the steps that a module does; a name that is no literal is no name."""
    found = []
    for call in _calls(path):
        of_disk = _attribute(call) in _STEPS_OF_DISK and _owner(call).split(".")[-1] in ("disk", "_disk")
        if of_disk or _attribute(call) == "transaction":
            step = call.args[0]
            found.append(step.value if isinstance(step, ast.Constant) else f"{path.name}:{call.lineno}")
    return found


def test_every_step_in_the_code_has_a_name_in_the_table_and_every_name_a_step() -> None:
    named = {step for path in _SOURCES for step in _steps(path)}
    assert named == set(STEPS)


def _changes_the_disk(call: ast.Call) -> bool:
    name, arguments = _attribute(call), " ".join(map(ast.unparse, call.args))
    if name == "open" and _owner(call) == "os":
        return any(flag in arguments for flag in ("O_WRONLY", "O_RDWR", "O_CREAT"))
    if name == "open":
        return bool(set("wax") & set(arguments))
    if name == "replace":  # of a path: of a text it has two arguments, of a dataclass keywords
        return len(call.args) == 1 and not call.keywords
    return name in _RAW


def test_nothing_changes_the_disk_beside_the_named_steps() -> None:
    raw = [
        f"{path.name}:{call.lineno} {_attribute(call)}"
        for path in _SOURCES
        if path.name not in ("disk.py", "database.py")
        for call in _calls(path)
        if _changes_the_disk(call) and not _in_transaction(path, call.lineno)
    ]
    assert raw == []


def _in_transaction(path: Path, line: int) -> bool:
    """Whether a line is within a transaction, which has a name, or in a function that is handed an open one."""
    tree = ast.parse(path.read_text())
    blocks = [
        node
        for node in ast.walk(tree)
        if (isinstance(node, ast.With) and "transaction(" in ast.unparse(node.items[0].context_expr))
        or (isinstance(node, ast.FunctionDef) and any(argument.arg == "database" for argument in node.args.args))
    ]
    return any(node.lineno <= line <= (node.end_lineno or 0) for node in blocks)


@pytest.mark.parametrize("method", sorted(_STEPS_OF_DISK))
def test_between_two_steps_of_the_disk_an_interruption_can_come(method: str) -> None:
    tree = ast.parse((_ROOT / "delivery" / "outbox" / "disk.py").read_text())
    disk = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Disk")
    function = next(node for node in disk.body if isinstance(node, ast.FunctionDef) and node.name == method)
    handlers = {
        id(inner) for node in ast.walk(function) if isinstance(node, ast.ExceptHandler) for inner in ast.walk(node)
    }
    calls = sorted(
        (node for node in ast.walk(function) if isinstance(node, ast.Call) and id(node) not in handlers),
        key=lambda call: (call.lineno, call.col_offset),
    )
    order = []
    for call in calls:
        name = _attribute(call) or ast.unparse(call.func)
        if name == "reached":
            order.append("reached")
        elif name in ("flush", "fsync", "replace", "rename", "unlink", "truncate", "_sync") or (
            name == "write" and method == "append"
        ):
            order.append("step")
    steps = order.count("step")
    assert steps >= 1
    assert order == ["step", "reached"] * steps


def _in_child(work: Callable[[], None]) -> int:
    """Do work in a process of its own; its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _reached(folder: Path, *, full: bool) -> set[str]:
    folder.mkdir()
    seen: set[str] = set()
    world = World(folder)
    world.prepare()
    world.work(seen.add, stream=True, full=full)
    return seen


def test_the_world_below_reaches_every_point(tmp_path: Path) -> None:
    assert _reached(tmp_path / "a", full=False) | _reached(tmp_path / "b", full=True) == set(points())


@pytest.mark.parametrize("point", points())
def test_a_crash_behind_a_step_loses_nothing_and_doubles_nothing(tmp_path: Path, point: str) -> None:
    world = World(tmp_path)
    world.prepare()
    full = point in ("capture.undone", "spool.undone", "spool.aside")

    def crash(reached: str) -> None:
        if reached == point:
            os._exit(137)

    assert _in_child(lambda: world.work(crash, stream=True, full=full)) == 137, "the world does not reach the point"
    promised = int((world.promises() or ["0"])[-1])
    world.work(lambda _: None, stream=False)
    world.work(lambda _: None, stream=False)

    assert [path.name for path in world.inbox.rglob("*") if path.is_file()] == [], "a file is still in the inbox"
    uids = set(world.stored())
    assert len(uids) in ((3,) if promised else (2, 3)), "each capture is one instance, under one UID"
    confirmed = [line.split() for line in (tmp_path / "confirmed").read_text().splitlines()]
    for uid, stores_before in confirmed:
        assert uid not in world.stored()[int(stores_before) :], "stored again after it was confirmed"
    assert {uid for uid, _ in confirmed} == uids or point == "deliver.confirmed"
    left = [path for path in world.state.rglob("*") if path.suffix in (".raw", ".dcm", ".json", ".part", ".spool")]
    assert left == [], "retention took everything, and a crash left nothing"
    most = Counter(world.stored()).most_common(1)[0][1]
    assert most <= 3, "sent again at most once for the crash, and once for the refusal"


def test_what_was_promised_to_the_device_is_in_the_capture(tmp_path: Path) -> None:
    """Killed behind each piece of the stream that was made safe: the capture begins with what was promised."""
    world = World(tmp_path)
    world.prepare()
    seen = Counter[str]()

    def crash(reached: str) -> None:
        seen[reached] += 1
        if reached == "spool.synced" and seen[reached] == 2:
            os._exit(137)

    assert _in_child(lambda: world.work(crash, stream=True)) == 137
    spool = next((world.state / "spool").iterdir())
    kept = spool.read_bytes().partition(b"\n")[2]
    assert int(world.promises()[-1]) == 190
    assert kept == STREAM[:380], "safe are the pieces that were synced, and not one byte else"
