"""QIDO-RS: studies, series and instances by their attributes (PS3.18 10.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from modality.protocol import matching
from modality.protocol.matching import UNREADABLE, InvalidIdentifier
from modality.simulated.archive.index import LEVELS
from modality.simulated.archive.queries import MADE_HERE
from modality.simulated.dicomweb import media
from modality.simulated.dicomweb.model import json_model
from modality.simulated.dicomweb.service import Service

_AGENT = "modality"
# PS3.18 Tables 10.6.3-3, 10.6.3-4 and 10.6.3-5: what is returned without being asked for, as far as it is kept.
_RETURNED: dict[str, tuple[str, ...]] = {
    "STUDY": (
        "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName", "PatientName",
        "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    ),
    "SERIES": (
        "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "NumberOfSeriesRelatedInstances",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    ),
    "IMAGE": (
        "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
        "AvailableTransferSyntaxUID",
    ),
}  # fmt: skip
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


@dataclass(slots=True)
class _Query:
    """What a search asks for.

    Args:
        keys: the attributes that are matched.
        fields: keywords that are wanted in the results.
        everything: all that is kept is wanted.
        limit: how many results at most; None for all.
        offset: how many are left out first.
        warnings: what was not done as asked, for the Warning field.
    """

    keys: Dataset = field(default_factory=Dataset)
    fields: set[str] = field(default_factory=set)
    everything: bool = False
    limit: int | None = None
    offset: int = 0
    warnings: list[str] = field(default_factory=list)


class Searching:
    """The search transaction.

    Args:
        service: whose it is.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def studies(self, request: Request) -> Response:
        """Search for studies."""
        return self._search(request, "STUDY")

    def series(self, request: Request) -> Response:
        """Search for series, of a study or of all."""
        return self._search(request, "SERIES")

    def instances(self, request: Request) -> Response:
        """Search for instances, of a series, of a study or of all."""
        return self._search(request, "IMAGE")

    def _search(self, request: Request, level: str) -> Response:
        media.require(request, media.JSON, "application/json")
        self._service.answer_or_refuse(request, "find")
        within = self._service.within(request)
        query = _read(request, level)
        # Unique keys without wild cards are looked up, not compared.
        for keyword in _UIDS:
            element = query.keys.get(Tag(keyword))
            if element is not None and not element.is_empty and keyword not in within:
                values = [element.value] if isinstance(element.value, str) else list(element.value)
                within[keyword] = [str(one) for one in values]
        try:
            found = [one for one in self._service.archive.index.entities(level, within) if _matches(query, one)]
        except InvalidIdentifier as error:
            raise HTTPException(400, str(error)) from error
        end = len(found) if query.limit is None else query.offset + query.limit
        page = found[query.offset : end]
        if len(found) > end:
            query.warnings.append(f"There are {len(found) - end} additional results that can be requested")
        headers = {}
        if query.warnings:
            # PS3.18 8.3.4.2 and 10.6.3 word the first two so.
            headers["Warning"] = ", ".join(f'299 {_AGENT} "{one}"' for one in query.warnings)
        if not page:
            return Response(status_code=204, headers=headers)
        given = request.path_params
        above = [name for name in _RETURNED if name in _upto(level) and not _in_url(name, given)]
        names = {keyword for name in above or [level] for keyword in _RETURNED[name]} | query.fields
        answers = [self._answer(request, level, one, query, names) for one in page]
        return JSONResponse(answers, headers=headers, media_type=media.JSON)

    def _answer(self, request: Request, level: str, found: Dataset, query: _Query, names: Iterable[str]) -> object:
        result = Dataset()
        wanted = found.keys() if query.everything else [Tag(keyword) for keyword in (*names, *_UIDS)]
        for tag in {*wanted, Tag("SpecificCharacterSet"), *query.keys.keys()}:
            if tag in found:
                result[tag] = found[tag]
        result.InstanceAvailability = "ONLINE"
        depth = {"STUDY": 1, "SERIES": 2, "IMAGE": 3}[level]
        uids = {keyword: str(found[keyword].value) for keyword in _UIDS[:depth]}
        for keyword in _UIDS[depth:]:
            if keyword in result:
                del result[keyword]
        result.RetrieveURL = self._service.url_of(request, uids)
        return json_model(result)


def _matches(query: _Query, found: Dataset) -> bool:
    return not query.keys or matching.matches(query.keys, found)


def _upto(level: str) -> list[str]:
    return list(LEVELS)[: list(LEVELS).index(level) + 1]


def _in_url(level: str, given: dict[str, str]) -> bool:
    return {"STUDY": "study", "SERIES": "series"}.get(level, "") in given


def _read(request: Request, level: str) -> _Query:
    """What the query parameters ask for (PS3.18 8.3.4).

    Raises:
        HTTPException: 400, one of them cannot be understood.
    """
    supported = {keyword for name in _upto(level) for keyword in LEVELS[name]} | set(MADE_HERE[level])
    query = _Query()
    for key, text in request.query_params.multi_items():
        if key == "limit":
            query.limit = _count(key, text)
        elif key == "offset":
            query.offset = _count(key, text)
        elif key == "includefield":
            for name in text.split(","):
                if name == "all":
                    query.everything = True
                else:
                    query.fields.add(_keyword(name))
        elif key == "fuzzymatching":
            if text not in ("true", "false"):
                raise HTTPException(400, f"fuzzymatching={text[:40]}: true or false")
            if text == "true":
                query.warnings.append(
                    "The fuzzymatching parameter is not supported. Only literal matching has been performed."
                )
        elif key != "accept":
            keyword = _keyword(key)
            if keyword not in supported:
                query.warnings.append(f"{keyword} is not matched at this level")
                continue
            query.keys[Tag(keyword)] = _key(keyword, text)
    query.fields &= supported
    return query


def _key(keyword: str, text: str) -> DataElement:
    vr = dictionary_VR(keyword)
    value: str | list[str] = text
    if vr == "UI":  # a list of UIDs (PS3.18 8.3.4.1)
        value = [uid for uid in text.replace("\\", ",").split(",") if uid]
    elif "\\" in text and vr not in ("LT", "ST", "UT"):
        value = text.split("\\")
    try:
        number = vr in ("US", "UL", "SS", "SL")
        return DataElement(Tag(keyword), vr, int(text) if number and text else value, validation_mode=0)
    except UNREADABLE as error:
        raise HTTPException(400, f"{keyword}={text[:40]}: {error}") from error


def _count(key: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise HTTPException(400, f"{key}={text[:40]}: a number, 0 or more")
    return int(text)


def _keyword(name: str) -> str:
    """The keyword of an attribute given by keyword or tag; of one within a sequence, its path as given."""
    keywords = []
    for part in name.split("."):
        try:
            tag = int(part, 16) if len(part) == 8 and part[:1].isalnum() else None
        except ValueError:
            tag = None
        keyword = keyword_for_tag(tag) or part if tag is not None else part
        if tag is None and tag_for_keyword(part) is None:
            raise HTTPException(400, f"{part[:40]!r} is no attribute and no parameter of a search")
        keywords.append(keyword)
    return ".".join(keywords)
