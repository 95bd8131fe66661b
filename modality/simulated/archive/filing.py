"""How an instance that has come, by whatever road, gets into the archive: read, changed to order, put in its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modality.errors import InputError
from modality.simulated.archive import coercion, header
from modality.simulated.archive.coercion import CannotCoerce
from modality.simulated.archive.header import UnreadableDataset
from modality.simulated.archive.index import Index, StoredInstance
from modality.simulated.archive.storage import IncomingFile, InstanceFiles
from modality.simulated.faults import Fault
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read

# PS3.4 Table B.2-1 and PS3.7 C.4, C.5; PS3.18 Tables 10.5.3-1 and following use the same codes.
SUCCESS, COERCED = 0x0000, 0xB000
PROCESSING_FAILURE, OUT_OF_RESOURCES, MISMATCH, CANNOT_UNDERSTAND = 0x0110, 0xA700, 0xA900, 0xC000


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of an instance.

    Args:
        status: the DIMSE status.
        comment: why, or what was changed; empty where there is nothing to say.
        attributes: those that the archive files by; empty when they could not be read.
        transfer_syntax_uid: the syntax that it came in.
    """

    status: int
    comment: str = ""
    attributes: Mapping[str, str] | None = None
    transfer_syntax_uid: str = ""


class Filing:
    """Takes whole files into an archive.

    Args:
        files: where they are kept.
        index: where they are noted.
    """

    def __init__(self, files: InstanceFiles, index: Index) -> None:
        self._files, self._index = files, index

    def peek(self, file: IncomingFile) -> Filed:
        """What a whole file holds, with nothing done: success, or why it cannot be read."""
        try:
            file.finish()
            instance, attributes = _read(file)
        except UnreadableDataset as error:
            return Filed(CANNOT_UNDERSTAND, str(error))
        except OSError as error:
            return Filed(OUT_OF_RESOURCES, str(error))
        return Filed(SUCCESS, "", attributes, instance.transfer_syntax_uid)

    def take(self, file: IncomingFile, fault: Fault, expected: Mapping[str, str], of: str) -> Filed:
        """Put a whole file in its place, unless it is not what was announced (PS3.4 B.2.3).

        Args:
            file: what has come.
            fault: what goes wrong.
            expected: attributes that it must have.
            of: who says so, for the comment.
        """
        found = self.peek(file)
        if found.attributes is None:
            return found
        attributes, syntax = found.attributes, found.transfer_syntax_uid
        wrong = [keyword for keyword, value in expected.items() if attributes[keyword] != value]
        if wrong:
            return Filed(MISMATCH, f"{' and '.join(wrong)} differ from {of}", attributes, syntax)
        try:
            status, comment = self._filed(file, fault, syntax, attributes)
        except CannotCoerce as error:
            status, comment = PROCESSING_FAILURE, str(error)
        except UnreadableDataset as error:
            status, comment = CANNOT_UNDERSTAND, str(error)
        except OSError as error:
            status, comment = OUT_OF_RESOURCES, str(error)
        return Filed(status, comment, attributes, syntax)

    def _filed(
        self, file: IncomingFile, fault: Fault, transfer_syntax_uid: str, attributes: Mapping[str, str]
    ) -> tuple[int, str]:
        if not (fault.coerce or fault.drop):
            self._put(file, transfer_syntax_uid, attributes)
            return fault.status or SUCCESS, ""
        with self._files.incoming() as changed:
            coercion.change(file.path, fault, changed)
            changed.finish()
            self._put(changed, transfer_syntax_uid, _read(changed)[1])
        if fault.coerce:
            return fault.status or COERCED, f"coerced {', '.join(keyword for keyword, _ in fault.coerce)}"
        return fault.status or SUCCESS, ""

    def _put(self, file: IncomingFile, transfer_syntax_uid: str, attributes: Mapping[str, str]) -> None:
        uids = [attributes[key] for key in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
        try:
            path = self._files.path(*uids)
        except ValueError as error:
            raise UnreadableDataset(str(error)) from error
        self._files.put(path, file)
        stored = StoredInstance(attributes["SOPClassUID"], uids[2], transfer_syntax_uid, uids[0], uids[1], path)
        self._index.put(stored, attributes)


def _read(file: IncomingFile) -> tuple[PreparedInstance, dict[str, str]]:
    """The instance in a file, and what the index keeps of it."""
    try:
        instance = read(file.path)
    except InputError as error:
        raise UnreadableDataset(str(error).removeprefix(f"{file.path}: ")) from error
    return instance, header.read(instance)
