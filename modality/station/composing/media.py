"""Interchange media: files with names of eight characters, and the DICOMDIR that lists them (PS3.10 8, PS3.3 F).

pydicom writes the directory. It is shown each instance without its pixels, and the files themselves are moved into
their places unchanged: gigabytes need not be read, nor written again.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom import dcmread
from pydicom.fileset import FileSet
from pydicom.uid import UID

from modality.errors import UsageError
from modality.identity import uid

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

    Args:
        files: on the file system of `out`, in the order of the directory; each is gone from its place afterwards.
        out: the folder that becomes the file-set's root.

    Returns:
        Where each file is now, such as ``PT000000/ST000000/SE000000/IM000000`` below `out`.

    Raises:
        UsageError: the folder has a DICOMDIR already, an instance fits no directory record, or a file cannot be
            written.
    """
    check_vacant(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".media-", dir=out) as aside, _file_set() as whole:
            uids = {path: _added(whole, path) for path in files}
            whole.UID = UID(uid("file-set", *sorted(uids.values())))
            whole.write(aside)
            moved: dict[Path, Path] = {}
            root = Path(aside).resolve()  # as pydicom tells its places, whatever `out` was: relative, or through links
            inside = {str(one.SOPInstanceUID): Path(one.path).relative_to(root) for one in whole}
            for path, known_as in uids.items():
                place = out / inside[known_as]
                place.parent.mkdir(parents=True, exist_ok=True)
                path.replace(place)
                moved[path] = place
            shutil.move(Path(aside) / DIRECTORY, out / DIRECTORY)  # last: it never lists what is not there
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror or error}") from error
    return moved


@contextmanager
def _file_set() -> Iterator[FileSet]:
    """A file-set of pydicom's, whose own temporary folders nobody ends but the garbage collector."""
    whole = FileSet()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            yield whole
        finally:
            whole._stage["t"].cleanup()  # it offers no other way


def _added(whole: FileSet, path: Path) -> str:
    """Show an instance to the file-set; returns its SOP Instance UID."""
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
        return str(whole.add(seen).SOPInstanceUID)
    except (ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{seen.get('SOPInstanceUID', path)}: fits no record of a {DIRECTORY}: {error}") from error
