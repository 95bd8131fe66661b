"""What tells this box from every other in the UIDs that it makes."""

from __future__ import annotations

from modality.delivery.outbox.outbox import Outbox

_FACT = "seed"


def seed(outbox: Outbox) -> str:
    """The box's own, made at its first start and remembered with its outbox."""
    from modality.identity import fresh_uid

    return outbox.fact(_FACT) or outbox.remember(_FACT, fresh_uid())
