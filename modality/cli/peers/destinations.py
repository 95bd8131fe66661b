"""Who may be reached by an archive, as `--destination` says it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from modality.errors import UsageError


def destinations_of(texts: Iterable[str]) -> dict[str, str]:
    """AE title to "host:port", from texts ``AET=HOST:PORT``.

    Raises:
        UsageError: a text is none.
    """
    from modality.network.address import parse_dicom

    known = {}
    for text in texts:
        title, _, where = text.partition("=")
        if not (title and re.fullmatch(r"([^:@/]+|\[.+\]):\d+", where)):
            raise UsageError(f"--destination {text}: give AET=HOST:PORT, an IPv6 address in brackets")
        there = parse_dicom(f"dicom://{where}")
        known[title] = f"{there.host}:{there.port}"
    return known
