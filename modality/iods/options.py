"""Options of a kind's acquisition, checked against the types of its function: a configuration has them as it likes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from numbers import Integral, Real
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from modality.errors import UsageError

_NEEDED: Mapping[type, str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
_NONE = type(None)


def checked_options(acquire: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options, a whole number as such where one is needed.

    None, and what takes other types than numbers, truths and texts, is left for the function itself to judge, and so
    are names that it does not have.

    Args:
        acquire: the kind's function.
        options: by the names of its parameters.

    Raises:
        UsageError: a value is of another type than its parameter.
    """
    taken = _types(acquire)
    return {name: _checked(name, value, taken[name]) if name in taken else value for name, value in options.items()}


@lru_cache(maxsize=128)
def _types(acquire: Callable[..., Any]) -> Mapping[str, frozenset[type]]:
    """What each parameter takes, of those that take numbers, truths and texts alone."""
    try:
        hints = get_type_hints(acquire)
    except (NameError, TypeError):  # somebody else's function, which says nothing of them
        return {}
    found = {name: frozenset(_members(hint)) for name, hint in hints.items() if name != "return"}
    return MappingProxyType({name: types for name, types in found.items() if types <= {*_NEEDED, _NONE}})


def _members(hint: Any) -> list[Any]:
    if get_origin(hint) in (Union, UnionType):
        return [member for part in get_args(hint) for member in _members(part)]
    if get_origin(hint) is Literal:
        return [type(value) for value in get_args(hint)]
    return [hint if isinstance(hint, type) else object]


def _checked(name: str, value: Any, types: frozenset[type]) -> Any:
    if value is None:
        return value
    if isinstance(value, (bool, np.bool_)):  # which Python takes for a number
        fits = bool in types
    elif isinstance(value, str):
        fits = str in types
    elif isinstance(value, Integral):
        fits = bool({int, float} & types)
    else:
        fits = isinstance(value, Real) and (float in types or (int in types and float(value).is_integer()))
    if not fits:
        needed = " or ".join(words for one, words in _NEEDED.items() if one in types)
        raise UsageError(f"{name} {value!r}: give {needed}")
    if isinstance(value, Real) and not {float, bool} & types:
        return int(float(value)) if not isinstance(value, Integral) else int(value)
    return value
