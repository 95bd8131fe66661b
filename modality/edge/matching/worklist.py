"""The worklist as it was last answered, kept for the time when the RIS is away."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from modality.edge.clock import BoxClock
from modality.edge.config import WorklistConfig
from modality.edge.events import Events
from modality.errors import ModalityError
from modality.network.address import parse_dicom
from modality.network.local import Local, Timeouts
from modality.protocol.worklist import ScheduledStep, WorklistQuery
from modality.transfer.files import write_whole

_BREAK = timedelta(minutes=15)  # our choice: so long nobody knew the worklist
_TIMEOUTS = Timeouts(connect_s=5.0, association_s=5.0, response_s=20.0)


class Worklist:
    """Asks the RIS again and again, and remembers its last answer across restarts.

    Args:
        config: whom to ask, and for what.
        folder: where the answer is kept.
        aet: the box's AE title.
        clock: the box's.
        events: hears when the RIS goes away and comes back.
    """

    def __init__(self, config: WorklistConfig, folder: Path, aet: str, clock: BoxClock, events: Events) -> None:
        self._config, self._path, self._clock, self._events = config, folder / "worklist.json", clock, events
        self._local = Local(aet, timeouts=_TIMEOUTS)
        self._address = parse_dicom(config.address)
        self._steps: list[ScheduledStep] = []
        self._asked: datetime | None = None
        self._problem = ""
        self.since: datetime | None = None
        """Since when there has been an answer without a break."""
        self.tried = False
        """It was asked once in this run, and has answered or not."""
        self._load()

    def _load(self) -> None:
        """Read what an earlier run left; a damaged file is no answer."""
        from pydicom.dataset import Dataset

        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._steps = [ScheduledStep(Dataset.from_json(item)) for item in kept["items"]]
            self._asked = self.since = datetime.fromisoformat(kept["asked"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            self._events.tell("lost", "worklist", f"{self._path}: cannot be read, and is asked for anew: {error}")

    def run(self, stop: threading.Event) -> None:
        """Ask again and again until told to stop."""
        while not stop.is_set():
            self.ask()
            stop.wait(self._config.poll_s)

    def ask(self) -> None:
        """Ask once; a RIS that does not answer leaves what is known."""
        from modality.network.worklist import query_worklist  # loads pynetdicom

        now = self._clock.wall()
        today = now.date() if self._config.date == "today" else None
        query = WorklistQuery(date=today, modality=self._config.modality, station_aet=self._config.aet)
        try:
            steps = query_worklist(self._address, query, self._local)
        except ModalityError as error:
            if not self._problem:
                self._events.tell("away", "worklist", str(error))
            self._problem, self.tried = str(error), True
            return
        if self._problem:
            self._events.tell("back", "worklist", "the RIS answers again")
        if self._asked is None or (not self._serves(now) and now - self._asked > _BREAK):
            self.since = now
        self._problem, self._steps, self._asked, self.tried = "", steps, now, True
        kept = {"asked": now.isoformat(), "items": [step.item.to_json_dict() for step in steps]}
        try:
            write_whole(self._path, [json.dumps(kept, ensure_ascii=False).encode()], durable=True)
        except ModalityError as error:
            self._events.tell("lost", "worklist", f"not kept for a restart: {error}")

    @property
    def usable(self) -> bool:
        """There is an answer that is not too old; one of an earlier run serves only where there is no newer one."""
        if self._asked is None or not self.tried:
            return False
        return self._serves(self._clock.wall())

    def _serves(self, now: datetime) -> bool:
        """What was answered is still the worklist; yesterday's is not that of today, whatever the hour."""
        if self._asked is None or (self._config.date == "today" and self._asked.date() != now.date()):
            return False
        return not self._problem or now - self._asked < timedelta(hours=self._config.keep_h)

    @property
    def steps(self) -> list[ScheduledStep]:
        """The scheduled steps of the last answer."""
        return self._steps

    def snapshot(self) -> dict[str, Any]:
        """How many steps, when they were asked for, and what is wrong."""
        return {
            "steps": len(self._steps),
            "asked": self._asked.isoformat(timespec="seconds") if self._asked else None,
            "usable": self.usable,
            "problem": self._problem,
        }
