"""The instances of a study as an archive lists them, each as often as it does; many studies on one association."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset

from modality.errors import ModalityError, UsageError
from modality.network.address import Address, DicomAddress
from modality.network.association import Association, connect
from modality.network.dicomweb.client import DicomWebClient, value
from modality.network.local import Local
from modality.network.query import STUDY_ROOT_FIND, find
from modality.protocol.negotiation import FALLBACKS


class Listing(Protocol):
    """Lists what is kept."""

    def instances(self, study_uid: str) -> list[str]:
        """SOP Instance UIDs of a study, one that is listed twice twice."""

    def renew(self) -> None:
        """Begin anew after an error: an association may be over."""


@contextmanager
def listing(address: Address, local: Local) -> Iterator[Listing]:
    """What lists the instances kept at an address.

    Raises:
        UsageError: it is a folder.
        MissingExtraError: DICOMweb is not installed.
        UnreachableError: nobody answers.
        PeerError: the archive offers no C-FIND.
    """
    if isinstance(address, Path):
        raise UsageError(f"{address}: a folder is not asked; give an archive")
    if isinstance(address, DicomAddress):
        place = _Archive(address, local)
        try:
            yield place
        finally:
            place.close()
    else:
        with DicomWebClient(address, local) as client:
            yield _Web(client)


class _Archive:
    """Over DIMSE: C-FIND, Study Root, series then images (PS3.4 C.4.1.2.1)."""

    def __init__(self, address: DicomAddress, local: Local) -> None:
        self._address, self._local = address, local
        self._association: Association | None = self._connect()

    def _connect(self) -> Association:
        return connect(self._address, [(STUDY_ROOT_FIND, FALLBACKS)], self._local)

    def instances(self, study_uid: str) -> list[str]:
        if self._association is None or not self._association.alive:
            self._association = self._connect()
        found: list[str] = []
        for series in self._find("SERIES", study_uid, "SeriesInstanceUID"):
            found += self._find("IMAGE", study_uid, "SOPInstanceUID", series)
        return found

    def _find(self, level: str, study_uid: str, keyword: str, series_uid: str = "") -> list[str]:
        assert self._association is not None
        identifier = Dataset()
        identifier.QueryRetrieveLevel = level
        identifier.StudyInstanceUID = study_uid
        if series_uid:
            identifier.SeriesInstanceUID = series_uid
        setattr(identifier, keyword, "")
        return [str(one.get(keyword) or "") for one in find(self._association, STUDY_ROOT_FIND, identifier)]

    def renew(self) -> None:
        if self._association is not None:
            self._association.abort()
        self._association = None

    def close(self) -> None:
        """Release the association."""
        if self._association is not None and self._association.alive:
            try:
                self._association.release()
            except ModalityError:
                self._association.abort()


class _Web:
    """Over DICOMweb: QIDO-RS."""

    def __init__(self, client: DicomWebClient) -> None:
        self._client = client

    def instances(self, study_uid: str) -> list[str]:
        return [value(match, "00080018") for match in self._client.search_instances(study_uid)]

    def renew(self) -> None:
        """Each request stands alone."""
