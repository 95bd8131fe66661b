"""Interchange media: files with names of eight characters, and the DICOMDIR that lists them (PS3.10 8, PS3.3 F).

The directory is shown each instance without its pixels, and the files themselves are moved into their places unchanged:
gigabytes need not be read, nor written again.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydicom import dcmread

from modality.errors import UsageError
from modality.identity import uid
from modality.station.composing.directory import Directory
from modality.transfer.files import folder_aside

DIRECTORY = "DICOMDIR"


def check_vacant(out: Path) -> None:
    """A folder gets one file-set.

    Raises:
        UsageError: it has a DICOMDIR already.
    """
    if (out / DIRECTORY).exists():
        raise UsageError(f"{out}: holds a {DIRECTORY} already: give another folder, or remove it")


def into_media(files: Iterable[Path], out: Path) -> dict[Path, Path]:
    """Move DICOM files into a file-set, and write its directory.

    The file-set is put together aside: what is interrupted leaves no part of it in `out`.

    Args:
        files: on the file system of `out`, in the order of the directory; each is gone from its place afterwards.
        out: the folder that becomes the file-set's root.

    Returns:
        Where each file is now, such as ``PT000000/ST000000/SE000000/IM000000`` below `out`.

    Raises:
        UsageError: the folder has a DICOMDIR or a file-set's folders already, an instance fits no directory record, or
            a file cannot be written.
    """
    check_vacant(out)
    try:
        directory = Directory()
        with folder_aside(out, "media") as whole:
            places, uids = {}, []
            for path in files:
                places[path], known_as = _listed(directory, path)
                uids.append(known_as)
            (whole / DIRECTORY).write_bytes(directory.encoded(uid("file-set", *sorted(uids))))
            for path, place in places.items():
                (whole / place).parent.mkdir(parents=True, exist_ok=True)
                path.replace(whole / place)
            _reveal(whole, out)
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
    return {path: out / place for path, place in places.items()}


def _reveal(whole: Path, out: Path) -> None:
    """Move a file-set to its place: all of it, or nothing."""
    names = sorted((one.name for one in whole.iterdir()), key=lambda name: (name == DIRECTORY, name))
    for name in names:
        if (out / name).exists():
            raise UsageError(f"{out}: holds {name} of another file-set: give another folder, or remove it")
    begun: list[str] = []
    try:
        for name in names:  # the directory last: it never lists what is not there
            begun.append(name)
            (whole / name).replace(out / name)
    except BaseException:
        for name in begun:
            if not (whole / name).exists():
                (out / name).replace(whole / name)
        raise


def _listed(directory: Directory, path: Path) -> tuple[Path, str]:
    """Show an instance to the directory; returns its place and its SOP Instance UID."""
    seen = dcmread(path, stop_before_pixels=True)
    if "ContentSequence" in seen:
        # The record of a document has of its content what modifies the title, and no more (PS3.3 F.5.25 and others).
        modifiers = [item for item in seen.ContentSequence if item.get("RelationshipType") == "HAS CONCEPT MOD"]
        seen.ContentSequence = modifiers
        if not modifiers:
            del seen.ContentSequence
    if "StudyID" in seen and not seen.StudyID:
        # Of Type 2 in the instance and 1 in the record (PS3.3 C.7.2.1, F.5.2): the record alone gets one of ours.
        seen.StudyID = str(seen.StudyInstanceUID)[-16:].lstrip(".")
    try:
        return Path(directory.add(seen)), str(seen.SOPInstanceUID)
    except (ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{seen.get('SOPInstanceUID', path)}: fits no record of a {DIRECTORY}: {error}") from error
