"""A report as one HTML page that stands alone: pictures within, no script, nothing fetched from elsewhere."""

from __future__ import annotations

import base64
from typing import Any

from modality.errors import MissingExtraError


def render(template: str, **values: Any) -> bytes:
    """A page from a template of this package, as UTF-8.

    Args:
        template: file name below `templates/`.
        **values: what the template shows.

    Raises:
        MissingExtraError: Jinja is not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("the report", "web") from error
    environment = Environment(loader=PackageLoader("modality.web"), autoescape=True, undefined=StrictUndefined)
    environment.filters["picture"] = picture
    return environment.get_template(template).render(**values).encode()


def picture(png: bytes) -> str:
    """A PNG as a data URL."""
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
