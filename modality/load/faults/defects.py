"""Malformed data sets for an archive: those of the table of defects that a C-STORE can carry."""

from __future__ import annotations

from collections.abc import Sequence

from modality.errors import UnknownNameError, UsageError
from modality.registry import unknown
from modality.transfer.defects import table
from modality.transfer.defects.elements import PIXEL_DATA, changed, elements, encode
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE

_INVERSE = bytes(range(255, -1, -1))

# The data set goes out in Explicit VR Little Endian; Affected SOP Class and Instance UID of the command stay right.
DEFECTS = {
    name: one for name, one in table.DEFECTS.items() if one.scope == "data set" and one.needs != "encapsulated pixels"
}

UNFINDABLE = frozenset((
    "no-sop-instance-uid", "other-sop-instance", "no-study-uid", "empty-study-uid", "no-series-uid", "long-uid",
    "letters-in-uid", "rubbish", "missing",
))  # fmt: skip
"""Defects after which nobody can say under which UIDs an archive that keeps the object would list it."""


def malformed(instance: PreparedInstance, defect: str) -> PreparedInstance:
    """An instance with one defect, in Explicit VR Little Endian.

    It still names its UIDs as before, which the command of a C-STORE tells; only `buffers` are to be used.

    Args:
        instance: a valid one.
        defect: a name of `DEFECTS`.

    Raises:
        UnknownNameError: there is no such defect.
        UsageError: there is nothing in this instance that it breaks.
        InputError: the instance cannot be taken apart.
    """
    if defect not in DEFECTS:
        raise UnknownNameError(unknown("defect", defect, list(DEFECTS)))
    return table.malformed(_plain(instance), defect)


def malformed_in_turn(instance: PreparedInstance, number: int) -> tuple[str, PreparedInstance]:
    """An instance with the `number`-th defect of those after each other, or the next that it can have; and its name."""
    names = list(DEFECTS)
    plain = _plain(instance)
    for at in range(number, number + len(names)):
        name = names[at % len(names)]
        try:
            return name, table.malformed(plain, name)
        except UsageError:  # pixels of what has none
            continue
    raise UsageError("no defect can be put into such an instance")


def implicit(instance: PreparedInstance) -> PreparedInstance:
    """An instance that says it is in Explicit VR Little Endian, and is in Implicit (PS3.5 A.1, A.2)."""
    return _bare(instance, EXPLICIT_LITTLE.uid, transcode(instance, IMPLICIT_LITTLE).buffers())


def inverted(instance: PreparedInstance) -> PreparedInstance:
    """An instance under the same UIDs with each bit of its pixels turned, in Explicit VR Little Endian."""
    parts = changed(
        elements(_plain(instance)), PIXEL_DATA, lambda one: (one._replace(value=one.value.translate(_INVERSE)),)
    )
    return _bare(instance, EXPLICIT_LITTLE.uid, [encode(parts)])


def _plain(instance: PreparedInstance) -> PreparedInstance:
    return transcode(instance, EXPLICIT_LITTLE)


def _bare(
    instance: PreparedInstance, syntax_uid: str, buffers: Sequence[bytes | bytearray | memoryview]
) -> PreparedInstance:
    names = {
        "sop_class_uid": instance.sop_class_uid,
        "sop_instance_uid": instance.sop_instance_uid,
        "study_uid": instance.study_uid,
        "series_uid": instance.series_uid,
    }
    return PreparedInstance(syntax_uid, b"", buffers, instance.source, known=names)
