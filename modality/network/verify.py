"""What an archive holds compared with what was sent: lost, coerced, transcoded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import numpy as np
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from modality.errors import ContextRefused, ModalityError
from modality.network.address import DicomAddress
from modality.network.local import Local
from modality.network.query import fetch_study, find_instances
from modality.protocol.negotiation import Context
from modality.transfer.instance import PreparedInstance, read
from modality.transfer.syntaxes import syntax_name

_PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))


@dataclass(frozen=True, slots=True)
class Difference:
    """An attribute that is not what was sent.

    Args:
        uid: SOP Instance UID.
        attribute: keyword, or tag where there is none; within a sequence, the path.
        sent: value sent; None when the archive added it.
        held: value held; None when the archive lost it.
    """

    uid: str
    attribute: str
    sent: str | None
    held: str | None


@dataclass(slots=True)
class Verification:
    """What became of the instances.

    Args:
        checked: how many were looked for.
        identical: how many are there with the same pixels and attributes.
        lost: SOP Instance UIDs that the archive does not give back.
        differing: SOP Instance UIDs with other pixels.
        coerced: attributes lost, added or changed.
        transcoded: transfer syntaxes by SOP Instance UID: the one sent, the one held.
        problems: why instances could not be compared.
    """

    checked: int = 0
    identical: int = 0
    lost: list[str] = field(default_factory=list)
    differing: list[str] = field(default_factory=list)
    coerced: list[Difference] = field(default_factory=list)
    transcoded: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Nothing is lost, and no pixel differs."""
        return not (self.lost or self.differing or self.problems)

    def as_dict(self) -> dict[str, Any]:
        """Plain data, ready for JSON."""
        return asdict(self)


def verify_instances(archive: DicomAddress, instances: Iterable[PreparedInstance], local: Local) -> Verification:
    """Query for the instances, fetch them by C-GET, and compare each with what was sent.

    Raises:
        UnreachableError: nobody answers.
        PeerError: the archive refused the query, or did not answer properly.
    """
    report = Verification()
    studies: dict[str, dict[str, _Sent]] = {}
    for instance in instances:
        if instance.study_uid:
            studies.setdefault(instance.study_uid, {})[instance.sop_instance_uid] = _Sent.of(instance)
        else:
            report.problems.append(f"{instance.sop_instance_uid}: has no Study Instance UID to ask for")
    for study_uid, sent in studies.items():
        _verify_study(archive, study_uid, sent, local, report)
    return report


@dataclass(frozen=True, slots=True)
class _Sent:
    """What has to be there, and how to get at it again: a file stays mapped, and its descriptor open, no longer."""

    context: Context
    again: Callable[[], PreparedInstance]

    @classmethod
    def of(cls, instance: PreparedInstance) -> _Sent:
        again = partial(read, instance.path) if instance.path else lambda: instance
        return cls((instance.sop_class_uid, instance.transfer_syntax_uid), again)


def _verify_study(
    archive: DicomAddress, study_uid: str, sent: dict[str, _Sent], local: Local, report: Verification
) -> None:
    report.checked += len(sent)
    listed = find_instances(archive, study_uid, local)
    missing = [uid for uid in sent if uid not in listed]
    report.lost += missing
    waiting = {uid: one for uid, one in sent.items() if uid in listed}

    def receive(held: PreparedInstance) -> None:
        mine = waiting.pop(held.sop_instance_uid, None)
        if mine is not None:
            _compare(mine.again(), held, report)

    if waiting:
        contexts = dict.fromkeys(one.context for one in waiting.values())
        try:
            fetch_study(archive, study_uid, contexts, local, receive)
        except ContextRefused as error:
            report.problems.append(f"{error}: it is queried, but cannot be fetched by C-GET")
            return
    report.lost += waiting


def _compare(sent: PreparedInstance, held: PreparedInstance, report: Verification) -> None:
    uid = sent.sop_instance_uid
    if sent.transfer_syntax_uid != held.transfer_syntax_uid:
        report.transcoded[uid] = (syntax_name(sent.transfer_syntax_uid), syntax_name(held.transfer_syntax_uid))
    try:
        mine, theirs = sent.dataset(), held.dataset()
        same = _same_pixels(sent, held, mine, theirs)
    except (ModalityError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        report.problems.append(f"{uid}: cannot be compared: {error}")
        return
    differences = list(_differences(uid, "", mine, theirs, transcoded=uid in report.transcoded))
    report.coerced += differences
    if not same:
        report.differing.append(uid)
    elif not differences:
        report.identical += 1


def _same_pixels(sent: PreparedInstance, held: PreparedInstance, mine: Dataset, theirs: Dataset) -> bool:
    has = [any(tag in dataset for tag in _PIXELS) for dataset in (mine, theirs)]
    if has[0] != has[1]:
        return False
    if not has[0]:
        return True
    if sent.transfer_syntax_uid == held.transfer_syntax_uid and b"".join(sent.tail) == b"".join(held.tail):
        return True
    return bool(np.array_equal(mine.pixel_array, theirs.pixel_array))


# What a change of transfer syntax may rightly change (PS3.5 8.2).
_ENCODING = frozenset(("PlanarConfiguration", "PhotometricInterpretation"))


def _differences(uid: str, path: str, mine: Dataset, theirs: Dataset, *, transcoded: bool) -> Iterator[Difference]:
    for tag in sorted(set(mine.keys()) | set(theirs.keys())):
        if tag in _PIXELS or tag.element == 0:  # group lengths are retired, and go
            continue
        one, other = (dataset[tag] if tag in dataset else None for dataset in (mine, theirs))  # noqa: SIM401 - get() guesses
        element = one if one is not None else other
        assert element is not None
        name = path + (element.keyword or f"({tag.group:04X},{tag.element:04X})")
        if transcoded and element.keyword in _ENCODING:
            continue
        if one is None or other is None:
            yield Difference(uid, name, _text(one), _text(other))
        elif one.VR == "SQ" and other.VR == "SQ" and len(one.value) == len(other.value):
            for index, (item, their_item) in enumerate(zip(one.value, other.value, strict=True)):
                yield from _differences(uid, f"{name}[{index}].", item, their_item, transcoded=transcoded)
        elif one.value != other.value and _bytes(one) != _bytes(other):
            yield Difference(uid, name, _text(one), _text(other))


def _bytes(element: DataElement) -> bytes:
    """A value as Implicit VR Little Endian has it: private elements come back from there as UN."""
    alone = Dataset()
    alone.add(element)
    out = DicomBytesIO()
    out.is_little_endian = out.is_implicit_VR = True
    write_dataset(out, alone)
    return out.getvalue()[8:].rstrip(b"\0 ")


def _text(element: DataElement | None) -> str | None:
    if element is None:
        return None
    return f"{len(element.value)} bytes" if isinstance(element.value, bytes) else str(element.value)[:200]
