"""A RIS to embed: a modality worklist and performed steps, on a port of its own (PS3.4 K and F, IHE RAD-5 to RAD-7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_CREATE, N_SET
from pynetdicom.events import Event
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
)

from modality import config
from modality.identity import Clock, fresh_uid, system_clock
from modality.protocol import matching
from modality.protocol.matching import UNREADABLE, InvalidIdentifier
from modality.protocol.step_states import INVALID_ATTRIBUTE_VALUE, Decision
from modality.simulated.events import Happening
from modality.simulated.fault_text import RIS_MAIN, RIS_SERVICES
from modality.simulated.faults import Fault
from modality.simulated.listener import answer, calling
from modality.simulated.peer import SimulatedPeer
from modality.simulated.ris import worklist_file
from modality.simulated.ris.steps import Department, PerformedStep, WorklistStep
from modality.transfer.part10 import names_a_file

_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_PENDING, _CANCELLED, _MISMATCH = 0xFF00, 0xFE00, 0xA900


class SimulatedRis(SimulatedPeer):
    """A RIS on a loopback port, up when `start` returns.

    Args:
        worklist: a TOML file, a data set, a folder of both, or items; None for the shipped department's.
        aet: its AE title.
        host: the interface to listen on.
        port: the port; 0 takes a free one.
        faults: what goes wrong, each a `Fault` or its text.
        storage: folder where performed steps are written as JSON; None for memory alone.
        clock: gives the day that "today" stands for in a worklist file.
        keep_finished: steps that are done stay in the worklist.

    Raises:
        ConfigurationError: the worklist does not fit.
        InputError: a worklist item cannot be read.
    """

    def __init__(
        self,
        worklist: Path | Sequence[Dataset] | None = None,
        *,
        aet: str = "RIS",
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Iterable[Fault | str] = (),
        storage: Path | None = None,
        clock: Clock = system_clock,
        keep_finished: bool = False,
    ) -> None:
        self._keep_finished = keep_finished
        source = config.shipped("worklist.toml") if worklist is None else worklist
        items = worklist_file.read(source, clock().date()) if isinstance(source, Path) else source
        self._department = Department(items, storage)
        super().__init__(
            aet,
            host,
            port,
            contexts=[
                build_context(ModalityWorklistInformationFind, [*_SYNTAXES]),
                build_context(ModalityPerformedProcedureStep, [*_SYNTAXES]),
            ],
            handlers=[
                (evt.EVT_C_FIND, self._find),
                (evt.EVT_N_CREATE, self._create),
                (evt.EVT_N_SET, self._set),
            ],
            faults=faults,
            services=RIS_SERVICES,
            main_services=RIS_MAIN,
        )

    @property
    def steps(self) -> list[WorklistStep]:
        """The scheduled steps, each with its state."""
        return self._department.steps

    @property
    def performed_steps(self) -> dict[str, PerformedStep]:
        """The performed steps by SOP Instance UID, in the order in which they were begun."""
        return self._department.performed

    def _find(self, event: Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        """Answer a worklist query (PS3.4 K.4.1)."""
        fault = self.listener.apply(event, "find")
        if fault.status:
            yield self._answered(event, "C-FIND", Decision(fault.status, "refused as asked")), None
            return
        try:
            query = event.identifier
            for item in self._department.worklist(finished=self._keep_finished):
                if not matching.matches(query, item):
                    continue
                if event.is_cancelled:
                    yield self._answered(event, "C-FIND", Decision(_CANCELLED)), None
                    return
                yield _PENDING, matching.answer(query, item)
        except (InvalidIdentifier, *UNREADABLE) as error:
            yield self._answered(event, "C-FIND", Decision(_MISMATCH, str(error))), None
            return
        self._answered(event, "C-FIND", Decision())

    def _create(self, event: Event) -> tuple[int | Dataset, Dataset | None]:
        uid = str(cast(N_CREATE, event.request).AffectedSOPInstanceUID or "")
        assigned = uid or fresh_uid()
        fault = self.listener.apply(event, "create")
        decision = _refusal(fault, assigned)
        if decision is None:
            try:
                decision = self._department.create(assigned, event.attribute_list)
            except UNREADABLE as error:
                decision = Decision(INVALID_ATTRIBUTE_VALUE, str(error))
        response = self._answered(event, "N-CREATE", decision, assigned)
        if uid or not decision.accepted:
            return response, None
        # The SCU left it to us to name the instance (PS3.7 10.1.5.1.4); pynetdicom takes the name from here.
        named = Dataset()
        named.AffectedSOPInstanceUID = assigned
        return response, named

    def _set(self, event: Event) -> tuple[int | Dataset, None]:
        uid = str(cast(N_SET, event.request).RequestedSOPInstanceUID)
        fault = self.listener.apply(event, "set")
        decision = _refusal(fault, uid)
        if decision is None:
            try:
                decision = self._department.set(uid, event.modification_list)
            except UNREADABLE as error:
                decision = Decision(INVALID_ATTRIBUTE_VALUE, str(error))
        return self._answered(event, "N-SET", decision, uid), None

    def _answered(self, event: Event, service: str, decision: Decision, uid: str = "") -> int | Dataset:
        self.events.write(Happening(service, calling(event), decision.status, uid, decision.comment))
        response = answer(decision.status, decision.comment)
        if isinstance(response, Dataset) and decision.error_id is not None:
            response.ErrorID = decision.error_id
        return response


def _refusal(fault: Fault, uid: str) -> Decision | None:
    """What stands against an operation before its attributes are looked at."""
    if fault.status:
        return Decision(fault.status, "refused as asked")
    # 0117H: the instance UID violates the rules for UIDs (PS3.7 C.5.10); a file is named after it.
    return None if names_a_file(uid) else Decision(0x0117, "the SOP Instance UID is none")
