"""Where instances are kept, whatever it speaks: what is listed of a study, and the instances themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from modality.errors import (
    AssociationAborted,
    ContextRefused,
    InputError,
    InvalidResponse,
    QueryRefused,
    UsageError,
)
from modality.network.address import Address, DicomAddress, WebAddress
from modality.network.dicomweb.client import DicomWebClient, value
from modality.network.local import Local
from modality.network.query import find_instances
from modality.network.retrieve.get import fetch_study
from modality.network.retrieve.move import Listen, move_study
from modality.network.retrieve.receiver import Receive
from modality.protocol.negotiation import Context
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import from_bytes, read


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instance to fetch.

    Args:
        series_uid: the series in which it is listed.
        context: its class, and the syntax that it was sent in.
    """

    series_uid: str
    context: Context


class Source(Protocol):
    """A place that instances can be had from."""

    def listed(self, study_uid: str) -> Mapping[str, str]:
        """Series Instance UID by SOP Instance UID, of all that is kept of a study."""

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        """Hand instances of a study to `receive`: those wanted, and perhaps others of their series.

        Args:
            study_uid: Study Instance UID.
            wanted: by SOP Instance UID, as listed.
            receive: takes each instance.
        """


@contextmanager
def source(address: Address, local: Local, *, listen: Listen | None = None) -> Iterator[Source]:
    """What is kept at an address.

    Args:
        address: an archive, a DICOMweb service or a folder.
        local: who asks.
        listen: where an archive without C-GET may send to.

    Raises:
        MissingExtraError: the address is of DICOMweb, and its extra is not installed.
        UsageError: there is no such folder.
    """
    if isinstance(address, DicomAddress):
        yield _Archive(address, local, listen)
    elif isinstance(address, WebAddress):
        with DicomWebClient(address, local) as client:
            yield _Web(client)
    else:
        yield _Folder(address)


class _Archive:
    """An archive over DIMSE: C-FIND, then C-GET; C-MOVE where it offers no C-GET and we listen."""

    def __init__(self, address: DicomAddress, local: Local, listen: Listen | None) -> None:
        self._address, self._local, self._listen = address, local, listen

    def listed(self, study_uid: str) -> Mapping[str, str]:
        found = find_instances(self._address, study_uid, self._local)
        return {uid: str(one.get("SeriesInstanceUID") or "") for uid, one in found.items()}

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        series, contexts = _series(wanted), {one.context for one in wanted.values()}
        try:
            fetch_study(self._address, study_uid, sorted(contexts), self._local, receive, series=series)
        except (ContextRefused, QueryRefused, AssociationAborted) as error:
            # Some archives that do not allow it accept the presentation context, and then abort.
            if self._listen is None and isinstance(error, ContextRefused):
                raise ContextRefused(f"{error}; C-GET is not offered, and C-MOVE needs a port to listen on") from error
            if self._listen is None:
                raise
            classes = sorted({sop_class for sop_class, _ in contexts})
            move_study(self._address, study_uid, classes, self._local, receive, self._listen, series=series)


class _Web:
    """A DICOMweb service: QIDO-RS, then WADO-RS."""

    def __init__(self, client: DicomWebClient) -> None:
        self._client = client

    def listed(self, study_uid: str) -> Mapping[str, str]:
        # Series and SOP Instance UID are among what is always returned (PS3.18 10.6.3.3).
        found = self._client.search_instances(study_uid)
        return {value(match, "00080018"): value(match, "0020000E") for match in found}

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        for series_uid in _series(wanted):
            for data in self._client.retrieve_series(study_uid, series_uid):
                try:
                    instance = from_bytes(data)
                except InputError as error:
                    message = f"{self._client.root}: an instance fetched cannot be read: {error}"
                    raise InvalidResponse(message) from error
                receive(instance)


class _Folder:
    """A folder of DICOM files, whatever their names."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise UsageError(f"{path}: no such folder")
        self._files: dict[str, dict[str, tuple[str, Path]]] = {}
        for instance in self._instances(path):
            study = self._files.setdefault(instance.study_uid, {})
            assert instance.path is not None
            study[instance.sop_instance_uid] = (instance.series_uid, instance.path)

    @staticmethod
    def _instances(path: Path) -> Iterator[PreparedInstance]:
        for file in sorted(path.rglob("*")):
            try:
                if file.is_file():
                    yield read(file)
            except InputError:
                continue  # what is no instance is not what is looked for

    def listed(self, study_uid: str) -> Mapping[str, str]:
        return {uid: series_uid for uid, (series_uid, _) in self._files.get(study_uid, {}).items()}

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        for uid in wanted:
            receive(read(self._files[study_uid][uid][1]))


def _series(wanted: Mapping[str, Wanted]) -> list[str]:
    return sorted({one.series_uid for one in wanted.values()})
