"""A desk over an empty department, and what an answer says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import hl7
import pytest

from modality.simulated.events import EventLog
from modality.simulated.hl7.desk import OrderDesk
from modality.simulated.ris.steps import Department

NOW = datetime.fromisoformat("2026-11-25 09:00:01")
Say = Callable[[str], str]


@pytest.fixture
def department() -> Department:
    return Department([])


@pytest.fixture
def desk(department: Department) -> OrderDesk:
    return OrderDesk(department, clock=lambda: NOW, events=EventLog())


@pytest.fixture
def say(desk: OrderDesk) -> Say:
    """Sends a message; gives "AA", or the code and the condition of a refusal, and its place: "AE 204 ORC-2"."""

    def send(content: str) -> str:
        return outcome(desk.answer(content.encode()))

    return send


def outcome(answer: bytes) -> str:
    """What an answer says, as python-hl7 reads it."""
    ack = hl7.parse(answer.decode("ascii"))
    code = str(ack.segment("MSA")(1))
    if code == "AA":
        return code
    error = ack.segment("ERR")
    if len(error) > 3:  # from 2.5 on
        condition, place = str(error(3)).split("^")[0], str(error(2)).split("^")
    else:
        *place, last = str(error(1)).split("^")
        condition = last.split("&")[0]
    where = "-".join(part for part in (*place[:1], *place[2:]) if part)
    return f"{code} {condition} {where}".strip()
