"""Data sets as the body of an answer, in the form that was accepted (PS3.18 8.7.3.2)."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydicom.dataset import Dataset
from starlette.responses import Response, StreamingResponse

from modality.protocol import multipart
from modality.protocol.models.as_json import Elsewhere, Reference, json_model
from modality.protocol.models.as_xml import xml_model
from modality.simulated.dicomweb import media
from modality.simulated.dicomweb.media import Model

_AGENT = "modality"


def warning(*texts: str) -> dict[str, str]:
    """A Warning field of some texts; none where there are none.

    Written as PS3.18 has it (8.3.4.2), which is also within RFC 7234 5.5, to which it refers.
    """
    said = [f'299 {_AGENT}: "{one}"' for text in texts if (one := text.replace("\\", "/").replace('"', "'"))]
    return {"Warning": ", ".join(said)} if said else {}


@dataclass(frozen=True, slots=True)
class Said:
    """A data set that is answered.

    Args:
        dataset: what is said.
        reference: makes URLs of large binary values, see `json_model`.
        elsewhere: attributes more, by reference.
    """

    dataset: Dataset
    reference: Reference | None = None
    elsewhere: Elsewhere | None = None

    @property
    def json(self) -> str:
        """It as JSON."""
        return json.dumps(json_model(self.dataset, self.reference, "", self.elsewhere), ensure_ascii=False)

    @property
    def xml(self) -> bytes:
        """It as XML."""
        return xml_model(self.dataset, self.reference, self.elsewhere)


def several(model: Model, said: Iterable[Said], headers: Mapping[str, str] | None = None) -> Response:
    """Data sets, sent as they are made: a JSON array, or XML documents; one document alone without parts."""
    if not model.xml:
        return StreamingResponse(_array(said), headers=headers, media_type=media.JSON)
    if not model.multipart:
        return StreamingResponse((one.xml for one in said), headers=headers, media_type=media.XML)
    return _parts((one.xml for one in said), headers)


def alone(model: Model, dataset: Dataset, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """One data set, as an object of its own in JSON."""
    said = Said(dataset)
    if model.xml and model.multipart:
        return _parts([said.xml], headers, status)
    content, media_type = (said.xml, media.XML) if model.xml else (said.json.encode(), media.JSON)
    return Response(content, status, headers=headers, media_type=media_type)


def _array(said: Iterable[Said]) -> Iterator[str]:
    between = "["
    for one in said:
        yield between + one.json
        between = ",\n"
    yield "[]" if between == "[" else "]"


def _parts(documents: Iterable[bytes], headers: Mapping[str, str] | None, status: int = 200) -> Response:
    boundary = secrets.token_hex(16)
    parts = (({"Content-Type": media.XML}, [document]) for document in documents)
    return StreamingResponse(
        map(bytes, multipart.written(boundary, parts)),
        status,
        {**(headers or {}), "Content-Type": multipart.content_type(boundary, media.XML)},
    )
