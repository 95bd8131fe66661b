"""How the box does, in words that a technician understands."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from modality.delivery.outbox.item import Delivery, Item
from modality.edge.events import Event

_SILENT_S = 5.0
_DAMAGED = 0.01  # share of frames; our choice: what a sound cable does not reach
# What the system says of a port or a disk, and what that means to people.
_CAUSES = (
    (r"is gone|No such file|No such device|Input/output error", "cable unplugged"),
    (r"Permission denied", "the box may not open the port (`modality edge install` gives it the right)"),
    (r"busy|exclusively lock", "another program uses the port"),
    (r"refused|No route|timed out|unreachable", "no answer over the network"),
    (r"no room|No space|made safe|read-only", "the disk is full: what comes now is not kept"),
)
_BROKEN = frozenset(("lost", "away", "refused"))
_WHOLE = frozenset(("opened", "back"))


class Said(NamedTuple):
    """A state in words.

    Args:
        tone: "good", "busy", "bad", or "quiet" where there is nothing to see to.
        text: the words.
        detail: what the system itself said, for who repairs it.
    """

    tone: str
    text: str
    detail: str = ""


class Since:
    """Remembers since when something is wrong."""

    def __init__(self) -> None:
        self._began: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def hear(self, event: Event) -> None:
        """Something has happened."""
        with self._lock:
            if event.what in _BROKEN and not event.uid:
                self._began.setdefault(event.where, event.at)
            elif event.what in _WHOLE:
                self._began.pop(event.where, None)

    def __call__(self, where: str, now: datetime) -> str:
        """Since when, in words that follow others; empty where that is not known."""
        began = self._began.get(where)
        return f" since {clock(began, now)}" if began else ""


def clock(moment: datetime, now: datetime, *, seconds: bool = False) -> str:
    """A moment as people say it on that day."""
    time = f"{moment:%H:%M:%S}" if seconds else f"{moment:%H:%M}"
    return time if moment.date() == now.date() else f"{moment:%d %b} {time}"


def lasting(seconds: float) -> str:
    """How long, in the largest unit that fits."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def counted(number: int, what: str) -> str:
    """A number of things."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def person(value: str) -> str:
    """A person's name as people write it, its groups beside each other (PS3.5 6.2.1)."""
    groups = [" ".join(part for part in group.split("^") if part) for group in value.split("=")]
    return " / ".join(group for group in groups if group)


def day(value: str) -> str:
    """A date of DICOM (DA) for people."""
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}" if re.fullmatch(r"\d{8}", value) else value


def device(snapshot: Mapping[str, Any], since: Since, now: datetime, *, streams: bool) -> Said:
    """A device's state.

    Args:
        snapshot: what its source says.
        since: knows since when it is away.
        now: local time.
        streams: it talks all the time.
    """
    problem, last = str(snapshot["problem"]), snapshot["last_good_s"]
    if problem == "not opened yet":
        return Said("quiet", "starting")
    if problem:
        meant = next((words for pattern, words in _CAUSES if re.search(pattern, problem, re.IGNORECASE)), problem)
        return Said("bad", f"{meant}{since(snapshot['name'], now)}", problem if meant != problem else "")
    if snapshot["driver"] == "folder":
        return _folder(snapshot)
    if snapshot["driver"] == "barcode":
        return Said("good", f"last scan {lasting(last)} ago" if last is not None else "ready; nothing scanned yet")
    return _stream(snapshot, now) if streams else _results(snapshot)


def _results(snapshot: Mapping[str, Any]) -> Said:
    """A device that speaks when it has measured."""
    last = snapshot["last_good_s"]
    if last is not None:
        return Said("good", f"ready; last result {lasting(last)} ago")
    return _unread(snapshot) or Said("quiet", "ready; nothing was measured yet")


def _stream(snapshot: Mapping[str, Any], now: datetime) -> Said:
    """A device that talks all the time."""
    last = snapshot["last_good_s"]
    if last is None:
        return _unread(snapshot) or Said("quiet", "connected; nothing has come yet: is it switched on?")
    if last > _SILENT_S:
        at = clock(now - timedelta(seconds=last), now)
        return Said("bad", f"connected, but silent since {at}: is it switched on, and its sensor in place?")
    if snapshot["error_rate"] > _DAMAGED:
        return Said("busy", f"receiving; {snapshot['error_rate']:.0%} of it is damaged: check cable and plugs")
    return Said("good", "receiving")


def _unread(snapshot: Mapping[str, Any]) -> Said | None:
    if snapshot["rejected_frames"] or snapshot["skipped_bytes"]:
        return Said("bad", "sends what cannot be read: are its model and its speed set right?")
    return None


def _folder(snapshot: Mapping[str, Any]) -> Said:
    others = int(snapshot["other_files"])
    if others:
        stay = "stays" if others == 1 else "stay"
        return Said("busy", f"watching; {counted(others, 'file')} of another kind {stay} there")
    if snapshot["waiting_files"]:
        return Said("busy", f"{counted(snapshot['waiting_files'], 'file')} being copied")
    return Said("good", f"watching; {counted(snapshot['captures'], 'file')} taken")


def destination(snapshot: Mapping[str, Any], items: int, since: Since, now: datetime) -> Said:
    """A destination's state.

    Args:
        snapshot: what its worker says.
        items: how many items are not delivered there.
        since: knows since when it is away.
        now: local time.
    """
    behind = f"{counted(items, 'item')}, oldest {lasting(snapshot['oldest_undelivered_s'])}"
    if snapshot["problem"]:
        waiting = f"; {behind}" if items else ""
        again = f"; tried again in {lasting(snapshot['retry_in_s'])}" if snapshot["retry_in_s"] >= 1 else ""
        where = f"waiting for {snapshot['name']}" if items else "no answer"
        return Said("bad", f"{where}{since(snapshot['name'], now)}{waiting}{again}", str(snapshot["problem"]))
    if snapshot["waiting"]:
        return Said("busy", f"sending; {behind}")
    if items:
        return Said("busy", f"stored, waiting for confirmation: {behind}")
    return Said("good", "everything is delivered")


def worklist(snapshot: Mapping[str, Any], since: Since, now: datetime) -> Said:
    """The worklist's state, with its age."""
    asked = datetime.fromisoformat(snapshot["asked"]) if snapshot["asked"] else None
    if asked is None:
        problem = str(snapshot["problem"])
        return Said("bad", "not read yet: the RIS does not answer", problem) if problem else Said("quiet", "being read")
    age = f"read {lasting((now - asked).total_seconds())} ago"
    if not snapshot["problem"]:
        return Said("good", age)
    use = "" if snapshot["usable"] else "; too old to be used"
    return Said("bad", f"the RIS does not answer{since('worklist', now)}; {age}{use}", str(snapshot["problem"]))


def item(one: Item, deliveries: list[Delivery], away: Mapping[str, str]) -> Said:
    """An item's state.

    Args:
        one: it.
        deliveries: of its objects.
        away: words for the destinations that do not answer.
    """
    if one.state in ("ready", "stored"):
        return _on_its_way(one, deliveries, away)
    return {
        "captured": Said("busy", f"safe here; waiting: {one.reason}" if one.reason else "safe here; being prepared"),
        "held": Said("bad", one.reason),
        "dead": Said("bad", one.reason or "no reason given"),
        "discarded": Said("quiet", f"not delivered: {one.reason}"),
        "delivered": Said("good", "delivered and confirmed"),
    }[one.state]


def _on_its_way(one: Item, deliveries: list[Delivery], away: Mapping[str, str]) -> Said:
    still = [each for each in deliveries if each.state == one.state]
    names = list(dict.fromkeys(each.destination for each in still))
    missing = [name for name in names if name in away]
    if missing:
        return Said("busy", f"waiting for {' and '.join(missing)}: no answer{away[missing[0]]}")
    if one.state == "stored":
        return Said("busy", f"stored in {' and '.join(names)}, waiting for confirmation")
    refused = next((each for each in still if each.refusals), None)
    if refused:
        times = counted(refused.refusals, "time")
        return Said("busy", f"refused {times} by {refused.destination}, and tried again: {refused.reason}")
    return Said("busy", f"on its way to {' and '.join(names)}")
