"""WADO-RS: frames, as they are stored or recoded into what is accepted (PS3.18 10.4.1.1.3)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from modality.errors import InputError, ModalityError, UnsupportedError, UsageError
from modality.protocol import multipart
from modality.simulated.archive.index import StoredInstance
from modality.simulated.dicomweb import media
from modality.simulated.dicomweb.media import Accepted
from modality.simulated.dicomweb.pixels import StoredPixels
from modality.simulated.dicomweb.service import Service
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_UID, EXPLICIT_LITTLE, syntax_name

MOST = 100_000
"""Frames of one request; our choice."""


def opened(one: StoredInstance) -> StoredPixels:
    """A stored instance.

    Raises:
        InputError: its file cannot be read.
    """
    return StoredPixels(read(one.path))


def numbers(request: Request, pixels: StoredPixels) -> list[int]:
    """The frames that a URL names, from 0.

    Raises:
        HTTPException: 400, they are no numbers; 404, the instance has no pixels, or one is not there.
    """
    if not pixels.has_pixels:
        raise HTTPException(404, "the instance has no pixel data")
    texts = str(request.path_params["frames"]).split(",")
    if len(texts) > MOST or not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in texts):
        raise HTTPException(400, "frames are numbers from 1, with commas between them")
    found = [int(text) for text in texts]
    for number in found:
        if not 1 <= number <= pixels.frames:
            raise HTTPException(400 if number == 0 else 404, f"frame {number}: there are frames 1 to {pixels.frames}")
    return [number - 1 for number in found]


class Frames:
    """Gives frames.

    Args:
        service: whose they are.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def retrieve(self, request: Request) -> Response:
        """The frames that a URL names.

        Raises:
            HTTPException: 400 and 404, see `numbers`; 406, not in what is accepted.
        """
        self._service.answer_or_refuse(request, "get")
        (one,) = self._service.instances(request)
        pixels = opened(one)
        return self.given(request, pixels, numbers(request, pixels))

    def given(self, request: Request, pixels: StoredPixels, frames: Sequence[int]) -> Response:
        """Frames in what a request accepts: parts of a message, or one frame as it is.

        Raises:
            HTTPException: 406, in nothing of it.
        """
        stored = pixels.instance.transfer_syntax_uid
        refusals = []
        for wanted in media.accepted(request):
            if not wanted.multipart and not wanted.any and len(frames) > 1:
                refusals.append("several frames are given as multipart/related only")
                continue
            for uid in media.frame_syntaxes(wanted, stored):
                try:
                    first = _coded(pixels, frames[0], uid)
                except UsageError as error:
                    refusals.append(str(error))
                    continue
                detail = f"{len(frames)} frames in {syntax_name(uid)}"
                self._service.log(request, "WADO-RS", 200, pixels.instance.sop_instance_uid, detail)
                return _response(pixels, frames, uid, wanted, first)
        held = f"{media.media_type_of(stored)} in {syntax_name(stored)} and {media.BYTES}"
        raise HTTPException(406, "; ".join(dict.fromkeys(refusals)) or f"there is {held} here")


def _response(pixels: StoredPixels, frames: Sequence[int], uid: str, wanted: Accepted, first: bytes) -> Response:
    media_type = media.media_type_of(uid)
    described = f"{media_type}; transfer-syntax={uid}"
    if not wanted.multipart and not wanted.any:
        return Response(first, media_type=described)

    def parts() -> Iterator[tuple[dict[str, str], list[bytes]]]:
        for number, frame in enumerate(frames):
            data = first if number == 0 else _coded(pixels, frame, uid)
            yield {"Content-Type": described, "Content-Length": str(len(data))}, [data]

    boundary = secrets.token_hex(16)
    return StreamingResponse(
        map(bytes, multipart.written(boundary, _until_damaged(parts()))),
        headers={"Content-Type": multipart.content_type(boundary, media_type)},
    )


def _until_damaged(
    parts: Iterator[tuple[dict[str, str], list[bytes]]],
) -> Iterator[tuple[dict[str, str], list[bytes]]]:
    """Parts up to one that cannot be made: frames are told by their order, so none is left out between others."""
    try:
        yield from parts
    except ModalityError:
        return


def _coded(pixels: StoredPixels, frame: int, uid: str) -> bytes:
    """A frame in a transfer syntax.

    Raises:
        UnsupportedError: it cannot be decoded, or the syntax cannot carry it.
        MissingExtraError: a codec is not installed.
        InputError: it is damaged.
    """
    stored = pixels.instance.transfer_syntax_uid
    if uid == stored or (media.uncompressed(uid) and not pixels.encapsulated):
        return pixels.stored(frame)
    target = BY_UID.get(uid)
    if target is None:
        raise UnsupportedError(f"{uid[:64]}: no such transfer syntax here")
    if target.encoding is None and target is not EXPLICIT_LITTLE:
        raise UnsupportedError(f"frames are given in {EXPLICIT_LITTLE.keyword}, not in {target.keyword}")
    values, described = pixels.values(frame)
    if target.encoding is None:
        return values.astype(described.dtype, copy=False).tobytes()
    if target.encoding.described(described).offset:
        raise UnsupportedError(f"{target.keyword} would change the values of signed pixels")
    try:
        return target.encoding.encode(values, described)
    except (ValueError, RuntimeError) as error:
        raise InputError(f"frame {frame + 1} cannot be encoded: {error}") from error
