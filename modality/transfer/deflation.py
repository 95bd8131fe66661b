"""Deflated data sets: raw deflate over the whole of one (PS3.5 A.5, RFC 1951)."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from modality.errors import InputError
from modality.transfer.elements import Buffer

LARGEST_INFLATED = 4 << 30
# Deflate makes up to 1032 bytes of one, images of real patients some ten: a file of megabytes is not let fill the
# memory (our choice). What is small may be empty images, and grow as it likes.
GROWTH, SMALL = 100, 64 << 20


def deflated_head(head: Buffer) -> bytes:
    """The first blocks of a deflated data set.

    A full flush ends them at a byte and forgets the window, so that the blocks of any tail follow unchanged.
    """
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)


def deflated_tail(parts: Sequence[Buffer]) -> bytes:
    """The last blocks of a deflated data set."""
    deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return b"".join([*(deflate.compress(part) for part in parts), deflate.flush()])


def inflated(data: Buffer) -> bytes:
    """A data set, inflated.

    Raises:
        InputError: it is damaged, breaks off, or grows beyond all measure.
    """
    inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    most = min(max(GROWTH * len(data), SMALL), LARGEST_INFLATED)
    try:
        out = inflate.decompress(data, most)
    except zlib.error as error:
        raise InputError(f"the deflated data set is damaged: {error}") from error
    if inflate.unconsumed_tail:
        raise InputError(f"the deflated data set grows beyond {most >> 20} MiB, as no images do")
    if not inflate.eof:
        raise InputError("truncated: the deflated data set breaks off")
    return out
