"""The table of defects, and instances that have some of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from modality.errors import UnknownNameError, UsageError
from modality.registry import unknown
from modality.transfer.defects.defect import Defect
from modality.transfer.defects.elements import Element, elements, encode, value_of
from modality.transfer.defects.files import FILES
from modality.transfer.defects.pixels import PIXELS
from modality.transfer.defects.series import SERIES
from modality.transfer.defects.structure import STRUCTURE
from modality.transfer.defects.tags import SOP_INSTANCE
from modality.transfer.defects.values import VALUES
from modality.transfer.instance import PreparedInstance
from modality.transfer.part10 import FileMeta

DEFECTS: dict[str, Defect] = {**VALUES, **PIXELS, **STRUCTURE, **FILES, **SERIES}
"""Each with the clause that it breaks; in the order in which several are put into one instance."""

EMPTY_TYPE_1, NOT_ENUMERATED, IMPOSSIBLE = "empty-type-1", "not-enumerated", "impossible-value"


def check_defects(names: Iterable[str]) -> None:
    """Refuse what is no defect, and several of a file, whose beginning is wrong in one way only.

    Raises:
        UnknownNameError: the table has none of that name; the message holds the nearest one.
        UsageError: two are of files.
    """
    of_files = []
    for name in dict.fromkeys(names):
        if name not in DEFECTS:
            raise UnknownNameError(unknown("defect", name, list(DEFECTS)))
        if DEFECTS[name].opens:
            of_files.append(name)
    if len(of_files) > 1:
        raise UsageError(f"defects {' and '.join(of_files)}: a file has one of these at a time")


def damaged(instances: Iterable[PreparedInstance], count: int, names: Sequence[str]) -> Iterator[PreparedInstance]:
    """The instances of a series with defects in them: one of a series in the last, all others in each.

    They still name their UIDs as before, since that is what a command and a file's meta information tell; only
    `buffers` and `part10` are to be used.

    Args:
        instances: in a transfer syntax that `elements` takes apart.
        count: how many there are.
        names: of defects.

    Raises:
        UnknownNameError: there is no such defect.
        UsageError: a defect cannot be put in, or not beside the others.
        InputError: an instance cannot be taken apart.
    """
    check_defects(names)
    chosen = [(name, defect) for name, defect in DEFECTS.items() if name in names]
    first: list[Element] = []
    for number, instance in enumerate(instances, start=1):
        parts = elements(instance) if any(one.opens is None for _, one in chosen) else []
        first = first or parts
        uid = instance.sop_instance_uid
        if number == count:
            for name, defect in chosen:
                if defect.disagrees:
                    parts = _found(name, parts, defect.disagrees(parts, first))
            uid = value_of(parts, SOP_INSTANCE).decode("ascii", "replace") or uid
        broken = parts
        for name, defect in chosen:
            if defect.breaks:
                broken = _found(name, broken, defect.breaks(broken))
        yield _made(instance, uid, [encode(broken)] if parts else instance.buffers(), chosen)


def malformed(instance: PreparedInstance, name: str) -> PreparedInstance:
    """One instance with one defect of its data set; raises as `damaged`."""
    return next(damaged([instance], 1, [name]))


def _found(name: str, before: list[Element], after: list[Element]) -> list[Element]:
    if after == before:
        raise UsageError(f"defect {name}: there is nothing to break here, or another defect has broken it already")
    return after


def _made(
    instance: PreparedInstance,
    uid: str,
    buffers: Sequence[bytes | bytearray | memoryview],
    chosen: Sequence[tuple[str, Defect]],
) -> PreparedInstance:
    known = {
        "sop_class_uid": instance.sop_class_uid,
        "sop_instance_uid": uid,
        "study_uid": instance.study_uid,
        "series_uid": instance.series_uid,
    }
    made = PreparedInstance(instance.transfer_syntax_uid, b"", buffers, instance.source, known=known)
    made.opening = instance.opening
    for _, defect in chosen:
        if defect.opens:
            made.opening = defect.opens(FileMeta(instance.sop_class_uid, uid, instance.transfer_syntax_uid, 0))
    return made
