"""QIDO-RS: studies, series and instances by their attributes (PS3.18 10.6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from modality.protocol import fuzzy, matching
from modality.protocol.matching import InvalidIdentifier
from modality.protocol.models.query import count_of, key_of, keyword_of
from modality.simulated.archive.index import LEVELS, REQUEST
from modality.simulated.archive.queries import MADE_HERE
from modality.simulated.dicomweb import answers, media
from modality.simulated.dicomweb.answers import Said
from modality.simulated.dicomweb.service import Service

# PS3.18 Tables 10.6.3-3, 10.6.3-4 and 10.6.3-5: what is returned without being asked for, as far as it is kept.
_RETURNED: dict[str, tuple[str, ...]] = {
    "STUDY": (
        "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "ReferringPhysicianName", "PatientName",
        "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
    ),
    "SERIES": (
        "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "NumberOfSeriesRelatedInstances",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "RequestAttributesSequence",
    ),
    "IMAGE": (
        "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "Rows", "Columns", "BitsAllocated", "NumberOfFrames",
        "AvailableTransferSyntaxUID",
    ),
}  # fmt: skip
_REQUESTS = "RequestAttributesSequence"
_IN_REQUESTS_ONLY = ("RequestedProcedureID", "ScheduledProcedureStepID")
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
        names: person names that are matched by likeness.
        warnings: what was not done as asked, for the Warning field.
    """

    keys: Dataset = field(default_factory=Dataset)
    fields: set[str] = field(default_factory=set)
    everything: bool = False
    limit: int | None = None
    offset: int = 0
    names: dict[str, str] = field(default_factory=dict)
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
        form = media.model(request, single=False)
        self._service.answer_or_refuse(request, "find")
        within = self._service.within(request)
        try:
            query = _read(request, level)
        except InvalidIdentifier as error:
            raise HTTPException(400, str(error)) from error
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
        headers = answers.warning(*query.warnings)
        if not page:
            return Response(status_code=204, headers=headers)
        given = request.path_params
        above = [name for name in _RETURNED if name in _upto(level) and not _in_url(name, given)]
        names = {keyword for name in above or [level] for keyword in _RETURNED[name]} | query.fields
        said = [Said(self._answer(request, level, one, query, names)) for one in page]
        return answers.several(form, said, headers)

    def _answer(self, request: Request, level: str, found: Dataset, query: _Query, names: Iterable[str]) -> Dataset:
        result = Dataset()
        wanted = found.keys() if query.everything else [Tag(keyword) for keyword in (*names, *_UIDS)]
        for tag in {*wanted, Tag("SpecificCharacterSet"), *query.keys.keys(), *map(Tag, query.names)}:
            if tag in found:
                result[tag] = found[tag]
        result.InstanceAvailability = "ONLINE"
        depth = {"STUDY": 1, "SERIES": 2, "IMAGE": 3}[level]
        uids = {keyword: str(found[keyword].value) for keyword in _UIDS[:depth]}
        for keyword in _UIDS[depth:]:
            if keyword in result:
                del result[keyword]
        result.RetrieveURL = self._service.url_of(request, uids)
        return result


def _matches(query: _Query, found: Dataset) -> bool:
    return (not query.keys or matching.matches(query.keys, found)) and fuzzy.names_match(query.names, found)


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
    query, requests, likeness = _Query(), Dataset(), False
    for key, text in request.query_params.multi_items():
        if key == "limit":
            query.limit = count_of(key, text)
        elif key == "offset":
            query.offset = count_of(key, text)
        elif key == "includefield":
            for name in text.split(","):
                if name == "all":
                    query.everything = True
                else:
                    query.fields.add(keyword_of(name))
        elif key == "fuzzymatching":
            if text not in ("true", "false"):
                raise HTTPException(400, f"fuzzymatching={text[:40]}: true or false")
            likeness = text == "true"
        elif key not in ("accept", "charset"):
            _add_key(query, requests, supported, key, text)
    query.fields &= supported
    if likeness:
        query.keys, query.names = fuzzy.without_names(query.keys)
    if requests:
        query.keys[Tag(_REQUESTS)] = DataElement(Tag(_REQUESTS), "SQ", [requests])
    return query


def _add_key(query: _Query, requests: Dataset, supported: set[str], key: str, text: str) -> None:
    """Take an attribute to match, of the entity or of the requests that it was made for."""
    keyword = keyword_of(key)
    sequence, _, inner = keyword.rpartition(".")
    # Two are also known by their keyword alone, since no attribute of the same name stands elsewhere.
    path = (_REQUESTS, "") if inner in _IN_REQUESTS_ONLY else (_REQUESTS,)
    if inner in REQUEST and sequence in path and _REQUESTS in supported:
        requests[Tag(inner)] = key_of(inner, text)
    elif keyword in supported and keyword != _REQUESTS:
        query.keys[Tag(keyword)] = key_of(keyword, text)
    else:
        query.warnings.append(f"{keyword} is not matched at this level")
