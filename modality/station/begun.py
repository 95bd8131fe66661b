"""When a study began that others have begun already: one order on two modalities is one study."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from modality.errors import ModalityError
from modality.network.address import DicomAddress
from modality.network.association import associate
from modality.network.local import Local, Timeouts
from modality.network.query import STUDY_ROOT_FIND, find, find_study
from modality.protocol.negotiation import FALLBACKS
from modality.protocol.temporal import period

if TYPE_CHECKING:
    from modality.station.station import Station

# The scan waits for the answer, and can do without: no longer than this.
_PATIENCE_S = 3.0


def study_began(station: Station, study_uid: str, now: datetime) -> datetime:
    """Study Date and Time of a study: as the archive has it when images are there already, else now.

    They belong to the study, not to the series (PS3.3 C.7.2.1), and neither the worklist nor the performed step tells a
    second modality when the first one began (PS3.4 Table K.6-1 has no such key). An archive that cannot be asked leaves
    us with our own start, which is what is true without the other modality.

    Args:
        station: whose archive is asked.
        study_uid: Study Instance UID, as scheduled.
        now: when our own step began.
    """
    archive = station.archive_address
    if not isinstance(archive, DicomAddress):
        return now
    try:
        found = find_study(archive, study_uid, _impatient(station.local), "StudyDate", "StudyTime")
    except ModalityError:  # it stores only, or is away: storing will say so
        return now
    texts = [str(found.get(keyword) or "") if found else "" for keyword in ("StudyDate", "StudyTime")]
    try:
        day, time = period("DA", texts[0])[0], period("TM", texts[1])[0]
    except ValueError:  # nothing there, or a study without date and time
        return now
    return datetime.combine(day.date(), time.time(), tzinfo=now.tzinfo)


def last_series_number(station: Station, study_uid: str) -> int:
    """The highest Series Number that the archive lists in a study; 0 where it lists none, or cannot be asked.

    Args:
        station: whose archive is asked.
        study_uid: Study Instance UID.
    """
    archive = station.archive_address
    if not isinstance(archive, DicomAddress):
        return 0
    query = Dataset()
    query.QueryRetrieveLevel = "SERIES"
    query.StudyInstanceUID = study_uid
    query.SeriesInstanceUID = ""
    query.SeriesNumber = None
    try:
        with associate(archive, [(STUDY_ROOT_FIND, FALLBACKS)], _impatient(station.local)) as association:
            found = [one.get("SeriesNumber") for one in find(association, STUDY_ROOT_FIND, query)]
    except ModalityError:
        return 0
    return max((int(number) for number in found if number not in (None, "")), default=0)


def _impatient(local: Local) -> Local:
    timeouts = local.timeouts
    patience = Timeouts(
        min(timeouts.connect_s, _PATIENCE_S), min(timeouts.association_s, _PATIENCE_S),
        min(timeouts.response_s, _PATIENCE_S),
    )  # fmt: skip
    return replace(local, timeouts=patience)
