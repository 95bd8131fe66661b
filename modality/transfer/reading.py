"""Bytes to prepared instances: a DICOM file, a bare data set, or one as it travels."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from modality.errors import InputError
from modality.transfer.deflation import inflated
from modality.transfer.elements import Buffer, skim
from modality.transfer.instance import PreparedInstance
from modality.transfer.layouts import Layouts
from modality.transfer.part10 import has_meta, is_uid, read_meta
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, IMPLICIT_LITTLE

_SMALL = 1 << 16  # up to here reading costs less than mapping


def read(path: Path, layouts: Layouts | None = None) -> PreparedInstance:
    """An instance from a file; what is large is mapped into memory rather than read.

    Args:
        path: the file.
        layouts: those of the files read before, where many are read.

    Raises:
        InputError: the file cannot be read, is empty, truncated, or no DICOM; the message names it.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise InputError("empty file")
            small = size <= _SMALL
            data = file.read() if small else memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        instance = from_bytes(data, source=str(path), layouts=layouts)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    instance.path = path
    return instance


def from_bytes(data: Buffer, *, source: str = "", layouts: Layouts | None = None) -> PreparedInstance:
    """An instance from the bytes of a DICOM file, or of a bare data set in one of the default syntaxes.

    Raises:
        InputError: the bytes are truncated or no DICOM.
    """
    if has_meta(data):
        meta = read_meta(data)
        data_set = memoryview(data)[meta.data_set_offset :]
        instance = encoded(data_set, meta.transfer_syntax_uid, source=source, layouts=layouts)
    else:
        instance = _without_meta(data, source)
    for keyword in ("SOPClassUID", "SOPInstanceUID"):
        value = instance.identifier(keyword)
        if not is_uid(value):
            raise InputError(f"{keyword} {value!r} is no UID" if value else f"no {keyword}: not a storable instance")
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
    """Old files carry a bare data set; the default syntaxes are tried, the first that reads through is taken."""
    for syntax in (IMPLICIT_LITTLE, EXPLICIT_LITTLE):
        try:
            found = encoded(data, syntax.uid, source=source)
            if found.identifier("SOPClassUID"):
                return found
        except InputError:
            continue
    raise InputError("not a DICOM file")
