"""STOW-RS: instances in, part by part into files, whatever their size (PS3.18 10.5)."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import Message
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from modality.errors import InvalidResponse
from modality.protocol.multipart import MultipartReader, PartBegun, PartData, boundary_of
from modality.protocol.upper_layer.command import succeeded
from modality.simulated.archive.filing import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, SUCCESS, Filed
from modality.simulated.archive.storage import IncomingFile
from modality.simulated.dicomweb import answers, media
from modality.simulated.dicomweb.media import Model
from modality.simulated.dicomweb.service import Service
from modality.transfer.part10 import has_meta

# PS3.7 C.5.21 (SOP Class not supported), and PS3.18 10.5.3 (Referenced Transfer Syntax not supported).
CLASS_NOT_SUPPORTED, SYNTAX_NOT_SUPPORTED = 0x0122, 0xC122
# Our choice: as many instances as no study has.
_MOST_PARTS = 100_000


class Storing:
    """The store transaction.

    Args:
        service: whose it is.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    async def store(self, request: Request) -> Response:
        """Take the instances of a request, and say what became of each.

        Raises:
            HTTPException: 400, it is malformed; 406, another answer than JSON or XML is wanted; 413, it is too long;
                415, it is of another media type.
        """
        form = media.model(request, single=True)
        within = self._service.within(request)
        receiver = _Receiver(self._service, request, within)
        limit, abort_at = self._service.web.largest_request, self._service.archive.listener.faults.abort_at_bytes
        if int(request.headers.get("content-length") or 0) > limit:
            raise HTTPException(413, f"a request has at most {limit} bytes")
        received = 0
        try:
            async for piece in request.stream():
                received += len(piece)
                if received > limit:
                    raise HTTPException(413, f"a request has at most {limit} bytes")
                if abort_at is not None and received >= abort_at:
                    self._service.abort(request)
                    raise HTTPException(503, "broken off as asked")
                await run_in_threadpool(receiver.receive, piece)
            await run_in_threadpool(receiver.finish)
        except InvalidResponse as error:
            raise HTTPException(400, str(error)) from error
        except ClientDisconnect:
            raise HTTPException(400, "the connection ended too early") from None
        finally:
            receiver.close()
            self._service.archive.notify_of(receiver.stored)
        return self._answer(request, form, receiver.results)

    def _answer(self, request: Request, form: Model, results: list[Filed]) -> Response:
        """The Store Instances Response (PS3.18 Tables 10.5.3-1 and -2)."""
        stored, failed, others = [], [], []
        studies: dict[str, None] = {}
        for one in results:
            if one.attributes is None:
                others.append(_short("FailureReason", one.status))
                continue
            item = {
                **_uid("ReferencedSOPClassUID", one.attributes["SOPClassUID"]),
                **_uid("ReferencedSOPInstanceUID", one.attributes["SOPInstanceUID"]),
            }
            if not succeeded(one.status):
                failed.append(item | _short("FailureReason", one.status))
                continue
            item |= _element("RetrieveURL", "UR", self._service.url_of(request, one.attributes))
            stored.append(item | (_short("WarningReason", one.status) if one.status else {}))
            studies[one.attributes["StudyInstanceUID"]] = None
        url = self._service.url_of(request, {"StudyInstanceUID": next(iter(studies))}) if len(studies) == 1 else ""
        model = _element("RetrieveURL", "UR", url) if url else _element("RetrieveURL", "UR")
        sequences = {"FailedSOPSequence": failed, "ReferencedSOPSequence": stored, "OtherFailuresSequence": others}
        for keyword, items in sequences.items():
            model |= _element(keyword, "SQ", *items) if items else {}
        whole = all(one.status == SUCCESS for one in results)
        status = 200 if whole else 202 if stored else 409
        return answers.alone(form, Dataset.from_json(model), status)


class _Receiver:
    """Takes the body of a request, and files each instance as soon as it is whole."""

    def __init__(self, service: Service, request: Request, within: Mapping[str, list[str]]) -> None:
        self.results: list[Filed] = []
        self._service, self._request = service, request
        self._expected = {keyword: uids[0] for keyword, uids in within.items()}
        self._file: IncomingFile | None = None
        self._refusal = ""
        self._size = 0
        content_type = request.headers.get("content-type", "")
        kind, inner = _media_types(content_type)
        self._reader: MultipartReader | None = None
        if kind == "multipart/related" and inner in ("", media.DICOM):
            try:
                self._reader = MultipartReader(boundary_of(content_type))
            except InvalidResponse as error:
                raise HTTPException(400, str(error)) from error
        elif kind == media.DICOM:
            self._begin(kind)
        else:
            raise HTTPException(415, f"{content_type[:80]!r}: send multipart/related of {media.DICOM}")

    @property
    def stored(self) -> list[str]:
        """SOP Instance UIDs of what is answered with success."""
        return [one.attributes["SOPInstanceUID"] for one in self.results if one.attributes and succeeded(one.status)]

    def receive(self, piece: bytes) -> None:
        """Take a piece of the body.

        Raises:
            InvalidResponse: it is malformed.
        """
        if self._reader is None:
            self._write(piece)
            return
        for event in self._reader.receive(piece):
            if isinstance(event, PartBegun):
                if len(self.results) >= _MOST_PARTS:
                    raise InvalidResponse(f"more than {_MOST_PARTS} parts")
                self._begin(_media_types(event.headers.get("content-type", media.DICOM))[0])
            elif isinstance(event, PartData):
                self._write(event.data)
            else:
                self._end()

    def finish(self) -> None:
        """The body has ended.

        Raises:
            InvalidResponse: too early, or without an instance.
        """
        if self._reader is None:
            self._end()
            return
        self._reader.finish()
        if not self.results:
            raise InvalidResponse("the multipart body has no part")

    def close(self) -> None:
        """Leave nothing half-written behind; harmless after the end."""
        if self._file:
            self._file.discard()
            self._file = None

    def _begin(self, media_type: str) -> None:
        self._refusal = "" if media_type == media.DICOM else f"a part of {media_type[:40]}, not {media.DICOM}"
        self._size = 0
        self._file = self._service.archive.files.incoming()

    def _write(self, data: bytes) -> None:
        assert self._file is not None
        self._size += len(data)
        if self._size > self._service.web.largest_part:
            self._refusal = self._refusal or f"more than {self._service.web.largest_part} bytes"
        elif not self._refusal:
            self._file.write(data)

    def _end(self) -> None:
        """An instance is whole: file it as the faults want."""
        assert self._file is not None
        try:
            filed = self._filed(self._file)
        finally:
            self.close()
        self.results.append(filed)
        uid = (filed.attributes or {}).get("SOPInstanceUID", "")
        self._service.log(self._request, "STOW-RS", filed.status, uid, filed.comment)

    def _filed(self, file: IncomingFile) -> Filed:
        fault = self._service.strike(self._request, "store")
        if self._refusal:
            return Filed(OUT_OF_RESOURCES if "bytes" in self._refusal else CANNOT_UNDERSTAND, self._refusal)
        found = self._service.archive.filing.peek(file)
        if found.attributes is None:
            return found
        with file.path.open("rb") as whole:
            if not has_meta(whole.read(132)):
                return Filed(CANNOT_UNDERSTAND, "a bare data set: no file meta information")
        status, comment = SUCCESS, ""
        if fault.status is not None and not succeeded(fault.status):
            status, comment = fault.status, "refused as asked"
        elif fault.lose:
            return Filed(fault.status or SUCCESS, "", found.attributes, found.transfer_syntax_uid)
        else:
            status, comment = self._supported(found)
        if status:
            return Filed(status, comment, found.attributes, found.transfer_syntax_uid)
        return self._service.archive.filing.take(file, fault, self._expected, "the URL's")

    def _supported(self, found: Filed) -> tuple[int, str]:
        """Whether the archive keeps such instances: what it accepts over DIMSE it accepts here."""
        assert found.attributes is not None
        sop_class = found.attributes["SOPClassUID"]
        for context in self._service.archive.listener.contexts:
            if context.abstract_syntax == sop_class:
                if found.transfer_syntax_uid in context.transfer_syntax:
                    return SUCCESS, ""
                return SYNTAX_NOT_SUPPORTED, f"transfer syntax {found.transfer_syntax_uid} is not supported"
        return CLASS_NOT_SUPPORTED, f"SOP Class {sop_class[:64]} is not supported"


def _media_types(content_type: str) -> tuple[str, str]:
    """The media type, and that of the parts; in lower case."""
    parsed = Message()
    parsed["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ") or "-"
    inner = parsed.get_param("type", "")
    return content_type.partition(";")[0].strip().lower(), str(inner).strip('"').lower()


def _element(keyword: str, vr: str, *values: Any) -> dict[str, Any]:
    return {f"{Tag(keyword):08X}": {"vr": vr, **({"Value": list(values)} if values else {})}}


def _uid(keyword: str, uid: str) -> dict[str, Any]:
    return _element(keyword, "UI", uid)


def _short(keyword: str, value: int) -> dict[str, Any]:
    return _element(keyword, "US", value)
