"""Which container and which specimens a slide is of: those that the order names, or some drawn from the seed."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.macros.code import copied_codes
from modality.protocol.worklist import text


@dataclass(frozen=True)
class Specimen:
    """A specimen on a slide (PS3.3 Table C.7.6.22-1).

    Args:
        identifier: Specimen Identifier.
        uid: Specimen UID.
        issuer: items of Issuer of the Specimen Identifier Sequence.
        type: item of Specimen Type Code Sequence; None where nobody said.
        description: Specimen Short Description.
    """

    identifier: str
    uid: str
    issuer: tuple[Dataset, ...] = ()
    type: Dataset | None = None
    description: str = ""


@dataclass(frozen=True)
class Container:
    """What the specimens are in, or on.

    Args:
        identifier: Container Identifier.
        specimens: at least one.
        issuer: items of Issuer of the Container Identifier Sequence.
        type: item of Container Type Code Sequence; None where nobody said.
    """

    identifier: str
    specimens: tuple[Specimen, ...]
    issuer: tuple[Dataset, ...] = ()
    type: Dataset | None = None


def container_of(context: Context) -> Container:
    """The container of the first order that names one (PS3.4 K.6.1.2.2), else one drawn from the seed."""
    for request in context.study.requests:
        for item in request.item.get("ScheduledSpecimenSequence") or []:
            found = _ordered(item, context)
            if found:
                return found
    number = context.identity.number("container", 10**6)
    own = f"S{number:06d}-A-1"
    return Container(own, (Specimen(f"{own}-1", context.identity.uid("specimen", 0)),))


def _ordered(item: Dataset, context: Context) -> Container | None:
    identifier = text(item, "ContainerIdentifier")
    if not identifier:
        return None
    described = item.get("SpecimenDescriptionSequence") or []
    specimens = [_specimen(one, number, identifier, context) for number, one in enumerate(described)]
    if not specimens:
        specimens = [Specimen(identifier, context.identity.uid("specimen", 0))]
    kind = copied_codes(item.get("ContainerTypeCodeSequence") or [])
    issuer = tuple(item.get("IssuerOfTheContainerIdentifierSequence") or ())
    return Container(identifier, tuple(specimens), issuer, kind[0] if kind else None)


def _specimen(item: Dataset, number: int, container: str, context: Context) -> Specimen:
    kind = copied_codes(item.get("SpecimenTypeCodeSequence") or [])
    return Specimen(
        text(item, "SpecimenIdentifier") or f"{container}-{number + 1}",
        text(item, "SpecimenUID") or context.identity.uid("specimen", number),
        tuple(item.get("IssuerOfTheSpecimenIdentifierSequence") or ()),
        kind[0] if kind else None,
        text(item, "SpecimenShortDescription"),
    )
