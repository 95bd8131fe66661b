"""Notification connections: events about workitems sent over WebSockets (PS3.18 8.10.4, 8.10.5 and 11.13)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from itertools import count

from pydicom.dataset import Dataset
from starlette.websockets import WebSocket, WebSocketDisconnect

from modality.protocol.models.as_json import json_model
from modality.protocol.ups.workitem import UPS_PUSH

_LARGEST_QUEUE = 1000  # our choice: who does not read so many events is cut off


class Channels:
    """The connections that are open, by the AE title that is told over each; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[str | None]]]] = {}
        self._numbers = count(1)

    def send(self, aet: str, uid: str, event: int, information: Dataset) -> None:
        """Tell an AE title of an event, on each of its connections; lost where it has none (PS3.18 8.10.5)."""
        report = json.dumps(_report(next(self._numbers) % 0x10000, uid, event, information), ensure_ascii=False)
        with self._lock:
            connections = list(self._open.get(aet, ()))
        for loop, queue in connections:
            with contextlib.suppress(RuntimeError):  # its server is gone
                loop.call_soon_threadsafe(_put, queue, report)

    async def serve(self, socket: WebSocket) -> None:
        """Hold a connection open until the other side ends it."""
        aet = str(socket.path_params["aet"])
        mine = (asyncio.get_running_loop(), asyncio.Queue[str | None](_LARGEST_QUEUE))
        with self._lock:  # before it is accepted: nothing is lost from the moment that the other side knows of it
            self._open.setdefault(aet, []).append(mine)
        sending = asyncio.create_task(_send(socket, mine[1]))
        try:
            await socket.accept()
            mine[1].put_nowait("")  # sending may begin
            while True:
                await socket.receive()
        except (WebSocketDisconnect, RuntimeError):  # the latter: it was ended before
            pass
        finally:
            sending.cancel()
            with self._lock:
                self._open[aet].remove(mine)


def _put(queue: asyncio.Queue[str | None], report: str) -> None:
    try:
        queue.put_nowait(report)
    except asyncio.QueueFull:
        queue.get_nowait()
        queue.put_nowait(None)


async def _send(socket: WebSocket, queue: asyncio.Queue[str | None]) -> None:
    waiting = []
    while (first := await queue.get()) != "":
        waiting.append(first)
    for report in waiting:
        await socket.send_text(report or "")
    while (report := await queue.get()) is not None:
        await socket.send_text(report)
    await socket.close(1008, "events are not read")


def _report(number: int, uid: str, event: int, information: Dataset) -> dict[str, object]:
    """An event report (PS3.18 11.13): the command's elements and the event's information in one data set."""
    command = {
        "00000002": {"vr": "UI", "Value": [UPS_PUSH]},
        "00000110": {"vr": "US", "Value": [number]},
        "00001000": {"vr": "UI", "Value": [uid]},
        "00001002": {"vr": "US", "Value": [event]},
    }
    return {**command, **json_model(information)}
