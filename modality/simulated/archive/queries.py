"""C-FIND, C-GET and C-MOVE identifiers of the Query/Retrieve SOP Classes: what they may hold, and what they select."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    PatientRootQueryRetrieveInformationModelFind,
    PatientRootQueryRetrieveInformationModelGet,
    PatientRootQueryRetrieveInformationModelMove,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)

from modality.protocol import matching
from modality.protocol.matching import InvalidIdentifier
from modality.simulated.archive.index import LEVELS, UNIQUE_KEYS, Index, StoredInstance

FIND = (PatientRootQueryRetrieveInformationModelFind, StudyRootQueryRetrieveInformationModelFind)
GET = (PatientRootQueryRetrieveInformationModelGet, StudyRootQueryRetrieveInformationModelGet)
MOVE = (PatientRootQueryRetrieveInformationModelMove, StudyRootQueryRetrieveInformationModelMove)

# PS3.4 C.6.1.1 and C.6.2.1: the study root has no patient level, its study level the patient's attributes.
_PATIENT_ROOT = frozenset({FIND[0], GET[0], MOVE[0]})
# Made by the archive, one level each (PS3.4 tables C.6-1 to C.6-4, C.3.4).
MADE_HERE = {
    "PATIENT": ("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances"),
    "STUDY": (
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
        "ModalitiesInStudy",
        "SOPClassesInStudy",
    ),
    "SERIES": ("NumberOfSeriesRelatedInstances",),
    "IMAGE": ("AvailableTransferSyntaxUID",),
}


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the hierarchy that an identifier is about.

    Args:
        level: PATIENT, STUDY, SERIES or IMAGE.
        within: unique keys and the values that each may have.
    """

    level: str
    within: dict[str, list[str]]


def find(index: Index, identifier: Dataset, sop_class: str, retrieve_aet: str) -> Iterator[Dataset]:
    """The responses to a C-FIND (PS3.4 C.4.1).

    Args:
        index: what is kept.
        identifier: the keys; those that the archive does not support are ignored.
        sop_class: the information model.
        retrieve_aet: AE title that instances can be had from.

    Raises:
        InvalidIdentifier: the identifier does not fit the SOP Class (A900H).
    """
    scope = scope_of(identifier, sop_class)
    query = _supported(identifier, scope.level)
    for entity in index.entities(scope.level, scope.within):
        if matching.matches(query, entity):
            response = matching.answer(query, entity)
            response.QueryRetrieveLevel = scope.level
            response.RetrieveAETitle = retrieve_aet
            response.InstanceAvailability = "ONLINE"
            yield response


def select(index: Index, identifier: Dataset, sop_class: str) -> list[StoredInstance]:
    """The instances that a C-GET or C-MOVE asks for (PS3.4 C.4.2.1.4.1: unique keys only).

    Raises:
        InvalidIdentifier: the identifier does not fit the SOP Class (A900H).
    """
    scope = scope_of(identifier, sop_class)
    if UNIQUE_KEYS[scope.level] not in scope.within:
        raise InvalidIdentifier(f"{scope.level} retrieval without {UNIQUE_KEYS[scope.level]}")
    return index.instances(scope.within)


def scope_of(identifier: Dataset, sop_class: str) -> Scope:
    """The level of an identifier, and the unique keys that it gives.

    Above the level each unique key stands with a single value (PS3.4 C.4.1.2.1); at the level it may be a list, a
    pattern or empty.

    Raises:
        InvalidIdentifier: there is no such level, or a unique key above it is missing.
    """
    values = {element.keyword: element for element in matching.keys(identifier)}
    level = _level(identifier)
    levels = [name for name in LEVELS if name != "PATIENT" or sop_class in _PATIENT_ROOT]
    if level not in levels:
        raise InvalidIdentifier(f"Query/Retrieve Level {level!r}: there is {', '.join(levels)}", 0x00080052)
    within: dict[str, list[str]] = {}
    for name in levels[: levels.index(level) + 1]:
        key = UNIQUE_KEYS[name]
        element = values.get(key)
        given = [] if element is None or element.is_empty else [str(v) for v in _listed(element.value)]
        patterned = any(sign in value for value in given for sign in "*?")
        if name != level and (len(given) != 1 or patterned):
            raise InvalidIdentifier(f"{level} level needs one {key}", Tag(key))
        if given and not patterned:
            within[key] = given
    return Scope(level, within)


def _level(identifier: Dataset) -> str:
    try:
        return str(identifier.get("QueryRetrieveLevel") or "").strip()
    except (ValueError, TypeError, LookupError, Warning) as error:
        raise InvalidIdentifier(f"Query/Retrieve Level: {error}", 0x00080052) from error


def _listed(value: object) -> list[object]:
    return [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)


def _supported(identifier: Dataset, level: str) -> Dataset:
    """The keys that are kept at a level or above it (PS3.4 C.2.2.1.3: others are neither matched nor returned)."""
    names = list(LEVELS)[: list(LEVELS).index(level) + 1]
    supported = {keyword for name in names for keyword in LEVELS[name]} | set(MADE_HERE[level])
    query = Dataset()
    for element in matching.keys(identifier):
        if element.keyword in supported:
            query.add(element)
    return query
