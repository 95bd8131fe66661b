"""`modality private`: the private elements of files, by private dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modality.cli.network.files import files_below, readable
from modality.cli.verb import PARTIAL, Verb, common, emit, finish, progress, say, table
from modality.errors import counted

if TYPE_CHECKING:
    from modality.iods.private_elements.reading import PrivateElement

_SHOWN = 60  # characters of a value that people are shown; JSON has all of a text
_BYTES = 16  # of one that is nothing but bytes


@click.command("private", cls=Verb)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--private-dictionary", "dictionaries", type=click.Path(path_type=Path, dir_okay=False), multiple=True,
    metavar="FILE.toml",
    help="Names and VRs of private elements, in the [[private]] blocks that `generate --attributes` writes by "
    "(repeatable); asked before those of the personas and pydicom's table of vendors'.",
)  # fmt: skip
@common
def private(
    paths: tuple[Path, ...],
    dictionaries: tuple[Path, ...],
    as_json: bool,
    debug: bool,  # noqa: ARG001 - read by Verb
) -> None:
    """List the private elements of the files at PATHS (files or folders), named by private dictionaries.

    An element whose VR the file does not tell, in implicit VR or as UN, is decoded as its dictionary says; sequences
    are listed with what is in them. A creator that no dictionary knows is told of. Exit code 1 when a file cannot be
    read, or a value does not fit its VR.
    """
    from modality.iods.private_elements.dictionary import Dictionaries
    from modality.iods.private_elements.reading import private_elements

    known = Dictionaries(dictionaries)
    problems: dict[str, str] = {}
    listed: list[dict[str, Any]] = []
    strangers: dict[tuple[str, str], dict[str, Any]] = {}
    misfits = 0
    files = files_below(paths)
    with progress(len(files), "reading") as done:
        for number, (path, instance) in enumerate(readable(files, problems), 1):
            found = list(private_elements(instance.dataset(), known))
            misfits += sum(bool(one.problem) for one in found)
            _note_strangers(found, known.knows, str(path), strangers)
            rows = [_row(one) for one in found]
            listed.append({"file": str(path), "sop_instance_uid": instance.sop_instance_uid, "elements": rows})
            if not as_json:
                _show(str(path), rows)
            done(number)
    for line in problems.values():
        say(f"skipped: {line}")
    unknown = [{**one, "files": len(one["files"])} for one in strangers.values()]
    if as_json:
        emit({"files": listed, "unknown_creators": unknown, "skipped": problems})
    else:
        for one in unknown:
            who = f"unknown creator {one['creator']!r}" if one["creator"] else "no private creator"
            counts = f"{counted(one['elements'], 'element')} in {counted(one['files'], 'file')}"
            click.echo(f"{who} in group {one['group']}: {counts}, not named")
    finish(PARTIAL if problems or misfits else 0)


def _note_strangers(
    found: Iterable[PrivateElement], knows: Any, path: str, strangers: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Count the elements whose creator no dictionary knows, or that nobody has reserved a block for."""
    for one in found:
        if one.private and not knows(one.creator):
            group = f"{one.tag.group:04x}"
            counts = strangers.setdefault(
                (one.creator, group), {"creator": one.creator, "group": group, "elements": 0, "files": set()}
            )
            counts["elements"] += 1
            counts["files"].add(path)


def _row(one: PrivateElement) -> dict[str, Any]:
    """An element as JSON has it."""
    row: dict[str, Any] = {
        "tag": str(one.tag),
        "path": list(one.path),
        "creator": one.creator,
        "name": one.name,
        "dictionary": one.source,
        "vr": one.vr,
        "file_vr": one.told_vr,
    }
    if one.vr == "SQ" and not one.problem:
        return {**row, "items": one.value}
    if isinstance(one.value, bytes):
        row |= {"bytes": len(one.value), "hex": one.value[:_BYTES].hex(" ")}
    else:
        row["value"] = _plain(one.value, one.vr)
    return {**row, "problem": one.problem} if one.problem else row


def _plain(value: Any, vr: str) -> Any:
    """A value of pydicom's as JSON has it."""
    from pydicom.multival import MultiValue
    from pydicom.tag import Tag

    if isinstance(value, (list, tuple, MultiValue)):
        return [_plain(one, vr) for one in value]
    if value is None or value == "":
        return None
    if vr == "AT":
        return str(Tag(value))
    if vr == "IS":
        return int(value)
    if vr == "DS":
        return float(value)
    return value if type(value) in (int, float) else str(value)


def _show(path: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        click.echo(f"{path}: no private element")
        return
    cells = [
        [
            "  " * len(row["path"]) + row["tag"],
            row["vr"] if row["vr"] == row["file_vr"] else f"{row['vr']} ({row['file_vr'] or 'not told'})",
            row["name"] or "?",
            row.get("problem") or _text(row),
            row["creator"],
        ]
        for row in rows
    ]
    table(path, ["tag", "VR", "name", "value", "creator"], cells)


def _text(row: dict[str, Any]) -> str:
    """A value for people, cut where it is long."""
    if "items" in row:
        return counted(row["items"], "item")
    if "bytes" in row:
        more = " ..." if row["bytes"] > _BYTES else ""
        return f"{counted(row['bytes'], 'byte')}: {row['hex']}{more}"
    value = row["value"]
    text = "\\".join("" if one is None else str(one) for one in (value if isinstance(value, list) else [value]))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ... ({len(text)} characters)"
