"""Encapsulated uncompressed: the native bytes of a frame in a fragment (PS3.5 A.4.11)."""

from __future__ import annotations

import numpy as np

from modality.errors import InputError
from modality.transfer.codecs.pixels import Frame, PixelFormat


class NativeCodec:
    """Little endian, colour by pixel."""

    def encode(self, frame: Frame, coded: PixelFormat, quality: float | None, source: str) -> bytes:  # noqa: ARG002
        """The frame's bytes."""
        return frame.tobytes()

    def decode(self, data: bytes, coded: PixelFormat) -> Frame:
        """The frame; one byte of padding may follow."""
        if len(data) not in (coded.length, coded.length + coded.length % 2):
            raise InputError(f"{len(data)} bytes where the data set asks for {coded.length}")
        return np.frombuffer(data, coded.dtype, coded.length // coded.dtype.itemsize).reshape(coded.shape)


NATIVE = NativeCodec()
