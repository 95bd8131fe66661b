"""Races within an association of pynetdicom's, and their mending: its threads, and who asks something of it.

An association of pynetdicom's has a thread, its reactor, that takes the messages which come. A request stops it at a
checkpoint, to take its response itself, and lets it go on afterwards. Where the reactor is, an association keeps in
`_is_paused`, which is not always true to it:

* pynetdicom looks whether the reactor has come to the checkpoint, not whether it is still there. One that was let go on
  and has not had its turn yet passes once more when the next request is out already. It takes that one's response for a
  message that nobody asked for, and the request waits until its time is over.
* An N-EVENT-REPORT is handled by a thread of its own, which says that the reactor has stopped while it works, and that
  it has not when it is done. A request that comes meanwhile is sent too soon, or waits for ever.

Who asks for an association waits until a connection is made, and then looks whether it stands, which is too late: a
peer that has rejected the association and closed the connection meanwhile is taken for one that could not be reached.

Two threads that send a message at a time mix their fragments, which PS3.8 Annex E.1 does not allow.

And what is to be sent when the association has just ended is dropped. pynetdicom looks for it in its state machine,
finds no transition, and ends the thread that has yet to close the connection, with a traceback on stderr.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty
from typing import Any

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.transport import AddressInformation, AssociationSocket


class Checkpoint:
    """Where the reactor of an association stops: as much of `threading.Event` as pynetdicom uses.

    Whether the reactor has passed is decided in one step with whether it may: once `clear` has returned, an association
    that is paused stays so, and one that is not comes to the checkpoint before it takes anything more.

    Args:
        association: whose reactor; its `_is_paused` is kept true to what the reactor does.
    """

    def __init__(self, association: Association) -> None:
        self._association = association
        self._changed = threading.Condition()
        self._open = True

    def is_set(self) -> bool:
        """The reactor may pass."""
        return self._open

    def set(self) -> None:
        """Let the reactor pass."""
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def clear(self) -> None:
        """Stop the reactor when it comes by."""
        with self._changed:
            self._open = False

    def wait(self, timeout: float | None = None) -> bool:
        """Pass when it is allowed; false when it was not in time."""
        with self._changed:
            passed = self._changed.wait_for(self.is_set, timeout)
            if passed:
                self._association._is_paused = False
        return passed


# What the user of an association asks for (PS3.8 Table 9-10): its acceptance, its rejection, to send data, to release
# it, to answer a release, to abort it.
_ASKED = frozenset(("Evt7", "Evt8", "Evt9", "Evt11", "Evt14", "Evt15"))
# No association, or none any more (PS3.8 Tables 9-1 and 9-5).
_OVER = frozenset(("Sta1", "Sta13"))


class _Truthful(Association):
    """An association that is paused when its own thread, the reactor, says so or has ended, whatever another says."""

    @property
    def _is_paused(self) -> bool:
        return bool(self.__dict__["_is_paused"]) or (self._kill and not self.is_alive())

    @_is_paused.setter
    def _is_paused(self, paused: bool) -> None:
        if threading.current_thread() is self:
            self.__dict__["_is_paused"] = paused


def mend(association: Association) -> None:
    """Mend an association that has not begun yet, and whose DIMSE provider is the one that it keeps."""
    association.__class__ = _Truthful
    association._reactor_checkpoint = Checkpoint(association)  # type: ignore[assignment]
    provider: Any = association.dul
    machine = provider.state_machine
    act = machine.do_action

    def done(event: str) -> None:
        if event in _ASKED and machine.current_state in _OVER:
            with suppress(Empty):  # else it would be asked for again, and nothing be heard of the peer
                provider.to_provider_queue.get(block=False)
            return
        act(event)

    machine.do_action = done

    messages: Any = association.dimse
    send, whole = messages.send_msg, threading.RLock()

    def sent(primitive: Any, context_id: int) -> None:
        with whole:
            send(primitive, context_id)

    messages.send_msg = sent


class Reached(AssociationSocket):
    """A socket that was connected, whether it is still or not: its `socket` is None when it is closed."""

    @property
    def _is_connected(self) -> bool:
        return bool(self.__dict__.get("_is_connected"))

    @_is_connected.setter
    def _is_connected(self, connected: bool) -> None:
        self.__dict__["_is_connected"] = connected or self._is_connected


class Entity(AE):
    """An application entity whose associations are mended: those that it asks for, not those it takes."""

    def _create_socket(self, assoc: Association, address: AddressInformation, tls_args: Any) -> AssociationSocket:
        mend(assoc)
        made = super()._create_socket(assoc, address, tls_args)
        made.__class__ = Reached
        return made
