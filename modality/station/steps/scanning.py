"""What a series is scanned of and with, and what its images are written as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from modality.iods.personas.persona import Persona
from modality.station.awkwardness.finishing import PLAIN, Finish, finish_of
from modality.station.examination import SeriesPlan
from modality.station.study import load_phantom
from modality.transfer.destination import Progress
from modality.transfer.syntaxes import TransferSyntax
from phantoms.phantom import Phantom

# What the images take from the worklist or share with the performed step (IHE RAD-8; workflow of RAD-5 to RAD-7).
SHARED_WITH_THE_PERFORMED_STEP = frozenset(
    (
        "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID",
        "Modality", "ProtocolName", "SeriesDescription", "PerformedProcedureStepID", "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime", "PerformedProcedureStepDescription", "PerformingPhysicianName",
        "OperatorsName",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the images of a scan are written as.

    Args:
        transfer_syntax: what they are encoded in; the kind's own by default.
        quality: of a lossy syntax, on its codec's own scale; None takes the codec's default.
        assignments: attributes set over those of the IOD, by keyword.
        finish: what is done to the images once they are made.
    """

    transfer_syntax: TransferSyntax | None = None
    quality: float | None = None
    assignments: Mapping[str, str] | None = None
    finish: Finish = PLAIN


def encoding_of(
    transfer_syntax: TransferSyntax | None,
    quality: float | None,
    assignments: Mapping[str, str] | None,
    persona: Persona | str | None,
) -> Encoding:
    """What images are written as by a persona, which says nothing of its own of what the performed step says too.

    Raises:
        UnknownNameError: there is no such persona.
        ConfigurationError: its file does not fit.
    """
    finish = finish_of(persona, ())
    if finish.persona is not None:
        shared = SHARED_WITH_THE_PERFORMED_STEP
        own = {keyword: value for keyword, value in finish.persona.attributes.items() if keyword not in shared}
        finish = replace(finish, persona=replace(finish.persona, attributes=own))
    return Encoding(transfer_syntax, quality, finish.assignments(assignments), finish)


def scanned(
    phantom: Phantom | str | None, default: str | None, seed: int, options: Mapping[str, Any] | None
) -> Phantom | None:
    """What is scanned: what was asked for, or else the default; None where that is nothing.

    Args:
        phantom: one that is made, or a name.
        default: a name.
        seed: what a phantom is drawn from.
        options: further arguments of the phantom's function.

    Raises:
        UsageError: there is no such phantom, or it cannot be made with these options.
    """
    chosen = phantom or default
    return load_phantom(chosen, **{"seed": seed, **(options or {})}) if isinstance(chosen, str) else chosen


def options_of(series: SeriesPlan, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What a series of a protocol is scanned with when `asked` is asked for all of them."""
    taken = asked if series.takes is None else {name: value for name, value in asked.items() if name in series.takes}
    return {**series.options, **taken}


def offset(progress: Progress, before: int) -> Progress:
    """Progress that counts what was dealt with before."""
    return lambda done: progress(before + done)
