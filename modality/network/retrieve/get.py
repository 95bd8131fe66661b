"""C-GET as user: instances on the association that asks for them (PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pynetdicom import evt

from modality.errors import QueryRefused
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local
from modality.network.query import identifiers
from modality.network.retrieve.receiver import Receive, Receiver
from modality.protocol.negotiation import FALLBACKS, MOST_CONTEXTS, Context

STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"


def fetch_study(
    archive: DicomAddress,
    study_uid: str,
    contexts: Iterable[Context],
    local: Local,
    receive: Receive,
    *,
    series: Sequence[str] = (),
) -> None:
    """Get a study, or some of its series; each instance is handed to `receive` as it comes.

    Args:
        archive: whom to ask.
        study_uid: Study Instance UID.
        contexts: classes and syntaxes in which we take instances.
        local: who asks.
        receive: takes each instance.
        series: Series Instance UIDs; the whole study when empty.

    Raises:
        UnreachableError: nobody answers.
        ContextRefused: the archive offers no C-GET.
        QueryRefused: it answered with a failure.
        PeerError: it did not answer properly.
    """
    classes: dict[str, list[str]] = {}
    for sop_class, syntax in contexts:
        classes.setdefault(sop_class, []).append(syntax)
    for syntaxes in classes.values():
        syntaxes.extend(uid for uid in FALLBACKS if uid not in syntaxes)
    # A context for each syntax: an archive that may choose among several often takes another than it holds.
    wanted: list[tuple[str, Sequence[str]]] = [(one, [uid]) for one, syntaxes in classes.items() for uid in syntaxes]
    if len(wanted) >= MOST_CONTEXTS:
        wanted = list(classes.items())
    wanted.insert(0, (STUDY_ROOT_GET, FALLBACKS))
    receiver = Receiver(archive, receive)
    handlers = [(evt.EVT_C_STORE, receiver.on_store)]
    with associate(archive, wanted, local, roles=list(classes), handlers=handlers) as association:
        for identifier in identifiers(study_uid, series):
            for status, _ in association.request("C-GET", association.raw.send_c_get, identifier, STUDY_ROOT_GET):
                receiver.check()
                association.checked("C-GET", status, QueryRefused)
                association.waiting()
