"""Instance Availability Notification: what an archive says of instances that can be had from it (PS3.4 annex R)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydicom.dataset import Dataset

from modality.protocol.performed_step import PERFORMED_STEP, reference
from modality.protocol.step_states import MISSING_ATTRIBUTE, MISSING_ATTRIBUTE_VALUE, Decision

INSTANCE_AVAILABILITY = "1.2.840.10008.5.1.4.33"
_AVAILABILITIES = frozenset(("ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE"))  # PS3.3 C.4.23.1.1


def notification(
    study_uid: str, series: Mapping[str, Iterable[tuple[str, str]]], retrieve_aet: str, performed_step_uid: str = ""
) -> Dataset:
    """The N-CREATE's attributes: these instances can be had at once (PS3.4 Table R.3.2-1, and nothing beyond it).

    Args:
        study_uid: Study Instance UID.
        series: SOP Class and Instance UID of each instance, by Series Instance UID.
        retrieve_aet: from whom they can be had.
        performed_step_uid: SOP Instance UID of the performed step that they belong to; empty for none.
    """
    made = Dataset()
    made.ReferencedPerformedProcedureStepSequence = []
    if performed_step_uid:
        step = reference(PERFORMED_STEP, performed_step_uid)
        step.PerformedWorkitemCodeSequence = []
        made.ReferencedPerformedProcedureStepSequence = [step]
    made.StudyInstanceUID = study_uid
    made.ReferencedSeriesSequence = []
    for series_uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID = series_uid
        item.ReferencedSOPSequence = []
        for one in instances:
            instance = reference(*one)
            instance.InstanceAvailability = "ONLINE"
            instance.RetrieveAETitle = retrieve_aet
            item.ReferencedSOPSequence.append(instance)
        made.ReferencedSeriesSequence.append(item)
    return made


def judge(attributes: Dataset) -> Decision:
    """Whether a notification can be taken: its Type 1 attributes (PS3.4 Table R.3.2-1)."""
    missing = list(_missing(attributes))
    if not missing:
        return Decision()
    absent = [path for path, there in missing if not there]
    status = MISSING_ATTRIBUTE if absent else MISSING_ATTRIBUTE_VALUE
    return Decision(status, f"missing or empty: {', '.join(path for path, _ in missing)}")


def _missing(attributes: Dataset) -> Iterable[tuple[str, bool]]:
    if "ReferencedPerformedProcedureStepSequence" not in attributes:
        yield "ReferencedPerformedProcedureStepSequence", False
    yield from _empty(attributes, "", "StudyInstanceUID", "ReferencedSeriesSequence")
    for series in attributes.get("ReferencedSeriesSequence") or []:
        yield from _empty(series, "series ", "SeriesInstanceUID", "ReferencedSOPSequence")
        for one in series.get("ReferencedSOPSequence") or []:
            yield from _empty(one, "instance ", "ReferencedSOPClassUID", "ReferencedSOPInstanceUID", "RetrieveAETitle")
            if one.get("InstanceAvailability") not in _AVAILABILITIES:
                yield "instance InstanceAvailability", "InstanceAvailability" in one


def _empty(dataset: Dataset, where: str, *keywords: str) -> Iterable[tuple[str, bool]]:
    for keyword in keywords:
        if not dataset.get(keyword):
            yield f"{where}{keyword}", keyword in dataset
