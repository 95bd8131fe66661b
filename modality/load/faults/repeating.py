"""What was said already said again: an instance, its UID with other pixels, a request for commitment."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from modality.errors import CommitmentRefused, ContextRefused, PeerError
from modality.identity import fresh_uid
from modality.load.faults.conversation import REFUSED, exchange, status_text
from modality.load.faults.defects import inverted
from modality.load.faults.strike import Answer, Fresh, Options, names
from modality.network.address import DicomAddress
from modality.network.commitment import request_commitment
from modality.network.local import Local
from modality.protocol.commitment import CommitmentReport


def _came(reports: Sequence[CommitmentReport], number: int) -> bool:
    return len(reports) >= number


def duplicate_uid(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """The same instance twice, bytes and all."""
    instance = fresh()
    return Answer(tuple(exchange(peer, local, [instance, instance])), names(instance))


def colliding_uid(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """Two instances with other pixels and one SOP Instance UID, which is to be unique (PS3.5 9, PS3.3 C.12.1)."""
    instance = fresh()
    return Answer(tuple(exchange(peer, local, [instance, inverted(instance)])), names(instance))


def commitment_twice(peer: DicomAddress, local: Local, fresh: Fresh, options: Options, number: int) -> Answer:  # noqa: ARG001
    """An instance stored, and its commitment asked twice under one Transaction UID (PS3.4 J.3.2)."""
    instance = fresh()
    said = exchange(peer, local, [instance])
    transaction_uid = fresh_uid()
    reports: list[CommitmentReport] = []

    def note(report: CommitmentReport) -> bool:
        reports.append(report)
        return report.transaction_uid == transaction_uid

    for asked in (1, 2):
        try:
            request_commitment(
                peer, transaction_uid, [(instance.sop_class_uid, instance.sop_instance_uid)], local, note,
                wait_s=options.seconds, answered=partial(_came, reports, asked),
            )  # fmt: skip
            said.append("N-ACTION 0000H")
        except CommitmentRefused as error:
            said.append(f"N-ACTION {status_text(error.status)}")
        except ContextRefused:
            said.append(f"N-ACTION {REFUSED}")
            break
        except PeerError as error:
            said.append(f"N-ACTION {type(error).__name__}")
    for report in reports:
        reasons = "+".join(sorted({status_text(reason) for reason in report.failed.values()}))
        said.append(f"report: failed {reasons}" if reasons else "report: committed")
    return Answer(tuple(said), names(instance))
