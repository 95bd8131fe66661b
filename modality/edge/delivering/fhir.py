"""Observations to a FHIR server: each capture one transaction, whose answer is the confirmation."""

from __future__ import annotations

import json
import ssl

from modality.delivery.outbox.deliveries import Deliveries
from modality.delivery.outbox.item import Delivery
from modality.edge.config import BoxConfig, FhirConfig
from modality.edge.delivering.worker import Worker
from modality.edge.events import Events
from modality.errors import InputError, UsageError, WebRefused
from modality.network.address import WebAddress
from modality.network.fhir import FhirClient
from modality.network.local import Local, Timeouts

_TIMEOUTS = Timeouts(connect_s=5.0, association_s=5.0, response_s=30.0)
_AT_ONCE = 32
# What a server says of the content, and would say again (hl7.org/fhir/R4/http.html#create).
_OF_THE_CONTENT = (400, 409, 410, 412, 413, 415, 422)


class FhirWorker(Worker):
    """Delivers to one FHIR server.

    Args:
        config: the server's.
        box: the box's.
        deliveries: what is due.
        events: hears what becomes of it.
    """

    def __init__(self, config: FhirConfig, box: BoxConfig, deliveries: Deliveries, events: Events) -> None:
        super().__init__(config.name, box, deliveries, events)
        # Without TLS no certificates of authorities are needed, which take megabytes.
        tls = None if config.address.lower().startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = FhirClient(WebAddress(config.address), Local(box.aet, timeouts=_TIMEOUTS, tls=tls))

    def deliver(self) -> bool:
        """Send what is due, one after the other.

        Raises:
            ModalityError: the server cannot be used now.
        """
        due = self.due(_AT_ONCE)
        for delivery in due:
            self._send(delivery)
        return len(due) == _AT_ONCE

    def _send(self, delivery: Delivery) -> None:
        try:
            bundle = json.loads(delivery.path.read_bytes())
        except (OSError, ValueError) as error:
            self.lost(delivery, str(InputError(f"{delivery.path}: cannot be read: {error}")))
            return
        try:
            self._client.transaction(bundle)
        except WebRefused as error:
            if error.status not in _OF_THE_CONTENT:
                raise  # the server, its address or our right to it: not this object's fault
            self.refused(delivery, str(error))
        except UsageError as error:
            self.lost(delivery, str(error))
        else:
            self._deliveries.confirmed(self.name, [delivery.uid], "answer")
            self._events.tell("delivered", self.name, "confirmed: answer", uid=delivery.item_uid)
