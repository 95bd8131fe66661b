"""What stands beside a running box where the configuration wants it: the page, and the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modality.edge.gateway import Gateway


@contextmanager
def companions(gateway: Gateway) -> Iterator[None]:
    """Start them before the box, and end them after it.

    Args:
        gateway: the box; not started yet.

    Raises:
        MissingExtraError: the page is wanted, and what serves it is not installed.
        UsageError: its certificate cannot be used.
    """
    config = gateway.config
    with ExitStack() as stack:
        snapshot = None
        if config.audit:
            from modality.edge.auditing.subjects import Subjects
            from modality.edge.auditing.trail import Trail

            subjects = Subjects(gateway.outbox, lambda: gateway.worklist.steps if gateway.worklist else ())
            trail = Trail(config.audit, config, subjects, gateway.events)
            trail.start()
            stack.callback(trail.close)
            snapshot = trail.snapshot
        if config.web:
            from modality.web.edge.server import PageServer  # loads the web server

            server = PageServer(gateway, config.web, snapshot)
            server.start()
            stack.callback(server.stop)
        yield
