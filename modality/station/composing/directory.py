"""The DICOMDIR of a file-set: who is on it, in which files (PS3.3 F.3, PS3.10 8).

What a record says of an instance is pydicom's, by the function that it offers for each type of record; the tree, the
names of the files and the offsets are laid out here, each in one pass. pydicom's own `FileSet` compares every instance
with all before it: minutes for a few thousand.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import PurePosixPath

from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.fileset import DIRECTORY_RECORDERS
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MediaStorageDirectoryStorage

from modality.errors import UsageError
from modality.station.composing.record_types import PREFIXES, record_type

_KEYS = {"PATIENT": "PatientID", "STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID"}
_IN_USE = 0xFFFF  # Record In-use Flag (PS3.3 F.3.2.2)
_MOST = 10**6  # of one folder: names have two letters and six digits
_ITEM = struct.Struct("<HHI")  # tag (FFFE,E000) and length (PS3.5 7.5.2)
_OFFSET = struct.Struct("<I")
# A record begins with (0004,1400) UL, (0004,1410) US and (0004,1420) UL; the header ends with (0004,1200) UL,
# (0004,1202) UL, (0004,1212) US and the begin of (0004,1220) SQ: 12, 10, 12 and 12, 12, 10, 12 bytes in Explicit VR.
_NEXT, _LOWER = 8, 30
_FIRST, _LAST, _LENGTH = -38, -26, -4


@dataclass(slots=True)
class _Node:
    """A record.

    Args:
        name: a component of a File ID, such as ``SE000001``.
        content: the record, encoded; empty at the root.
        children: by what tells them apart.
        offset: of its item, from the begin of the file.
    """

    name: str = ""
    content: bytearray = field(default_factory=bytearray)
    children: dict[str, _Node] = field(default_factory=dict)
    offset: int = 0

    def below(self) -> Iterator[_Node]:
        """All nodes below it, each before its own children."""
        for child in self.children.values():
            yield child
            yield from child.below()


class Directory:
    """What lists the instances of a file-set."""

    def __init__(self) -> None:
        self._root = _Node()

    def add(self, dataset: Dataset) -> PurePosixPath:
        """List an instance.

        Args:
            dataset: with its file meta information; the pixels are not needed.

        Returns:
            Where its file has to be, below the root: ``PT000000/ST000000/SE000000/IM000000``.

        Raises:
            ValueError: it lacks an attribute of Type 1 of its records (PS3.3 F.5).
            UsageError: it is listed already, or a folder would hold more than a million.
        """
        node, place = self._root, PurePosixPath()
        records = _records(dataset)
        for record in records:
            kind = str(record.DirectoryRecordType)
            leaf = record is records[-1]
            key = str(record[_KEYS.get(kind, "ReferencedSOPInstanceUIDInFile")].value)
            child = node.children.get(key)
            if child is None:
                child = self._new(node, kind)
                place /= child.name
                if leaf:
                    record.ReferencedFileID = list(place.parts)
                child.content = _encoded(record)
                node.children[key] = child
            elif leaf:
                raise UsageError(f"{key}: two files hold this instance, and a file-set lists it once")
            else:
                place /= child.name
            node = child
        return place

    @staticmethod
    def _new(parent: _Node, kind: str) -> _Node:
        number = len(parent.children)
        if number >= _MOST:
            raise UsageError(f"a file-set holds at most {_MOST} of one folder: make it smaller")
        return _Node(f"{PREFIXES[kind]}{number:06d}")

    def encoded(self, uid: str) -> bytes:
        """The DICOMDIR.

        Args:
            uid: of the file-set: its SOP Instance UID (PS3.10 8.6).
        """
        header = _header(uid)
        end = len(header)
        nodes = list(self._root.below())
        for node in nodes:
            node.offset = end
            end += _ITEM.size + len(node.content)
        for node in (self._root, *nodes):
            siblings = list(node.children.values())
            for one, after in pairwise(siblings):
                _OFFSET.pack_into(one.content, _NEXT, after.offset)
            if siblings and node is not self._root:
                _OFFSET.pack_into(node.content, _LOWER, siblings[0].offset)
        tops = list(self._root.children.values())
        if tops:
            _put(header, _FIRST, tops[0].offset)
            _put(header, _LAST, tops[-1].offset)
        _put(header, _LENGTH, end - len(header))
        items = (_ITEM.pack(0xFFFE, 0xE000, len(node.content)) + node.content for node in nodes)
        return b"".join((header, *items))


def _records(dataset: Dataset) -> list[Dataset]:
    """Those of an instance, the patient's first (PS3.3 F.3.2.2); what they hold of it is pydicom's choice."""
    found = []
    for kind in (*_KEYS, record_type(dataset)):
        record: Dataset = DIRECTORY_RECORDERS[kind](dataset)
        record.OffsetOfTheNextDirectoryRecord = 0
        record.RecordInUseFlag = _IN_USE
        record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
        record.DirectoryRecordType = kind
        if "SpecificCharacterSet" in dataset:
            record.SpecificCharacterSet = dataset.SpecificCharacterSet
        found.append(record)
    found[-1].ReferencedSOPClassUIDInFile = dataset.SOPClassUID
    found[-1].ReferencedSOPInstanceUIDInFile = dataset.SOPInstanceUID
    found[-1].ReferencedTransferSyntaxUIDInFile = dataset.file_meta.TransferSyntaxUID
    return found


def _encoded(record: Dataset) -> bytearray:
    """A record in Explicit VR Little Endian, as every DICOMDIR is (PS3.10 8.6)."""
    content = DicomBytesIO()
    content.is_little_endian, content.is_implicit_VR = True, False
    write_dataset(content, record)
    return bytearray(content.getvalue())


def _header(uid: str) -> bytearray:
    """All before the first record."""
    directory = Dataset()
    directory.file_meta = FileMetaDataset()
    directory.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    directory.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.FileSetID = None
    directory.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    directory.FileSetConsistencyFlag = 0
    directory.DirectoryRecordSequence = []
    content = BytesIO()
    dcmwrite(content, directory, enforce_file_format=True)
    return bytearray(content.getvalue())


def _put(header: bytearray, place: int, value: int) -> None:
    _OFFSET.pack_into(header, len(header) + place, value)
