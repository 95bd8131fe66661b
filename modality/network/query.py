"""C-FIND as user: what an archive holds (PS3.4 annex C)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset

from modality.errors import InvalidResponse, QueryRefused
from modality.network.address import DicomAddress
from modality.network.association import Association, associate
from modality.network.local import Local
from modality.protocol.negotiation import FALLBACKS

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"


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


def find_studies(archive: DicomAddress, keys: Mapping[str, str], local: Local) -> list[Dataset]:
    """The studies that match, in the archive's order (PS3.4 C.6.2.1.2).

    Args:
        archive: whom to ask.
        keys: matching keys by keyword; the Study Instance UID is returned anyway.
        local: who asks.

    Raises:
        UnreachableError: nobody answers.
        PeerError: the archive refused, or did not answer properly.
    """
    identifier = _identifier("STUDY", "")
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    with associate(archive, [(STUDY_ROOT_FIND, FALLBACKS)], local) as association:
        return find(association, STUDY_ROOT_FIND, identifier)


def find_instances(archive: DicomAddress, study_uid: str, local: Local, *keys: str) -> dict[str, Dataset]:
    """The instances of a study that an archive lists, by SOP Instance UID.

    Study Root, series then images, as the hierarchical search asks (PS3.4 C.4.1.2.1).

    Args:
        archive: whom to ask.
        study_uid: Study Instance UID.
        local: who asks.
        *keys: keywords of further attributes wanted of each instance.

    Raises:
        UnreachableError: nobody answers.
        PeerError: the archive refused, or did not answer properly.
    """
    found = {}
    with associate(archive, [(STUDY_ROOT_FIND, FALLBACKS)], local) as association:
        series = _identifier("SERIES", study_uid, "SeriesInstanceUID", "Modality")
        for one in find(association, STUDY_ROOT_FIND, series):
            images = _identifier("IMAGE", study_uid, "SOPInstanceUID", "SOPClassUID", "InstanceNumber", *keys)
            images.SeriesInstanceUID = _unique_key(archive, one, "SeriesInstanceUID")
            for image in find(association, STUDY_ROOT_FIND, images):
                image.SeriesInstanceUID = images.SeriesInstanceUID
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


def identifiers(study_uid: str, series: Sequence[str]) -> list[Dataset]:
    """What to retrieve: a study, or some of its series (PS3.4 C.4.2.1.4.1)."""
    if not series:
        return [_identifier("STUDY", study_uid)]
    found = []
    for series_uid in series:
        identifier = _identifier("SERIES", study_uid)
        identifier.SeriesInstanceUID = series_uid
        found.append(identifier)
    return found
