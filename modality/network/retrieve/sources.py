"""Where instances are kept, whatever it speaks: what is listed of a study, and the instances themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pynetdicom.presentation import StoragePresentationContexts

from modality.errors import (
    AssociationAborted,
    ContextRefused,
    InputError,
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
from modality.protocol.negotiation import MOST_CONTEXTS, Context
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import BY_UID, NATIVE

# Proposed last: an archive that looks at the first context of a class alone still gives what it keeps compressed.
_NOT_COMPRESSED = frozenset(one.uid for one in NATIVE)
_STREAMED = "1.2.840.10008.1.2.7."  # real-time video of PS3.22, which travels by RTP


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instance to fetch.

    Args:
        series_uid: the series in which it is listed.
        context: its class, and the syntax that it was sent in; each empty where that is not known.
        available: UIDs of the syntaxes in which it can be had, as listed; nothing where that is not told.
    """

    series_uid: str
    context: Context
    available: tuple[str, ...] = ()


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
        series, contexts = _series(wanted), _contexts(wanted)
        try:
            ordered = sorted(contexts, key=lambda one: (one[1] in _NOT_COMPRESSED, one))
            fetch_study(self._address, study_uid, ordered, self._local, receive, series=series)
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
            for instance in self._client.retrieve_series(study_uid, series_uid):
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


def _contexts(wanted: Mapping[str, Wanted]) -> set[Context]:
    """Classes and syntaxes to propose: all that there may be, where an archive does not tell."""
    contexts = set()
    for sop_class, syntax in {one.context for one in wanted.values()}:
        classes = [sop_class] if sop_class else _common_classes()
        contexts |= {(one, kept) for one in classes for kept in ([syntax] if syntax else _kept_in())}
    return contexts


def _common_classes() -> list[str]:
    """Storage classes, as many as one association can propose beside its C-GET."""
    return [str(context.abstract_syntax) for context in StoragePresentationContexts[: MOST_CONTEXTS - 8]]


def _kept_in() -> list[str]:
    """Every syntax in which an instance may be kept; video, which is never decoded here, among them."""
    from pydicom.uid import AllTransferSyntaxes

    others = [str(uid) for uid in AllTransferSyntaxes if not uid.startswith(_STREAMED)]
    return list(dict.fromkeys([*BY_UID, *others]))
