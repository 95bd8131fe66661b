"""Options of what is proposed to an archive, and of what may be done to an instance that it does not take as it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import click

from modality.cli.options import given
from modality.errors import ConfigurationError, UsageError
from modality.protocol.negotiation import DEFAULT, Negotiation

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class File:
    """A configuration of negotiation: one table."""

    negotiation: Negotiation = field(default_factory=Negotiation)


NEGOTIATION = ("propose", "negotiation_file", "never_transcode", "allow_lossy", "quality", "async_window")
"""Parameters of a negotiation, which a verb refuses where nothing is negotiated."""


def negotiation_options(command: Command) -> Command:
    """Give a verb `negotiation`, from a file and from options that go before it."""

    @functools.wraps(command)
    def with_negotiation(
        propose: tuple[str, ...],
        negotiation_file: Path | None,
        never_transcode: bool,
        allow_lossy: bool,
        quality: float | None,
        async_window: int | None,
        **arguments: Any,
    ) -> Any:
        if never_transcode and allow_lossy:
            raise UsageError("--never-transcode and --allow-lossy: one or the other")
        changes = given(
            propose=tuple(tuple(one.strip() for one in text.split(",")) for text in propose) or None,
            transcode="never" if never_transcode else "lossy" if allow_lossy else None,
            quality=quality,
            async_window=async_window,
        )
        return command(**arguments, negotiation=replace(_from_file(negotiation_file), **changes))

    decorated: Any = with_negotiation
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


def _from_file(path: Path | None) -> Negotiation:
    if path is None:
        return DEFAULT
    from modality.config import load

    try:
        return load(path, File).negotiation
    except ConfigurationError:
        raise
    except UsageError as error:
        raise ConfigurationError(f"{path}: negotiation: {error}") from error


_OPTIONS = (
    click.option(
        "--propose", multiple=True, metavar="KEYWORD,...",
        help="A presentation context of these transfer syntaxes, in this order (repeatable); `own` is the instance's. "
        "By default own, ExplicitVRLittleEndian and ImplicitVRLittleEndian, in a context each.",
    ),
    click.option(
        "--negotiation", "negotiation_file", type=click.Path(path_type=Path), metavar="FILE",
        help="Take what is proposed from a TOML file, like configs/negotiation.toml; options go before it.",
    ),
    click.option("--never-transcode", is_flag=True, help="Send each instance in the syntax it is in, or not at all."),
    click.option(
        "--allow-lossy", is_flag=True,
        help="Where nothing else is accepted, transcode into a lossy syntax that --propose names.",
    ),
    click.option("--quality", type=float, metavar="Q", help="Of a lossy syntax, as in `modality transcode`."),
    click.option(
        "--async-window", type=click.IntRange(0, 65535), metavar="N",
        help="Ask to have N requests out at a time, 0 for any number (no more than 64 ever are); some archives drop an "
        "association that asks.",
    ),
)  # fmt: skip
