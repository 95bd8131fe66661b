"""The data set of a payload of UPS-RS: the DICOM JSON Model, or the Native DICOM Model in XML (PS3.18 11.1.3)."""

from __future__ import annotations

import json

from pydicom.dataset import Dataset
from starlette.exceptions import HTTPException
from starlette.requests import Request

from modality.errors import InvalidResponse
from modality.protocol.matching import UNREADABLE
from modality.protocol.models.from_xml import data_set
from modality.protocol.multipart import MultipartReader, PartBegun, PartData, boundary_of
from modality.simulated.dicomweb import media

_JSON = frozenset((media.JSON, "application/json"))
_XML = frozenset((media.XML, "application/xml", "text/xml"))  # the latter two: as some user agents call it
_LARGEST = 4 << 20  # bytes of a workitem; our choice


async def attributes(request: Request, largest: int, *, needed: bool = True) -> Dataset:
    """The data set of a payload: an object of the DICOM JSON Model, an array of one, or an XML document.

    A document may be the one part of a multipart message.

    Args:
        request: whose payload it is.
        largest: bytes of a request that are read.
        needed: there has to be one.

    Raises:
        HTTPException: 400, it is none; 413, it is too long; 415, it is of another media type.
    """
    limit = min(_LARGEST, largest)
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > limit:
            raise HTTPException(413, f"a workitem has at most {limit} bytes")
    if not body and not needed:
        return Dataset()
    content_type = request.headers.get("content-type", "")
    try:
        if _kind(content_type) == "multipart/related":
            content_type, body = _only_part(content_type, body)
        kind = _kind(content_type)
        if kind in _JSON:
            return _plain(_json(json.loads(body)))
        if kind in _XML:
            return _plain(data_set(body))
    except (InvalidResponse, *UNREADABLE, RecursionError) as error:
        raise HTTPException(400, f"the payload is no data set: {error}") from error
    raise HTTPException(415, f"{kind[:80]!r}: send {media.JSON} or {media.XML}")


def _kind(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _only_part(content_type: str, body: bytes) -> tuple[str, bytes]:
    """The content type and content of the only part of a message (11.4.1.4: a single part)."""
    reader = MultipartReader(boundary_of(content_type))
    kinds, content = [], b""
    for event in reader.receive(body):
        if isinstance(event, PartBegun):
            kinds.append(event.headers.get("content-type", media.XML))
        elif isinstance(event, PartData):
            content += event.data
    reader.finish()
    if len(kinds) != 1:
        raise ValueError(f"{len(kinds)} parts, and a workitem is one")
    return kinds[0], content


def _json(model: object) -> Dataset:
    if isinstance(model, list) and len(model) == 1:
        model = model[0]
    if not isinstance(model, dict):
        raise TypeError("no object of the DICOM JSON Model, and no array of one")
    return Dataset.from_json(model)


def _plain(dataset: Dataset) -> Dataset:
    """A data set as it is kept: without what is of messages and files, its texts in UTF-8, as both models have them."""
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for tag in [one.tag for one in dataset if one.tag.group in (0x0000, 0x0002)]:
        del dataset[tag]
    return dataset
