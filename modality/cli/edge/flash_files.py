"""`modality edge flash-files`: what to copy to a sensor board."""

from __future__ import annotations

from pathlib import Path

import click

from modality.cli.verb import Verb, common, emit, say

# Below firmware_bridge/; main.py goes to the top, where MicroPython starts it.
_PACKAGE = (
    "__init__.py",
    "framing.py",
    "envelope.py",
    "board/__init__.py",
    "board/ring.py",
    "board/link.py",
    "board/sensors.py",
    "board/loop.py",
)


@click.command("flash-files", cls=Verb)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@common
def flash_files(folder: Path, as_json: bool, debug: bool) -> None:  # noqa: ARG001 - debug is read by Verb
    """Lay out in DIR what to copy to a MicroPython board; a main.py that is there, with its pins, is kept."""
    import firmware_bridge
    from modality.errors import StorageFailed

    source = Path(firmware_bridge.__file__).parent
    files = [(source / name, folder / "firmware_bridge" / name) for name in _PACKAGE]
    files.append((source / "board" / "main.py", folder / "main.py"))
    written, kept = [], []
    try:
        for original, copy in files:
            if copy.name == "main.py" and copy.exists() and copy.read_bytes() != original.read_bytes():
                kept.append(copy)
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(original.read_bytes())
            written.append(copy)
    except OSError as error:
        raise StorageFailed(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    if as_json:
        emit({"written": [str(one) for one in written], "kept": [str(one) for one in kept]})
        return
    for one in kept:
        say(f"{one} is not the one that is shipped, and was kept")
    click.echo(f"{len(written)} files in {folder}: copy all of it to the board, for example")
    click.echo(f"  mpremote connect auto cp -r {folder}/. :  then  mpremote reset")
