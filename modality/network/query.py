"""C-FIND and C-GET as user: what an archive holds, and the instances themselves (PS3.4 annex C)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from modality.errors import InputError, InvalidResponse, QueryRefused
from modality.network.address import DicomAddress
from modality.network.association import Association, associate
from modality.network.local import Local
from modality.protocol.negotiation import FALLBACKS, MOST_CONTEXTS, Context
from modality.transfer.instance import PreparedInstance, encoded

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"


def find(association: Association, model: str, identifier: Dataset) -> list[Dataset]:
    """Every identifier that the peer answers with.

    Raises:
        QueryRefused: the peer answered with a failure status.
        PeerError: it did not answer properly.
    """
    found = []
    for status, answer in association.request("C-FIND", association.raw.send_c_find, identifier, model):
        code = association.checked("C-FIND", status, QueryRefused)
        if code in (0xFF00, 0xFF01):
            if answer is None:
                raise association.broken("C-FIND")
            found.append(answer)
        association.waiting()
    return found


def find_study(archive: DicomAddress, study_uid: str, local: Local, *keys: str) -> Dataset | None:
    """What an archive says of a study at the study level, or None when it lists none (PS3.4 C.6.2.1.2).

    Args:
        archive: whom to ask.
        study_uid: Study Instance UID.
        local: who asks.
        *keys: keywords of the attributes wanted.

    Raises:
        UnreachableError: nobody answers.
        PeerError: the archive refused, or did not answer properly.
    """
    with associate(archive, [(STUDY_ROOT_FIND, FALLBACKS)], local) as association:
        answers = find(association, STUDY_ROOT_FIND, _identifier("STUDY", study_uid, *keys))
    return next((one for one in answers if one.get("StudyInstanceUID") == study_uid), None)


def find_instances(archive: DicomAddress, study_uid: str, local: Local) -> dict[str, Dataset]:
    """The instances of a study that an archive lists, by SOP Instance UID.

    Study Root, series then images, as the hierarchical search asks (PS3.4 C.4.1.2.1).

    Raises:
        UnreachableError: nobody answers.
        PeerError: the archive refused, or did not answer properly.
    """
    found = {}
    with associate(archive, [(STUDY_ROOT_FIND, FALLBACKS)], local) as association:
        series = _identifier("SERIES", study_uid, "SeriesInstanceUID", "Modality")
        for one in find(association, STUDY_ROOT_FIND, series):
            images = _identifier("IMAGE", study_uid, "SOPInstanceUID", "SOPClassUID", "InstanceNumber")
            images.SeriesInstanceUID = _unique_key(archive, one, "SeriesInstanceUID")
            for image in find(association, STUDY_ROOT_FIND, images):
                found[_unique_key(archive, image, "SOPInstanceUID")] = image
    return found


def _unique_key(archive: DicomAddress, answer: Dataset, keyword: str) -> str:
    value = str(answer.get(keyword) or "")
    if not value:
        raise InvalidResponse(f"{archive}: a C-FIND response has no {keyword}, its unique key (PS3.4 C.2.2.1.1)")
    return value


def _identifier(level: str, study_uid: str, *keys: str) -> Dataset:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    identifier.StudyInstanceUID = study_uid
    for keyword in keys:
        setattr(identifier, keyword, None if keyword == "InstanceNumber" else "")
    return identifier


def fetch_study(
    archive: DicomAddress,
    study_uid: str,
    contexts: Iterable[Context],
    local: Local,
    receive: Callable[[PreparedInstance], None],
) -> None:
    """Get a study by C-GET; each instance is handed to `receive` as it comes.

    Args:
        archive: whom to ask.
        study_uid: Study Instance UID.
        contexts: classes and syntaxes in which we take instances.
        local: who asks.
        receive: takes each instance, in the bytes that came.

    Raises:
        UnreachableError: nobody answers.
        QueryRefused: the archive answered with a failure.
        PeerError: it did not answer properly.
    """
    classes: dict[str, list[str]] = {}
    for sop_class, syntax in contexts:
        classes.setdefault(sop_class, []).append(syntax)
    for syntaxes in classes.values():
        syntaxes.extend(uid for uid in FALLBACKS if uid not in syntaxes)

    arrived: list[PreparedInstance] = []
    damaged: list[str] = []

    def on_store(event: Any) -> int:
        try:
            arrived.append(encoded(event.request.DataSet.getvalue(), str(event.context.transfer_syntax)))
        except InputError as error:
            damaged.append(str(error))
            return 0xC000  # cannot understand (PS3.4 B.2.3)
        return 0x0000

    # A context for each syntax: an archive that may choose among several often takes another than it holds.
    wanted: list[tuple[str, Sequence[str]]] = [(one, [uid]) for one, syntaxes in classes.items() for uid in syntaxes]
    if len(wanted) >= MOST_CONTEXTS:
        wanted = list(classes.items())
    wanted.insert(0, (STUDY_ROOT_GET, FALLBACKS))
    handlers = [(evt.EVT_C_STORE, on_store)]
    with associate(archive, wanted, local, roles=list(classes), handlers=handlers) as association:
        identifier = _identifier("STUDY", study_uid)
        for status, _ in association.request("C-GET", association.raw.send_c_get, identifier, STUDY_ROOT_GET):
            # Here and not in the handler, where pynetdicom would swallow what goes wrong.
            while arrived:
                receive(arrived.pop(0))
            if damaged:
                raise InvalidResponse(f"{archive}: an instance fetched cannot be read: {damaged[0]}")
            association.checked("C-GET", status, QueryRefused)
            association.waiting()
