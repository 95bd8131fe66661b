"""What an archive holds, whatever it speaks: its studies, the instances of each, and these as they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydicom.dataset import Dataset

from modality.errors import InputError, QueryRefused, UsageError
from modality.network.address import Address, DicomAddress, WebAddress
from modality.network.dicomweb.client import DicomWebClient, value, values
from modality.network.local import Local
from modality.network.query import find_instances, find_studies
from modality.network.retrieve.move import Listen
from modality.network.retrieve.receiver import Receive
from modality.network.retrieve.sources import Source, Wanted, source
from modality.protocol.matching import matches
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE


@dataclass(frozen=True, slots=True)
class Wish:
    """Which studies are wanted; what is empty is not asked for.

    Args:
        patient_id: Patient ID.
        date: Study Date, or a range ``20260101-20260131`` open at an end (PS3.4 C.2.2.2.5).
        study_uids: Study Instance UIDs.
    """

    patient_id: str = ""
    date: str = ""
    study_uids: tuple[str, ...] = ()

    def queries(self) -> Iterator[dict[str, str]]:
        """The matching keys of the queries that find them: one for each UID, since not every archive takes a list."""
        common = {"PatientID": self.patient_id, "StudyDate": self.date}
        given = {keyword: text for keyword, text in common.items() if text}
        if not self.study_uids:
            yield given
        for uid in self.study_uids:
            yield {**given, "StudyInstanceUID": uid}


class Holdings(Protocol):
    """What is kept at an address."""

    plain: set[str]
    """SOP Instance UIDs of what could only be asked for uncompressed, so that it may be a copy made for us."""

    def studies(self, wish: Wish) -> list[str]:
        """Study Instance UIDs of the studies wished for."""

    def instances(self, study_uid: str) -> Mapping[str, Wanted]:
        """The instances of a study by SOP Instance UID."""

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        """Hand those instances to `receive`, and perhaps others of their series."""


@contextmanager
def holdings(address: Address, local: Local, *, listen: Listen | None = None) -> Iterator[Holdings]:
    """What is kept at an address.

    Args:
        address: an archive, a DICOMweb service or a folder.
        local: who asks.
        listen: where an archive without C-GET may send to.

    Raises:
        MissingExtraError: the address is of DICOMweb, and its extra is not installed.
        UsageError: there is no such folder.
    """
    if isinstance(address, Path):
        yield _Folder(address)
        return
    with source(address, local, listen=listen) as kept:
        if isinstance(address, WebAddress):
            with DicomWebClient(address, local) as client:
                yield _Web(client, kept)
        else:
            yield _Archive(address, local, kept)


class _Archive:
    """Over DIMSE: C-FIND, then what `source` does."""

    def __init__(self, address: DicomAddress, local: Local, kept: Source) -> None:
        self._address, self._local, self._kept = address, local, kept
        self.plain: set[str] = set()

    def studies(self, wish: Wish) -> list[str]:
        found = [one for keys in wish.queries() for one in find_studies(self._address, keys, self._local)]
        return _unique(str(one.get("StudyInstanceUID") or "") for one in found)

    def instances(self, study_uid: str) -> Mapping[str, Wanted]:
        found = find_instances(self._address, study_uid, self._local, "AvailableTransferSyntaxUID")
        return {
            uid: Wanted(str(one.SeriesInstanceUID), (str(one.get("SOPClassUID") or ""), ""), tuple(_texts(one)))
            for uid, one in found.items()
        }

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        # Series by series: one association has too few presentation contexts for every syntax of many classes.
        for series_uid in dict.fromkeys(one.series_uid for one in wanted.values()):
            self._fetch_series(
                study_uid, {uid: one for uid, one in wanted.items() if one.series_uid == series_uid}, receive
            )

    def _fetch_series(self, study_uid: str, wanted: dict[str, Wanted], receive: Receive) -> None:
        """A series in all syntaxes; what is refused so, in those that are not compressed.

        DCMTK's archive looks at no other context of a class than the first that it accepts.
        """
        waiting = dict(wanted)

        def note(instance: PreparedInstance) -> None:
            waiting.pop(instance.sop_instance_uid, None)
            receive(instance)

        try:
            self._kept.fetch(study_uid, wanted, note)
        except QueryRefused:
            if not waiting:
                raise
            plain = {uid: Wanted(one.series_uid, (one.context[0], EXPLICIT_LITTLE.uid)) for uid, one in waiting.items()}
            self.plain |= plain.keys()
            self._kept.fetch(study_uid, plain, note)


class _Web:
    """Over DICOMweb: QIDO-RS, then WADO-RS."""

    def __init__(self, client: DicomWebClient, kept: Source) -> None:
        self._client, self._kept = client, kept
        self.plain: set[str] = set()

    def studies(self, wish: Wish) -> list[str]:
        found = [one for keys in wish.queries() for one in self._client.search_studies(keys)]
        return _unique(value(one, "0020000D") for one in found)

    def instances(self, study_uid: str) -> Mapping[str, Wanted]:
        return {
            value(one, "00080018"): Wanted(
                value(one, "0020000E"), (value(one, "00080016"), ""), tuple(values(one, "00083002"))
            )
            for one in self._client.search_instances(study_uid)
        }

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        self._kept.fetch(study_uid, wanted, receive)


class _Folder:
    """DICOM files, whatever their names."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise UsageError(f"{path}: no such folder")
        self.plain: set[str] = set()
        self._files: dict[str, dict[str, tuple[Wanted, Path]]] = {}
        for instance in _readable(path):
            assert instance.path is not None
            wanted = Wanted(instance.series_uid, (instance.sop_class_uid, instance.transfer_syntax_uid))
            self._files.setdefault(instance.study_uid, {})[instance.sop_instance_uid] = (wanted, instance.path)

    def studies(self, wish: Wish) -> list[str]:
        return [uid for uid, files in self._files.items() if uid and _wished(wish, uid, next(iter(files.values()))[1])]

    def instances(self, study_uid: str) -> Mapping[str, Wanted]:
        return {uid: wanted for uid, (wanted, _) in self._files.get(study_uid, {}).items()}

    def fetch(self, study_uid: str, wanted: Mapping[str, Wanted], receive: Receive) -> None:
        for uid in wanted:
            receive(read(self._files[study_uid][uid][1]))


def _texts(one: Dataset) -> list[str]:
    """The syntaxes in which an instance can be had, as an archive lists it (PS3.4 Table C.6-4)."""
    found = one.get("AvailableTransferSyntaxUID") or ()
    return [str(found)] if isinstance(found, str) else [str(uid) for uid in found]


def _readable(path: Path) -> Iterator[PreparedInstance]:
    for file in sorted(path.rglob("*")):
        try:
            if file.is_file():
                yield read(file)
        except InputError:
            continue  # what is no instance is not what is looked for


def _wished(wish: Wish, study_uid: str, path: Path) -> bool:
    if wish.study_uids and study_uid not in wish.study_uids:
        return False
    from pydicom import dcmread

    query = Dataset()
    query.PatientID, query.StudyDate = wish.patient_id, wish.date
    return matches(query, dcmread(path, stop_before_pixels=True, specific_tags=["PatientID", "StudyDate"]))


def _unique(uids: Iterator[str] | Sequence[str]) -> list[str]:
    return list(dict.fromkeys(uid for uid in uids if uid))
