"""Arrivals as they once were: moments from a record, scaled to the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from modality.errors import ConfigurationError


def moments(
    count: int,
    duration_s: float,
    random: Random,  # noqa: ARG001 - nothing is drawn
    *,
    file: str = "",
    at_s: Sequence[float] = (),
) -> list[float]:
    """Arrivals spread as the recorded ones are; as many as were recorded are at those very moments.

    Args:
        count: how many arrive.
        duration_s: of the run; the record is stretched to it.
        random: what would be drawn from.
        file: a text file with a moment in seconds at the start of each line; a comma may follow, and a line that starts
            with # or with a word is passed over.
        at_s: the moments themselves.

    Raises:
        ConfigurationError: not one of the two is given, it cannot be read, or it holds fewer than two moments.
    """
    if bool(file) == bool(at_s):
        raise ConfigurationError("a trace of arrivals needs its file, or its moments at_s: one of the two")
    found = sorted(_read(Path(file)) if file else at_s)
    if len(found) < 2 or found[0] == found[-1]:
        raise ConfigurationError(f"{file or 'at_s'}: a trace needs two moments or more that differ")
    first, span = found[0], (found[-1] - found[0]) * len(found) / (len(found) - 1)
    found.append(first + span)  # the gap behind the last one is the mean of those between
    result = []
    for index in range(count):
        at, part = divmod(index * (len(found) - 1), count)
        low, high = found[at], found[at + 1]
        result.append((low + (high - low) * part / count - first) / span * duration_s)
    return result


def _read(path: Path) -> list[float]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    found = []
    for number, line in enumerate(lines, 1):
        text = line.partition(",")[0].strip()
        if not text or text.startswith("#") or (text[0].isalpha() and number == 1):
            continue
        try:
            found.append(float(text))
        except ValueError:
            raise ConfigurationError(f"{path}:{number}: {text!r} is no moment in seconds") from None
    return found
