"""Bytes to prepared instances: a DICOM file, a bare data set, or one as it travels."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from pathlib import Path

from modality.errors import InputError
from modality.transfer.deflation import inflated
from modality.transfer.elements import Buffer, skim
from modality.transfer.instance import PreparedInstance
from modality.transfer.layouts import Layouts
from modality.transfer.part10 import has_meta, is_uid, read_meta
from modality.transfer.syntaxes import BY_UID, EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE

_SMALL = 1 << 16  # up to here reading costs less than mapping
_FOLDER = "cannot be read: a link to a folder is not followed; name the folder itself"
_NO_REGULAR_FILE = "no regular file (a pipe, a socket or a device)"


def read(path: Path, layouts: Layouts | None = None) -> PreparedInstance:
    """An instance from a file; what is large is mapped into memory rather than read.

    Args:
        path: the file.
        layouts: those of the files read before, where many are read.

    Raises:
        InputError: the file cannot be read, is empty, truncated, or no DICOM; the message names it.
    """
    name = str(path)
    try:
        data = _contents(name)
        instance = from_bytes(data, source=name, layouts=layouts)
    except OSError as error:
        why = _NO_REGULAR_FILE if error.errno == errno.ENXIO else f"cannot be read: {error.strerror}"
        raise InputError(f"{name}: {why}") from error
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    instance.path = path
    return instance


def _contents(name: str) -> Buffer:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe that nobody writes to blocks else
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(_FOLDER if stat.S_ISDIR(status.st_mode) else _NO_REGULAR_FILE)
        if not status.st_size:
            raise InputError("empty file")
        if status.st_size > _SMALL:
            return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
        return os.read(descriptor, status.st_size)
    finally:
        os.close(descriptor)


def from_bytes(data: Buffer, *, source: str = "", layouts: Layouts | None = None) -> PreparedInstance:
    """An instance from the bytes of a DICOM file, or of a bare data set in a native syntax that is not deflated.

    Raises:
        InputError: the bytes are truncated or no DICOM.
    """
    if has_meta(data):
        meta = layouts.meta(data) if layouts is not None else read_meta(data)
        data_set = memoryview(data)[meta.data_set_offset :]
        instance = encoded(data_set, meta.transfer_syntax_uid, source=source, layouts=layouts)
    else:
        instance = _without_meta(data, source)
    values = []
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        value = instance.identifier(keyword)
        if not is_uid(value):
            raise InputError(f"{keyword} {value!r} is no UID" if value else f"no {keyword}: not a storable instance")
        values.append(value)
    instance.known(sop_class_uid=values[0], sop_instance_uid=values[1])
    return instance


def encoded(
    data: Buffer, transfer_syntax_uid: str, *, source: str = "", layouts: Layouts | None = None
) -> PreparedInstance:
    """An instance from an encoded data set without meta information, as it travels in C-STORE.

    Raises:
        InputError: the bytes are truncated or no data set.
    """
    syntax = BY_UID.get(transfer_syntax_uid, EXPLICIT_LITTLE)
    as_read = data if syntax.deflated else None
    if syntax.deflated:
        data = inflated(data)
    if layouts is not None:
        found = layouts.of(data, syntax)
    else:
        found = skim(data, explicit=syntax.explicit, little_endian=syntax.little_endian)
    top = [place for place in found.places if place.offset < found.pixels]
    tail = [memoryview(data)[found.pixels :]] if found.pixels < len(data) else []
    head = bytes(data[: found.pixels])
    return PreparedInstance(transfer_syntax_uid, head, tail, source, top=top, as_read=as_read)


def _without_meta(data: Buffer, source: str) -> PreparedInstance:
    """Old files carry a bare data set; the native syntaxes are tried, the first that reads through is taken."""
    for syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG):
        try:
            found = encoded(data, syntax.uid, source=source)
            if found.identifier("SOPClassUID"):
                return found
        except InputError:
            continue
    raise InputError("not a DICOM file")
