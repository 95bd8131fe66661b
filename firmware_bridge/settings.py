"""A device's settings: what was given, over the defaults, or an error that names what was perhaps meant."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from firmware_bridge.errors import SettingsError


def settings_of(what: str, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of a device.

    Args:
        what: the device's name, for messages.
        given: settings by name, as a configuration file has them.
        defaults: each setting's name and default, whose type a given one must have (an integer serves as a number).

    Raises:
        SettingsError: a name is unknown, or a value is of another type.
    """
    found = dict(defaults)
    for name, value in given.items():
        if name not in defaults:
            raise SettingsError(f"{what}: unknown setting {name!r}: {_hint(name, sorted(defaults))}")
        found[name] = _fitting(what, name, value, defaults[name])
    return found


def chosen(what: str, name: str, value: Any, choices: list[str]) -> str:
    """A setting that is one of some words.

    Raises:
        SettingsError: it is none of them.
    """
    if value not in choices:
        raise SettingsError(f"{what}: {name} cannot be {value!r}: {_hint(str(value), choices)}")
    return str(value)


def parsed(what: str, texts: Iterable[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Settings given as `name=value`, each read as its default's type; a list has commas between its items.

    Raises:
        SettingsError: no `=`, an unknown name, or a value that cannot be read so.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise SettingsError(f"{what}: {text!r} has to be NAME=VALUE")
        default = settings_of(what, {}, defaults).get(name)
        try:
            found[name] = _READ.get(type(default), str)(value)
        except ValueError:
            raise SettingsError(f"{what}: {name} = {value!r} has to be {type(default).__name__}") from None
    return settings_of(what, found, defaults)


def _truth(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(text)
    return text == "true"


_READ: dict[type, Callable[[str], Any]] = {
    bool: _truth,
    int: int,
    float: float,
    list: lambda text: [one.strip() for one in text.split(",") if one.strip()],
}


def _hint(name: str, valid: list[str]) -> str:
    nearest = get_close_matches(name, valid, n=1, cutoff=0.6)
    return f"did you mean {nearest[0]!r}?" if nearest else f"there is {', '.join(valid) or 'none'}"


def _fitting(what: str, name: str, value: Any, default: Any) -> Any:
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingsError(f"{what}: {name} = {value!r} has to be a number")
    if default is not None and type(value) is not type(default):
        kinds = f"{type(default).__name__}, not {type(value).__name__}"
        raise SettingsError(f"{what}: {name} = {value!r} has to be {kinds}")
    if name.endswith("_s") and isinstance(value, (int, float)) and value <= 0:  # seconds that something lasts
        raise SettingsError(f"{what}: {name} = {value!r} has to be more than 0")
    return value
