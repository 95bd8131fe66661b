"""Versions of what decides how the product behaves."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

# What a report of a problem has to name, and the extra that brings it; "" for what is always there.
PACKAGES = {
    "pydicom": "",
    "pynetdicom": "",
    "numpy": "",
    "pyserial": "",
    "click": "",
    "rich": "",
    "imagecodecs": "codecs",
    "highdicom": "seg",
    "segno": "slides",
    "httpx": "web",
    "jinja2": "web",
    "starlette": "web",
    "uvicorn": "web",
    "websockets": "web",
    "pillow": "web",
    "fhir.resources": "fhir",
    "pyjwt": "fhir",
    "ucumvert": "fhir",
    "hl7": "hl7",
    "hdrhistogram": "load",
    "matplotlib": "load",
    "prometheus-client": "load",
    "locust": "load",
}


def installed(package: str) -> str:
    """The version of a package; empty when it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def line(own: str) -> str:
    """What `modality --version` says: one line for a report of a problem.

    Args:
        own: our version.
    """
    core = ", ".join(f"{name} {installed(name)}" for name in ("pydicom", "pynetdicom", "numpy"))
    codecs = installed("imagecodecs")
    also = f", imagecodecs {codecs}" if codecs else ""
    python = ".".join(map(str, sys.version_info[:3]))
    return f"modality {own} (Python {python}, {core}{also}; {platform.system()} {platform.machine()})"
