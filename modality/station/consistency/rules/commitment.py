"""Storage commitment: whether the archive took responsibility for just what was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from modality.protocol.commitment import FAILURE_REASONS
from modality.station.consistency.case import Case
from modality.station.consistency.rule import Rule
from modality.station.consistency.rules.images import well_formed
from modality.station.consistency.values import Finding, against, text

_NAMED = "ReferencedSOPInstanceUID"


def _transaction(case: Case) -> Iterator[Finding]:
    for report in case.reports:
        uid = text(report.part.dataset, "TransactionUID")
        yield against("TransactionUID", report.part, uid, "a UID", well_formed(uid))


def _all_committed(case: Case) -> Iterator[Finding]:
    if not case.reports:
        return
    wanted = list(dict.fromkeys([*case.listed, *case.by_uid]))
    committed = {uid: report.part for report in case.reports for _, uid in report.committed}
    failed = {uid: (reason, report.part) for report in case.reports for _, uid, reason in report.failed}
    for uid in wanted:
        source = "study" if uid in case.by_uid else case.listed[uid].part.source
        if uid in committed:
            yield Finding(_NAMED, source, uid, committed[uid].source, uid, True)
        else:
            reason, part = failed.get(uid, ("", case.reports[0].part))
            yield Finding(_NAMED, source, uid, part.source, f"failed: {said(reason)}" if uid in failed else "", False)


def said(reason: str) -> str:
    """A Failure Reason for people."""
    if not reason.isdigit():
        return reason or "no reason"
    return f"{int(reason):04X}H {FAILURE_REASONS.get(int(reason), '')}".strip()


def _reasons(case: Case) -> Iterator[Finding]:
    known = ", ".join(f"{one:04X}H" for one in FAILURE_REASONS)
    for report in case.reports:
        for _, uid, reason in report.failed:
            held = reason.isdigit() and int(reason) in FAILURE_REASONS
            yield against("FailureReason", report.part, f"{uid}: {said(reason)}", f"one of {known}", held)


def _known(case: Case) -> Iterator[Finding]:
    for report in case.reports:
        for uid in [uid for _, uid in report.committed] + [uid for _, uid, _ in report.failed]:
            there = uid in case.by_uid or uid in case.listed
            yield Finding(_NAMED, report.part.source, uid, "study and performed step", uid if there else "", there)


def _classes(case: Case) -> Iterator[Finding]:
    told = {uid: sop_class for step in case.steps for _, _, sop_class, uid in step.listed()}
    told.update((uid, image.sop_class) for uid, image in case.by_uid.items())
    for report in case.reports:
        for sop_class, uid in [*report.committed, *((one, uid) for one, uid, _ in report.failed)]:
            if uid in told:
                yield Finding("ReferencedSOPClassUID", report.part.source, sop_class, f"instance {uid}", told[uid],
                              sop_class == told[uid])  # fmt: skip


def _not_both(case: Case) -> Iterator[Finding]:
    for report in case.reports:
        named = Counter([uid for _, uid in report.committed] + [uid for _, uid, _ in report.failed])
        for uid, times in named.items():
            yield against(_NAMED, report.part, f"{uid} {times} times", "once", times == 1)


def _retrieve_aet(case: Case) -> Iterator[Finding]:
    places = {
        uid: text(series, "RetrieveAETitle") for step in case.steps for series, _, _, uid in step.listed()
    }  # fmt: skip
    for report in case.reports:
        told = text(report.part.dataset, "RetrieveAETitle")
        for _, uid in report.committed:
            if told and places.get(uid):
                yield Finding("RetrieveAETitle", report.part.source, told, "performed step", places[uid],
                              told == places[uid])  # fmt: skip


RULES = (
    Rule("R85", "The commitment names its transaction", "PS3.4 Table J.3-2", "commitment", _transaction),
    Rule("R86", "Every instance is committed", "IHE RAD TF-2 4.10; PS3.4 J.3.3", "images, performed step, commitment",
         _all_committed),
    Rule("R87", "What failed has its reason", "PS3.3 C.14.1.1", "commitment", _reasons),
    Rule("R88", "Nothing unknown is named", "PS3.4 J.3.3", "commitment, images, performed step", _known),
    Rule("R89", "Each instance is named with its own SOP Class", "PS3.3 C.14; PS3.4 Table J.3-2",
         "commitment, images, performed step", _classes),
    Rule("R90", "No instance is named twice", "PS3.4 J.3.3", "commitment", _not_both),
    Rule("R91", "The archive that commits is where the step says images are", "PS3.4 Table J.3-2, Table F.7.2-1",
         "commitment, performed step", _retrieve_aet),
)  # fmt: skip
