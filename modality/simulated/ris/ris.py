"""A RIS to embed: a modality worklist and performed steps, on a port of its own (PS3.4 K and F, IHE RAD-5 to RAD-7)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom._handlers import standard_dimse_recv_handler
from pynetdicom.dimse_primitives import C_FIND, N_ACTION, N_CREATE, N_GET, N_SET
from pynetdicom.events import Event
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    InstanceAvailabilityNotification,
    ModalityPerformedProcedureStep,
    ModalityPerformedProcedureStepNotification,
    ModalityPerformedProcedureStepRetrieve,
    ModalityWorklistInformationFind,
)

from modality import config
from modality.errors import UsageError
from modality.identity import Clock, fresh_uid, system_clock
from modality.network.address import DicomAddress, parse_dicom
from modality.protocol import availability, matching
from modality.protocol.matching import UNREADABLE, InvalidIdentifier
from modality.protocol.performed_step import NOTIFICATIONS
from modality.protocol.step_states import IN_PROGRESS, INVALID_ATTRIBUTE_VALUE, NO_SUCH_SOP_INSTANCE, Decision
from modality.protocol.ups.workitem import UPS_EVENT, UPS_PUSH
from modality.simulated.events import Happening
from modality.simulated.fault_text import RIS_MAIN, RIS_SERVICES
from modality.simulated.faults import Fault
from modality.simulated.listener import answer, calling
from modality.simulated.peer import SimulatedPeer
from modality.simulated.ris import worklist_file
from modality.simulated.ris.notifying import Notice, Notifier
from modality.simulated.ris.steps import Department, PerformedStep, WorklistStep
from modality.simulated.ris.unified import UPS_CLASSES, UnifiedWorklist
from modality.transfer.part10 import names_a_file

if TYPE_CHECKING:
    import ssl

    from modality.simulated.dicomweb.server import WebServer
    from modality.simulated.dicomweb.web import Web
    from modality.simulated.hl7.desk import OrderDesk
    from modality.simulated.hl7.listener import MllpListener
    from modality.simulated.upsrs.channel import Channels

_SYNTAXES = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
_PENDING, _CANCELLED, _MISMATCH = 0xFF00, 0xFE00, 0xA900
# PS3.4 F.8.2.1.3: the step is answered with, but not with all that was asked for.
_NOT_SUPPORTED = 0x0001


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
        notify: who is told of each change of a performed step (PS3.4 F.9), and may subscribe to workitems.
        hl7_port: port on which HL7 v2 messages are taken over MLLP; 0 takes a free one, None takes none.
        hl7_tls: what secures that port (`modality.network.upper_layer.tls.server_context`); None for nothing.
        web: a UPS-RS service of the unified worklist, on a port of its own.

    Raises:
        AddressError: an address of `notify` does not parse.
        ConfigurationError: the worklist does not fit.
        InputError: a worklist item cannot be read.
        MissingExtraError: HL7 is asked for, and its parser is not installed.
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
        notify: Iterable[str | DicomAddress] = (),
        hl7_port: int | None = None,
        hl7_tls: ssl.SSLContext | None = None,
        web: Web | None = None,
    ) -> None:
        self._notify = [parse_dicom(one) if isinstance(one, str) else one for one in notify]
        self._keep_finished = keep_finished
        source = config.shipped("worklist.toml") if worklist is None else worklist
        items = worklist_file.read(source, clock().date()) if isinstance(source, Path) else source
        self._department = Department(items, storage)
        due = functools.partial(self._department.worklist, finished=True)
        self._unified = UnifiedWorklist(due, self._reaches, self._send_event, clock)
        super().__init__(
            aet,
            host,
            port,
            contexts=[
                build_context(ModalityWorklistInformationFind, [*_SYNTAXES]),
                build_context(ModalityPerformedProcedureStep, [*_SYNTAXES]),
                build_context(ModalityPerformedProcedureStepRetrieve, [*_SYNTAXES]),
                build_context(ModalityPerformedProcedureStepNotification, [*_SYNTAXES]),
                build_context(InstanceAvailabilityNotification, [*_SYNTAXES]),
                *UnifiedWorklist.contexts([*_SYNTAXES]),
            ],
            handlers=[
                (evt.EVT_C_FIND, self._find),
                (evt.EVT_N_CREATE, self._create),
                (evt.EVT_N_SET, self._set),
                (evt.EVT_N_GET, self._get),
                (evt.EVT_N_ACTION, self._action),
                (evt.EVT_CONN_OPEN, _keep_requests_out_of_the_log),
            ],
            faults=faults,
            services=RIS_SERVICES,
            main_services=RIS_MAIN,
        )
        self._notifier = Notifier(self.listener, self.events)
        self.channels: Channels | None = None
        """The notification connections of the web, where there are any."""
        self._web_server = None if web is None else self._served(web)
        self.available: list[Dataset] = []
        """What archives have told of instances that can be had from them, oldest first."""
        self.hl7: MllpListener | None = None
        self._desk: OrderDesk | None = None
        if hl7_port is not None:
            from modality.simulated.hl7.desk import OrderDesk
            from modality.simulated.hl7.listener import MllpListener

            self._desk = OrderDesk(self._department, clock=clock, events=self.events, storage=storage, aet=aet)
            self.hl7 = MllpListener(self._desk, host, hl7_port, tls=hl7_tls)

    @property
    def hl7_address(self) -> str:
        """Where HL7 v2 messages are taken: ``mllp://host:port``, or ``mllps://``; empty when nowhere."""
        return self.hl7.address if self.hl7 else ""

    @property
    def hl7_summary(self) -> str:
        """What came of HL7, to follow what else was done; empty when none is taken."""
        return f", {self._desk.summary}" if self._desk else ""

    def _served(self, web: Web) -> WebServer:
        from modality.simulated.dicomweb.server import WebServer  # needs an extra
        from modality.simulated.upsrs.application import application

        return WebServer(self, web, lambda transports: application(self, web, transports))

    @property
    def web_address(self) -> str:
        """The root of its UPS-RS service; empty where there is none."""
        return self._web_server.address if self._web_server else ""

    def _open(self) -> None:
        if self._web_server:
            self._web_server.start()
        if self.hl7:
            try:
                self.hl7.start()
            except OSError as error:
                place = f"{self.host}:{self.hl7.port}"
                raise UsageError(f"cannot listen for HL7 on {place}: {error.strerror or error}") from error

    def stop(self) -> None:
        """End associations and threads, when those who are to be told have been, or had a while for it."""
        self._notifier.settle()
        super().stop()

    def _close(self) -> None:
        if self._web_server:
            self._web_server.stop()
        self._notifier.stop()
        if self.hl7:
            self.hl7.stop()

    @property
    def steps(self) -> list[WorklistStep]:
        """The scheduled steps, each with its state."""
        return self._department.steps

    def reschedule(self, change: Callable[[list[WorklistStep]], list[WorklistStep]]) -> None:
        """Put other scheduled steps in the place of those there are, all at once."""
        self._department.reschedule(change)

    @property
    def performed_steps(self) -> dict[str, PerformedStep]:
        """The performed steps by SOP Instance UID, in the order in which they were begun."""
        return self._department.performed

    @property
    def workitems(self) -> dict[str, Dataset]:
        """The workitems of the unified worklist by SOP Instance UID, one for each scheduled step and each pushed."""
        return self._unified.workitems

    @property
    def unified(self) -> UnifiedWorklist:
        """The unified worklist, whichever way it is asked."""
        return self._unified

    def _reaches(self, aet: str) -> bool:
        return any(one.aet == aet for one in self._notify)

    def _send_event(self, aet: str, uid: str, event: int, information: Dataset) -> None:
        """Send an event about a workitem by every way that is there to who watches it."""
        for one in self._notify:
            if one.aet == aet:
                self._notifier.send(Notice(one, UPS_EVENT, UPS_PUSH, uid, event, information))
        if self.channels:
            self.channels.send(aet, uid, event, information)

    def _find(self, event: Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        """Answer a worklist query (PS3.4 K.4.1)."""
        fault = self.listener.apply(event, "find")
        if fault.status:
            yield self._answered(event, "C-FIND", Decision(fault.status, "refused as asked")), None
            return
        try:
            query = event.identifier
            if cast(C_FIND, event.request).AffectedSOPClassUID in UPS_CLASSES:
                for found in self._unified.find(query):
                    yield _PENDING, found
                self._answered(event, "C-FIND", Decision())
                return
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
        unified = cast(N_CREATE, event.request).AffectedSOPClassUID in UPS_CLASSES
        decision = _refusal(fault, assigned)
        if decision is None and cast(N_CREATE, event.request).AffectedSOPClassUID == InstanceAvailabilityNotification:
            decision = availability.judge(event.attribute_list)
            self.available += [event.attribute_list] if decision.accepted else []
            return self._answered(event, "N-CREATE", decision, assigned), None
        if decision is None and unified:
            decision = self._unified.create(assigned, event.attribute_list)
        if decision is None:
            try:
                decision = self._department.create(assigned, event.attribute_list)
            except UNREADABLE as error:
                decision = Decision(INVALID_ATTRIBUTE_VALUE, str(error))
        response = self._answered(event, "N-CREATE", decision, assigned)
        if decision.accepted and not unified:
            self._tell(assigned)
        if uid or not decision.accepted:
            return response, None
        # The SCU left it to us to name the instance (PS3.7 10.1.5.1.4); pynetdicom takes the name from here.
        named = Dataset()
        named.AffectedSOPInstanceUID = assigned
        return response, named

    def _set(self, event: Event) -> tuple[int | Dataset, None]:
        uid = str(cast(N_SET, event.request).RequestedSOPInstanceUID)
        fault = self.listener.apply(event, "set")
        unified = cast(N_SET, event.request).RequestedSOPClassUID in UPS_CLASSES
        decision = _refusal(fault, uid)
        if decision is None and unified:
            decision = self._unified.set(uid, event.modification_list)
        if decision is None:
            try:
                decision = self._department.set(uid, event.modification_list)
            except UNREADABLE as error:
                decision = Decision(INVALID_ATTRIBUTE_VALUE, str(error))
        if decision.accepted and not unified:
            self._tell(uid, updated=True)
        return self._answered(event, "N-SET", decision, uid), None

    def _get(self, event: Event) -> tuple[int | Dataset, Dataset | None]:
        """Answer with a performed step, or those of its attributes that are asked for (PS3.4 F.8.2.1)."""
        uid = str(cast(N_GET, event.request).RequestedSOPInstanceUID)
        fault = self.listener.apply(event, "get")
        if not fault.status and cast(N_GET, event.request).RequestedSOPClassUID in UPS_CLASSES:
            decided, ups = self._unified.get(uid, event.attribute_identifiers)
            return self._answered(event, "N-GET", decided, uid), ups
        step = self._department.performed.get(uid)
        decision = _refusal(fault, uid) or Decision(
            *((NO_SUCH_SOP_INSTANCE, "no performed step of this UID was created") if step is None else (0,))
        )
        if step is None or not decision.accepted:
            return self._answered(event, "N-GET", decision, uid), None
        wanted = event.attribute_identifiers
        found = step.dataset
        if wanted:
            found = Dataset()
            found.update({tag: step.dataset[tag] for tag in wanted if tag in step.dataset})
            if "SpecificCharacterSet" in step.dataset:
                found.SpecificCharacterSet = step.dataset.SpecificCharacterSet
            if any(tag not in step.dataset for tag in wanted):
                decision = Decision(_NOT_SUPPORTED, "not all of these attributes are kept")
        return self._answered(event, "N-GET", decision, uid), found

    def _action(self, event: Event) -> tuple[int | Dataset, None]:
        request = cast(N_ACTION, event.request)
        uid, fault = str(request.RequestedSOPInstanceUID), self.listener.apply(event, "action")
        decision = _refusal(fault, uid) or self._unified.act(
            uid, int(request.ActionTypeID or 0), event.action_information, calling(event)
        )
        return self._answered(event, "N-ACTION", decision, uid), None

    def _tell(self, uid: str, *, updated: bool = False) -> None:
        """Tell whom it concerns that a performed step was begun, changed or ended."""
        state = self._department.performed[uid].state
        event = NOTIFICATIONS["updated" if updated and state == IN_PROGRESS else state]
        for one in self._notify:
            context = ModalityPerformedProcedureStepNotification
            self._notifier.send(Notice(one, context, ModalityPerformedProcedureStep, uid, event))

    def _answered(self, event: Event, service: str, decision: Decision, uid: str = "") -> int | Dataset:
        self.events.write(Happening(service, calling(event), decision.status, uid, decision.comment))
        response = answer(decision.status, decision.comment)
        if isinstance(response, Dataset) and decision.error_id is not None:
            response.ErrorID = decision.error_id
        return response


def _keep_requests_out_of_the_log(event: Event) -> None:
    """Take away pynetdicom's handler that writes each message to the log: it falls over an N-GET of all attributes."""
    event.assoc.unbind(evt.EVT_DIMSE_RECV, standard_dimse_recv_handler)


def _refusal(fault: Fault, uid: str) -> Decision | None:
    """What stands against an operation before its attributes are looked at."""
    if fault.status:
        return Decision(fault.status, "refused as asked")
    # 0117H: the instance UID violates the rules for UIDs (PS3.7 C.5.10); a file is named after it.
    return None if names_a_file(uid) else Decision(0x0117, "the SOP Instance UID is none")
