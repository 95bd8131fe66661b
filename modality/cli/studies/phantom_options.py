"""What the functions of the tables take, as `--phantom-option` and `--option` give it: NAME=VALUE.

A phantom's function takes more than the seed, a kind's more than the options that have a name of their own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import Parameter, cleandoc, signature
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from modality.errors import UnknownNameError, UsageError
from modality.registry import KINDS, scanned_of, unknown

_TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_NOTHING = "none"


@dataclass(frozen=True, slots=True)
class FunctionOption:
    """A parameter of a phantom's or a kind's function.

    Args:
        name: as the function has it.
        default: its default; of the seed it is the run's seed, here None.
        types: what it may be: int, float, bool, str, or the values of a choice; `none` stands for None among them.
        what: what the function's docstring says of it.
    """

    name: str
    default: Any
    types: tuple[Any, ...]
    what: str

    @property
    def kind(self) -> str:
        """What it may be, for people."""
        return "|".join(one.__name__ if isinstance(one, type) else str(one) for one in self.types)

    def parsed(self, text: str, flag: str) -> Any:
        """A value from its text.

        Args:
            text: the value.
            flag: the option of the command line that it came by, for the message.

        Raises:
            UsageError: it is none of these types.
        """
        for one in self.types:
            try:
                return _as(one, text)
            except ValueError:
                continue
        raise UsageError(f"{flag} {self.name}={text}: give {self.kind}")


def _as(one: Any, text: str) -> Any:
    if not isinstance(one, type):
        if _folded(text) != _folded(str(one)):
            raise ValueError(text)
        return None if one == _NOTHING else one
    if one is bool:
        if text.lower() not in _TRUTHS:
            raise ValueError(text)
        return _TRUTHS[text.lower()]
    value = one(text)
    if one is float and not math.isfinite(value):
        raise ValueError(text)
    return value


def _folded(text: str) -> str:
    """A choice as people may type it: in any case, with hyphens for blanks."""
    return text.lower().replace("-", " ").replace("_", " ")


def options_of(name: str) -> dict[str, FunctionOption]:
    """The options of a phantom of the table, by name.

    Raises:
        UnknownNameError: the table has none of that name.
    """
    return parameters_of(scanned_of(name).load(name))


def options_of_kind(name: str) -> dict[str, FunctionOption]:
    """The options of a kind's acquisition, by name, those that have an option of their own among them.

    Raises:
        UnknownNameError: the table has none of that name.
    """
    acquire = KINDS.load(name).acquire
    scanned = next(iter(signature(acquire).parameters))  # --phantom chooses it
    return {name: one for name, one in parameters_of(acquire).items() if name not in (scanned, "seed")}


def parameters_of(make: Callable[..., Any]) -> dict[str, FunctionOption]:
    """What a function takes, by name; tuples, which no option gives, are left out."""
    hints = get_type_hints(make)
    explained = _explained(make)
    found = {}
    for parameter in signature(make).parameters.values():
        if parameter.kind not in (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY):
            continue
        default = None if parameter.name == "seed" or parameter.default is Parameter.empty else parameter.default
        if get_origin(hints.get(parameter.name)) is tuple:
            continue  # the size of a section: the scan's own
        types = tuple(_types(hints.get(parameter.name, str)))
        what = explained.get(parameter.name, "")
        found[parameter.name] = FunctionOption(parameter.name, default, types, what)
    return found


def _types(hint: Any) -> Iterable[Any]:
    if get_origin(hint) in (Union, UnionType):
        # Text would take the others' values for its own.
        parts = [one for part in get_args(hint) for one in _types(part)]
        yield from sorted(parts, key=lambda one: one is str)
    elif get_origin(hint) is Literal:
        yield from get_args(hint)
    elif hint is type(None):
        yield _NOTHING
    else:
        yield hint if hint in (int, float, bool) else str


def _explained(make: Callable[..., Any]) -> Mapping[str, str]:
    """What the `Args` of a docstring say of each parameter."""
    explained: dict[str, str] = {}
    name, within = "", False
    for line in cleandoc(make.__doc__ or "").splitlines():
        if line and not line.startswith(" "):
            within = line == "Args:"
        elif within and line.startswith("    ") and not line.startswith("     "):
            name, _, what = line.strip().partition(": ")
            explained[name] = what
        elif within and name and line.strip():
            explained[name] += " " + line.strip()
    return explained


def parse_phantom_options(phantom: str, given: Iterable[str]) -> dict[str, Any]:
    """`NAME=VALUE` pairs as arguments of a phantom's function.

    Args:
        phantom: an entry of the table of phantoms.
        given: the pairs.

    Raises:
        UsageError: a pair has no equals sign, or its value is of another type.
        UnknownNameError: there is no such phantom, or it has no such option.
    """
    return _parsed(options_of(phantom), given, "--phantom-option", f"phantom {phantom}")


def parse_kind_options(kind: str, given: Iterable[str]) -> dict[str, Any]:
    """`NAME=VALUE` pairs as arguments of a kind's acquisition.

    Args:
        kind: an entry of the table of kinds.
        given: the pairs.

    Raises:
        UsageError: a pair has no equals sign, or its value is of another type.
        UnknownNameError: there is no such kind, or it has no such option.
    """
    return _parsed(options_of_kind(kind), given, "--option", kind)


def _parsed(known: Mapping[str, FunctionOption], given: Iterable[str], flag: str, of: str) -> dict[str, Any]:
    values = {}
    for text in given:
        name, separator, value = text.partition("=")
        name = name.strip().replace("-", "_")
        if not separator:
            raise UsageError(f"{flag} {text}: give NAME=VALUE")
        if name not in known:
            raise UnknownNameError(unknown(f"option of {of}", name, sorted(known)))
        values[name] = known[name].parsed(value.strip(), flag)
    return values
