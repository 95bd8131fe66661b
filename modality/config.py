"""TOML files to frozen dataclasses: an unknown key or a wrong type is an error that names the place.

The dataclass is the schema: a field's name is the key, its type what the value must be, its default what holds when
the key is left out. Nested dataclasses are tables, tuples of dataclasses arrays of tables.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

from modality.errors import ConfigurationError
from modality.registry import unknown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

T = TypeVar("T")

_HEADER = re.compile(r"^\s*(?P<array>\[)?\[(?P<name>[^\[\]]+)\]")
_KEY = re.compile(r"^\s*(?P<name>[\w.\"'\- ]+?)\s*=")


def shipped(name: str) -> Path:
    """The path of a configuration that comes with the package, in a wheel or a checkout.

    Raises:
        ConfigurationError: there is none of that name.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "configs", package.parent / "configs"):
        if (folder / name).is_file():
            return folder / name
    raise ConfigurationError(f"no shipped configuration is named {name!r}")


def load(path: Path, schema: type[T]) -> T:
    """Read a TOML file into an instance of the dataclass `schema`.

    Raises:
        ConfigurationError: the file cannot be read, is not TOML, or does not fit the schema.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return parse(text, schema, source=str(path))


def parse(text: str, schema: type[T], *, source: str) -> T:
    """Read TOML text into an instance of `schema`; `source` names it in messages.

    Raises:
        ConfigurationError: it is not TOML, or does not fit the schema.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{source}: {error}") from error
    result: T = _Reader(source, text).table(table, schema, "")
    return result


def located(source: str, lines: Sequence[str], place: str, message: str) -> ConfigurationError:
    """An error that names the file, the line if the place can be found in the text, and the place.

    Args:
        source: the file, for messages.
        lines: its text.
        place: where, as messages have it: ``archive.address``, ``device[1].port``.
        message: what is wrong.
    """
    number = _line_of(lines, place)
    return ConfigurationError(f"{source}{f':{number}' if number else ''}: {place}: {message}")


def _line_of(lines: Sequence[str], place: str) -> int:
    """The number of the line that gives a key or opens a table; 0 where it cannot be found."""
    table, opened = "", dict[str, int]()
    for number, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            parts = [part.strip().strip("\"'") for part in header["name"].split(".")]
            name = ".".join(parts)
            if header["array"]:
                opened[name] = opened.get(name, -1) + 1
            paths = [".".join(parts[: count + 1]) for count in range(len(parts))]
            table = ".".join(
                f"{part}[{opened[path]}]" if path in opened else part for part, path in zip(parts, paths, strict=True)
            )
            if table == place:
                return number
        elif key := _KEY.match(line):
            found = re.sub(r"[\"'\s]", "", key["name"])
            if (f"{table}.{found}" if table else found) == place:
                return number
    return 0 if not place.endswith("]") else _line_of(lines, place.rpartition("[")[0])  # an item of a list on one line


class _Reader:
    """Walks a parsed TOML document and a schema side by side."""

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        self.lines = text.splitlines()

    def error(self, place: str, message: str) -> ConfigurationError:
        """An error that names the file, the line if the key can be found in the text, and the key."""
        return located(self.source, self.lines, place, message)

    def table(self, value: Any, schema: type[Any], place: str) -> Any:
        if not isinstance(value, Mapping):
            raise self.error(place, f"a table is needed here, not {_kind(value)}")
        hints = typing.get_type_hints(schema)
        known = {item.name: item for item in fields(schema) if item.init}
        prefix = f"{place}." if place else ""
        for key in value:
            if key not in known:
                raise self.error(f"{prefix}{key}", unknown("key", key, sorted(known)))
        arguments = {}
        for name, item in known.items():
            if name in value:
                arguments[name] = self.value(value[name], hints[name], f"{prefix}{name}")
            elif item.default is MISSING and item.default_factory is MISSING:
                raise ConfigurationError(f"{self.source}: {prefix}{name}: this key is missing")
        try:
            return schema(**arguments)
        except ValueError as error:
            raise ConfigurationError(f"{self.source}: {place or schema.__name__}: {error}") from error

    def value(self, value: Any, hint: Any, place: str) -> Any:
        origin, arguments = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self.union(value, arguments, place)
        if origin is typing.Literal:
            if value not in arguments:
                raise self.error(place, unknown("value", str(value), [str(choice) for choice in arguments]))
            return value
        if origin is tuple:
            if not isinstance(value, list):
                raise self.error(place, f"a list is needed here, not {_kind(value)}")
            return tuple(self.value(item, arguments[0], f"{place}[{index}]") for index, item in enumerate(value))
        if origin in (dict, Mapping):
            if not isinstance(value, Mapping):
                raise self.error(place, f"a table is needed here, not {_kind(value)}")
            return {key: self.value(item, arguments[1], f"{place}.{key}") for key, item in value.items()}
        if is_dataclass(hint) and isinstance(hint, type):
            return self.table(value, hint, place)
        return self.scalar(value, hint, place)

    def union(self, value: Any, choices: tuple[Any, ...], place: str) -> Any:
        first: ConfigurationError | None = None
        for choice in choices:
            if choice is type(None):
                continue
            try:
                return self.value(value, choice, place)
            except ConfigurationError as error:
                first = first or error
        raise first or self.error(place, "no value fits here")

    def scalar(self, value: Any, hint: Any, place: str) -> Any:
        if hint is Any:
            return value
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if hint is Path and isinstance(value, str):
            return Path(value)
        exact = type(value) is hint or (hint is datetime and isinstance(value, datetime))
        if not exact:
            raise self.error(place, f"{_NAMES.get(hint, str(hint))} is needed here, not {_kind(value)}")
        return value


_NAMES = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    datetime: "a date-time",
    date: "a date",
    Path: "a path",
}


def _kind(value: object) -> str:
    names = {dict: "a table", list: "a list", **_NAMES}
    return f"{names.get(type(value), type(value).__name__)} ({str(value)[:40]})"
