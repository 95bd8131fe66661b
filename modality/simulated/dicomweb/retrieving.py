"""WADO-RS: instances as DICOM files, their attributes as JSON or XML, and their bulk data (PS3.18 10.4)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

from pydicom.dataset import Dataset
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from modality.errors import InputError, ModalityError, UnsupportedError, UsageError
from modality.protocol import multipart
from modality.protocol.models.as_json import element_at
from modality.simulated.archive.index import StoredInstance
from modality.simulated.dicomweb import answers, media
from modality.simulated.dicomweb.answers import Said
from modality.simulated.dicomweb.frames import Frames, opened
from modality.simulated.dicomweb.media import Accepted
from modality.simulated.dicomweb.pixels import StoredPixels
from modality.simulated.dicomweb.service import Service
from modality.transfer.elements import Buffer
from modality.transfer.encode import transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_UID, syntax_name

_PIECE = 1 << 18
_PIXELS = frozenset(("7FE00008", "7FE00009", "7FE00010"))


class Retrieving:
    """The retrieve transaction, as far as it is not of frames.

    Args:
        service: whose it is.
        frames: gives pixel data by frames.
    """

    def __init__(self, service: Service, frames: Frames) -> None:
        self._service = service
        self._frames = frames

    def retrieve(self, request: Request) -> Response:
        """The instances of a study or series, or one, in the transfer syntax that is accepted.

        Raises:
            HTTPException: 404, there are none; 406, not in what is accepted.
        """
        self._service.answer_or_refuse(request, "get")
        instances = self._service.instances(request)
        single = "instance" in request.path_params
        refusals = []
        for wanted in media.accepted(request):
            # A message of one part is for one instance only (PS3.18 8.7.4); who takes anything gets parts.
            if not wanted.takes(media.DICOM) or (not wanted.multipart and not wanted.any and not single):
                continue
            first = None
            try:
                for one in instances:
                    _target(one, wanted)
                first = _content(instances[0], wanted)
            except UsageError as error:
                refusals.append(str(error))
                continue
            except InputError:
                if single:
                    raise  # among others it is left out
            self._service.log(request, "WADO-RS", 200, detail=f"{len(instances)} instances")
            return self._given(request, wanted, instances, first)
        raise HTTPException(406, "; ".join(refusals) or f"there is {media.DICOM} here, and no other media type")

    def _given(
        self,
        request: Request,
        wanted: Accepted,
        instances: list[StoredInstance],
        first: tuple[str, list[Buffer] | Path] | None,
    ) -> Response:
        if first and not wanted.multipart and not wanted.any:
            syntax, content = first
            headers = {"Content-Length": str(_length(content))}
            return StreamingResponse(
                _pieces(content), headers=headers, media_type=f"{media.DICOM}; transfer-syntax={syntax}"
            )

        def parts() -> Iterator[tuple[dict[str, str], Iterator[Buffer]]]:
            for number, one in enumerate(instances):
                try:
                    syntax, content = first if number == 0 and first else _content(one, wanted)
                except ModalityError as error:
                    # The status has been sent: what cannot be decoded after all is left out, and noted.
                    self._service.log(request, "WADO-RS", 500, one.sop_instance_uid, f"left out: {error}")
                    continue
                uids = {
                    "StudyInstanceUID": one.study_uid,
                    "SeriesInstanceUID": one.series_uid,
                    "SOPInstanceUID": one.sop_instance_uid,
                }
                yield (
                    {
                        "Content-Type": f"{media.DICOM}; transfer-syntax={syntax}",
                        "Content-Location": self._service.url_of(request, uids),
                        "Content-Length": str(_length(content)),
                    },
                    _pieces(content),
                )

        boundary = secrets.token_hex(16)
        return StreamingResponse(
            map(bytes, multipart.written(boundary, parts())),
            headers={"Content-Type": multipart.content_type(boundary, media.DICOM)},
        )

    def metadata(self, request: Request) -> Response:
        """The attributes of the instances, bulk data by reference (PS3.18 10.4.1.1.2, annex F)."""
        form = media.model(request, single="instance" in request.path_params)
        self._service.answer_or_refuse(request, "get")
        instances = self._service.instances(request)
        if "instance" in request.path_params:
            self._model(request, instances[0])  # one that cannot be read shows here; among others it is left out

        def said() -> Iterator[Said]:
            for one in instances:
                try:
                    yield self._model(request, one)
                except ModalityError as error:
                    self._service.log(request, "WADO-RS", 500, one.sop_instance_uid, f"left out: {error}")

        self._service.log(request, "WADO-RS", 200, detail=f"metadata of {len(instances)} instances")
        return answers.several(form, said())

    def _model(self, request: Request, one: StoredInstance) -> Said:
        pixels = opened(one)
        uids = {
            "StudyInstanceUID": one.study_uid,
            "SeriesInstanceUID": one.series_uid,
            "SOPInstanceUID": one.sop_instance_uid,
        }
        url = f"{self._service.url_of(request, uids)}/bulkdata/"
        elsewhere: dict[int, tuple[str, str]] = {}
        if pixels.has_pixels:
            tag, vr, _, _ = pixels.element
            elsewhere[tag] = (vr, f"{url}{tag:08X}")
        header = Dataset(pixels.header)
        # What group 0002 would say of the syntax (PS3.18 10.6.3.3.3 has the same attribute for searches).
        header.AvailableTransferSyntaxUID = one.transfer_syntax_uid
        return Said(header, lambda path: url + path, elsewhere)

    def bulkdata(self, request: Request) -> Response:
        """One value, by the URL that the metadata gave.

        Raises:
            HTTPException: 404, there is none; 406, not in what is accepted.
        """
        self._service.answer_or_refuse(request, "get")
        (one,) = self._service.instances(request)
        pixels, path = opened(one), str(request.path_params["path"]).upper()
        if path in _PIXELS and pixels.has_pixels and f"{pixels.element[0]:08X}" == path:
            if pixels.encapsulated:
                return self._frames.given(request, pixels, range(pixels.frames))
            return self._octets(request, _native(pixels))
        try:
            value = element_at(pixels.header, path).value
        except LookupError:
            raise HTTPException(404, f"{path[:80]}: no such element") from None
        if not isinstance(value, bytes):
            raise HTTPException(404, f"{path[:80]}: its value stands in the metadata")
        return self._octets(request, [value])

    def _octets(self, request: Request, content: list[Buffer]) -> Response:
        for wanted in media.accepted(request):
            if not wanted.takes(media.BYTES):
                continue
            headers = {"Content-Length": str(_length(content))}
            if not wanted.multipart and not wanted.any:
                return StreamingResponse(_pieces(content), headers=headers, media_type=media.BYTES)
            boundary = secrets.token_hex(16)
            parts = [({"Content-Type": media.BYTES, **headers}, _pieces(content))]
            return StreamingResponse(
                map(bytes, multipart.written(boundary, parts)),
                headers={"Content-Type": multipart.content_type(boundary, media.BYTES)},
            )
        raise HTTPException(406, f"there is {media.BYTES} here")


def _target(one: StoredInstance, wanted: Accepted) -> list[str]:
    """The transfer syntaxes in which an instance can be given to who wants it, the preferred first.

    Raises:
        UnsupportedError: in none.
    """
    stored = one.transfer_syntax_uid
    targets = [
        uid
        for uid in media.instance_syntaxes(wanted, stored)
        # An instance in a lossy syntax that it did not come in would be another one (PS3.3 C.12.1.1.9).
        if uid == stored or (uid in BY_UID and BY_UID[uid].lossless and stored in BY_UID)
    ]
    if not targets:
        asked = wanted.transfer_syntax or "Explicit VR Little Endian"
        raise UnsupportedError(f"{one.sop_instance_uid} is stored in {syntax_name(stored)}, and not given in {asked}")
    return targets


def _content(one: StoredInstance, wanted: Accepted) -> tuple[str, list[Buffer] | Path]:
    """Transfer syntax and content of an instance as a DICOM file: its own file where nothing has to be changed.

    Raises:
        UnsupportedError: it cannot be had in a syntax that is wanted.
        MissingExtraError: a codec is not installed.
        InputError: its pixel data is damaged.
    """
    targets = _target(one, wanted)
    if not one.path.is_file():
        raise InputError(f"{one.sop_instance_uid}: its file is gone from the archive's folder")
    for number, uid in enumerate(targets):
        if uid == one.transfer_syntax_uid:
            return uid, one.path
        try:
            return uid, transcode(read(one.path), BY_UID[uid]).part10()
        except (UsageError, InputError):
            if number == len(targets) - 1:
                raise
    raise AssertionError("there is at least one target")


def _native(pixels: StoredPixels) -> list[Buffer]:
    """The value of native pixel data, little endian."""
    if pixels.syntax.little_endian:
        _, _, at, length = pixels.element
        return [memoryview(pixels.instance.tail[0])[at : at + length]]
    return [pixels.stored(frame) for frame in range(pixels.frames)]


def _length(content: list[Buffer] | Path) -> int:
    return content.stat().st_size if isinstance(content, Path) else sum(len(part) for part in content)


def _pieces(content: list[Buffer] | Path) -> Iterator[bytes]:
    if isinstance(content, Path):
        with content.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        return
    for part in content:
        for at in range(0, len(part), _PIECE):
            yield bytes(part[at : at + _PIECE])
