"""C-FIND and C-GET as user: what an archive holds, and the instances themselves (PS3.4 annex C)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt

from modality.errors import QueryRefused
from modality.network.address import DicomAddress
from modality.network.association import Association, Local, associate
from modality.protocol.negotiation import FALLBACKS, Context
from modality.transfer.instance import PreparedInstance, encoded

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"


def find(association: Association, model: str, identifier: Dataset) -> list[Dataset]:
    """Every identifier that the peer answers with.

    Raises:
        QueryRefused: the peer answered with a failure status.
        PeerError: it did not answer properly.
    """
    association.asking()
    found = []
    for status, answer in association.raw.send_c_find(identifier, model, association.next_message_id()):
        code = association.checked("C-FIND", status, QueryRefused)
        if code in (0xFF00, 0xFF01):
            if answer is None:
                raise association.broken("C-FIND")
            found.append(answer)
        association.waiting()
    return found


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
            images.SeriesInstanceUID = one.SeriesInstanceUID
            for image in find(association, STUDY_ROOT_FIND, images):
                found[str(image.SOPInstanceUID)] = image
    return found


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

    def on_store(event: Any) -> int:
        receive(encoded(event.request.DataSet.getvalue(), str(event.context.transfer_syntax)))
        return 0x0000

    wanted = [(STUDY_ROOT_GET, FALLBACKS), *((one, syntaxes) for one, syntaxes in classes.items())]
    handlers = [(evt.EVT_C_STORE, on_store)]
    with associate(archive, wanted, local, roles=list(classes), handlers=handlers) as association:
        identifier = _identifier("STUDY", study_uid)
        association.asking()
        for status, _ in association.raw.send_c_get(identifier, STUDY_ROOT_GET, association.next_message_id()):
            association.checked("C-GET", status, QueryRefused)
            association.waiting()
