"""An archive with a web service, and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient

from modality.protocol import multipart
from modality.simulated.archive import SimulatedArchive
from modality.simulated.dicomweb.web import Web
from modality.transfer.instance import PreparedInstance

JSON = {"Accept": "application/dicom+json"}


@pytest.fixture
def serve() -> Iterator[Callable[..., SimulatedArchive]]:
    """Starts archives with a web service, each with the faults and options given."""
    with ExitStack() as stack:

        def start(*faults: str, web: Web = Web(), **options: Any) -> SimulatedArchive:  # noqa: B008 - frozen
            return stack.enter_context(SimulatedArchive(faults=faults, web=web, **options))

        yield start


@pytest.fixture
def archive(serve: Callable[..., SimulatedArchive]) -> SimulatedArchive:
    return serve()


@pytest.fixture
def client(archive: SimulatedArchive) -> DICOMwebClient:
    """What others wrote."""
    return DICOMwebClient(archive.web_address)


@pytest.fixture
def http(archive: SimulatedArchive) -> Iterator[httpx.Client]:
    """Requests as they are, relative to the service root."""
    with httpx.Client(base_url=archive.web_address, headers=JSON) as running:
        yield running


def body(*files: bytes, boundary: str = "B", content_type: str = "application/dicom") -> bytes:
    """A multipart body of files."""
    parts = [({"Content-Type": content_type}, [file]) for file in files]
    return b"".join(bytes(piece) for piece in multipart.written(boundary, parts))


def stow(http: httpx.Client, *files: bytes | PreparedInstance, path: str = "/studies") -> httpx.Response:
    """A store request of files or instances."""
    contents = [one if isinstance(one, bytes) else b"".join(map(bytes, one.part10())) for one in files]
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=B'}
    return http.post(path, content=body(*contents), headers=headers)


def parts(response: httpx.Response) -> list[tuple[dict[str, str], bytes]]:
    """Headers and content of each part of a response."""
    reader = multipart.MultipartReader(multipart.boundary_of(response.headers["Content-Type"]))
    found: list[tuple[dict[str, str], bytes]] = []
    for event in reader.receive(response.content):
        if isinstance(event, multipart.PartBegun):
            found.append((dict(event.headers), b""))
        elif isinstance(event, multipart.PartData):
            found[-1] = (found[-1][0], found[-1][1] + event.data)
    reader.finish()
    return found
