"""Search: what matches, in which order, and what goes along (hl7.org/fhir/R4/search.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modality.fhir.datatypes import Resource
from modality.registry import unknown
from modality.simulated.fhir.dates import comparison, span_of
from modality.simulated.fhir.outcomes import refused
from modality.simulated.fhir.parameters import PARAMETERS, Parameter, values_at
from modality.simulated.fhir.store import Store

Query = Sequence[tuple[str, str]]
"""Parameters and their values, decoded, in order."""

Test = Callable[[Resource], bool]

_SPLIT = re.compile(r"(?<!\\)((?:\\\\)*),")
_RESULT = ("_count", "_offset", "_sort", "_include")
DEFAULT_COUNT, LARGEST_COUNT = 50, 1000


@dataclass(frozen=True, slots=True)
class Page:
    """A part of what matched.

    Args:
        matches: the resources of this page.
        included: what goes along with them.
        total: the number of all that matched.
        offset: how many stood before.
        count: how many a page has at most.
    """

    matches: list[Resource]
    included: list[Resource]
    total: int
    offset: int
    count: int


def search(store: Store, kind: str, query: Query) -> Page:
    """The resources of a type that match.

    Raises:
        Refusal: a parameter is unknown or its value cannot be read.
    """
    count = min(_whole(query, "_count", DEFAULT_COUNT), LARGEST_COUNT)
    offset = _whole(query, "_offset", 0)
    with store.lock:
        found = matching(store, kind, [one for one in query if one[0] not in _RESULT])
        for name in reversed([part for key, value in query if key == "_sort" for part in value.split(",")]):
            found = _sorted(found, kind, name)
        page = found[offset : offset + count]
        included = _included(store, kind, page, [value for key, value in query if key == "_include"])
    return Page(page, included, len(found), offset, count)


def matching(store: Store, kind: str, criteria: Query) -> list[Resource]:
    """The resources of a type that meet every criterion, oldest first.

    Raises:
        Refusal: a parameter is unknown or its value cannot be read.
    """
    tests = [_test(store, kind, name, value) for name, value in criteria]
    return [one for one in _candidates(store, kind, criteria) if all(test(one) for test in tests)]


def _candidates(store: Store, kind: str, criteria: Query) -> list[Resource]:
    """The resources that can match: those with an identifier that is asked for, else all."""
    for name, value in criteria:
        if name == "identifier" and value.count("|") == 1 and not {"\\", ","} & set(value):
            system, _, wanted = value.partition("|")
            if system and wanted:
                return store.identified(kind, system, wanted)
    return store.all(kind)


def _whole(query: Query, name: str, default: int) -> int:
    given = [value for key, value in query if key == name]
    if not given:
        return default
    if len(given) > 1 or not re.fullmatch(r"\d{1,9}", given[0], re.ASCII):
        raise refused(400, "value", f"{name} is one whole number")
    return int(given[0])


def _parameter(kind: str, name: str) -> Parameter:
    known = PARAMETERS[kind]
    if name not in known:
        reason = unknown(f"search parameter of {kind}", name[:64], [*known, *_RESULT])
        raise refused(400, "not-supported", reason)
    return known[name]


def _test(store: Store, kind: str, name: str, value: str) -> Test:
    name, _, chained = name.partition(".")
    name, _, modifier = name.partition(":")
    parameter = _parameter(kind, name)
    if parameter.kind != "reference" and (modifier or chained):
        raise refused(400, "not-supported", f"{name} is taken without a modifier and without a chain")
    if modifier and (modifier not in PARAMETERS or parameter.target not in ("", modifier)):
        raise refused(400, "not-supported", f"no {modifier[:64]!r} is what {name} refers to")
    if not value:
        raise refused(400, "value", f"{name} has no value")
    target = modifier or parameter.target
    if chained:
        return _chain(store, parameter, name, target, chained, value)
    one_of = [_single(parameter, name, target, part) for part in _alternatives(value)]

    def test(resource: Resource) -> bool:
        found = [one for path in parameter.paths for one in values_at(resource, path)]
        return any(fits(one) for fits in one_of for one in found)

    return test


def _alternatives(value: str) -> list[str]:
    """The values that commas part; a comma behind a backslash belongs to its value."""
    pieces = _SPLIT.split(value)
    return [
        pieces[number] + (pieces[number + 1] if number + 1 < len(pieces) else "") for number in range(0, len(pieces), 2)
    ]


def _plain(value: str) -> str:
    return re.sub(r"\\([\\,$|])", r"\1", value)


def _single(parameter: Parameter, name: str, target: str, value: str) -> Callable[[Any], bool]:
    if parameter.kind == "date":
        try:
            compare = comparison(value)
        except ValueError:
            raise refused(400, "value", f"{name}: a date is needed, such as ge2026-11-25") from None
        return lambda one: (known := span_of(one)) is not None and compare(known)
    if parameter.kind == "reference":
        return lambda one: _refers(one, _plain(value), target)
    parts = [_plain(part) for part in re.split(r"(?<!\\)(?:\\\\)*\|", value)]
    if len(parts) > 2:
        raise refused(400, "value", f"{name}: a token is CODE or SYSTEM|CODE; other bars stand behind a backslash")
    return lambda one: _is_token(one, parts)


def _is_token(value: Any, parts: list[str]) -> bool:
    """Whether an element is a token: CODE in any system, SYSTEM|CODE, SYSTEM| for all of it, |CODE without a system."""
    if isinstance(value, Mapping) and isinstance(value.get("coding"), list):
        return any(_is_token(coding, parts) for coding in value["coding"])
    system = value.get("system") if isinstance(value, Mapping) else None
    code = value.get("code", value.get("value")) if isinstance(value, Mapping) else value
    if len(parts) == 1:
        return bool(code == parts[0])
    wanted_system, wanted = parts
    return (system or "") == wanted_system and (not wanted or code == wanted)


def _refers(value: Any, wanted: str, target: str) -> bool:
    there = value.get("reference") if isinstance(value, Mapping) else None
    if not isinstance(there, str):
        return False
    if target and f"/{target}/" not in f"/{there}":
        return False
    return there == wanted or ("/" not in wanted and there.rpartition("/")[2] == wanted)


def _chain(store: Store, parameter: Parameter, name: str, target: str, chained: str, value: str) -> Test:
    """What matches when the resource referred to does: ``patient.identifier=...``."""
    kinds = [target] if target else [kind for kind in PARAMETERS if chained in PARAMETERS[kind]]
    if "." in chained or ":" in chained or not kinds:
        raise refused(400, "not-supported", f"{name}.{chained[:64]} is no chain of one known parameter")
    found = {f"{kind}/{one['id']}" for kind in kinds for one in matching(store, kind, [(chained, value)])}

    def test(resource: Resource) -> bool:
        targets = [one for path in parameter.paths for one in values_at(resource, path)]
        return any(isinstance(one, Mapping) and one.get("reference") in found for one in targets)

    return test


def _sorted(found: list[Resource], kind: str, name: str) -> list[Resource]:
    parameter = _parameter(kind, name.removeprefix("-"))
    if parameter.kind != "date":
        raise refused(400, "not-supported", f"sorted by dates only, not by {name[:64]}")

    def moment(resource: Resource) -> Any:
        known = [span_of(one) for path in parameter.paths for one in values_at(resource, path)]
        return min(one[0] for one in known if one)

    dated: list[Resource] = []
    undated: list[Resource] = []
    for one in found:
        has = any(span_of(value) for path in parameter.paths for value in values_at(one, path))
        (dated if has else undated).append(one)
    return [*sorted(dated, key=moment, reverse=name.startswith("-")), *undated]


def _included(store: Store, kind: str, page: Iterable[Resource], wanted: Sequence[str]) -> list[Resource]:
    """What the matches refer to, each once, by ``_include=Type:parameter`` or ``Type:parameter:Target``."""
    found: dict[tuple[str, str], Resource] = {}
    matches = list(page)
    for one in wanted:
        source, _, rest = one.partition(":")
        name, _, target = rest.partition(":")
        if source != kind or name not in PARAMETERS[kind] or PARAMETERS[kind][name].kind != "reference":
            raise refused(400, "not-supported", f"_include={one[:64]}: give {kind}: and a parameter that refers")
        for resource in matches:
            for path in PARAMETERS[kind][name].paths:
                for value in values_at(resource, path):
                    there = str(value.get("reference", "")) if isinstance(value, Mapping) else ""
                    of, _, identity = there.partition("/")
                    known = store.get(of, identity) if target in ("", of) else None
                    if known:
                        found[of, identity] = known
    own = {one["id"] for one in matches}
    return [one for one in found.values() if one["resourceType"] != kind or one["id"] not in own]
