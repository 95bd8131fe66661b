"""A notification connection: what a UPS-RS service tells of workitems, over a WebSocket (PS3.18 8.10.4 and 11.13)."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from pydicom.dataset import Dataset

from modality.errors import (
    HandshakeFailed,
    InvalidResponse,
    MissingExtraError,
    ResponseTimeout,
    UnreachableError,
    WebRefused,
)
from modality.network.address import WebAddress
from modality.network.local import Local
from modality.protocol.matching import UNREADABLE
from modality.protocol.upper_layer.user_information import IdentityType
from modality.protocol.worklist import text


@dataclass(frozen=True, slots=True)
class Event:
    """An event report.

    Args:
        uid: the workitem that it is about.
        kind: Event Type ID (PS3.4 Table CC.2.4-1).
        information: what it says.
    """

    uid: str
    kind: int
    information: Dataset


class Channel:
    """A connection over which our AE title is told of the workitems that it has subscribed to; open at once.

    Args:
        address: the service root.
        local: who calls, and how long is waited for the connection.

    Raises:
        MissingExtraError: websockets is not installed.
        UnreachableError: nobody answers.
        PeerError: the service refused the connection, or did not answer properly.
    """

    def __init__(self, address: WebAddress, local: Local) -> None:
        try:
            from websockets import exceptions
            from websockets.sync.client import connect
        except ModuleNotFoundError:
            raise MissingExtraError("events of UPS-RS", "web") from None
        self._exceptions: Any = exceptions
        self._shown = str(address)
        parts = urlsplit(address.url)
        netloc = parts.netloc.rpartition("@")[2]
        path = f"{parts.path.rstrip('/')}/subscribers/{quote(local.aet, safe='')}"
        secured = parts.scheme.lower() == "https"
        url = urlunsplit(("wss" if secured else "ws", netloc, path, "", ""))
        context = (local.tls or ssl.create_default_context()) if secured else None
        self._open = ExitStack()
        try:
            self._socket = self._open.enter_context(
                connect(
                    url, ssl=context, additional_headers=_credentials(address, local), compression=None,
                    open_timeout=local.timeouts.connect_s,
                )
            )  # fmt: skip
        except ssl.SSLError as error:
            raise HandshakeFailed(f"{self._shown}: no TLS connection: {error}") from error
        except TimeoutError as error:
            raise ResponseTimeout(f"{self._shown}: no answer to the WebSocket handshake in time") from error
        except OSError as error:
            raise UnreachableError(f"{self._shown}: nobody answers; is it running, and the URL right?") from error
        except exceptions.InvalidStatus as error:
            status = error.response.status_code
            raise WebRefused(f"{self._shown}: WebSocket refused with {status}", status=status) from error
        except exceptions.WebSocketException as error:
            raise InvalidResponse(f"{self._shown}: WebSocket: {type(error).__name__}") from None

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, and with it `events`."""
        self._open.close()

    def events(self, timeout_s: float | None = None) -> Iterator[Event]:
        """The events as they come, until the connection ends.

        Args:
            timeout_s: the longest wait for one; without end by default.

        Raises:
            ResponseTimeout: none came in time.
            InvalidResponse: what came is no event report.
        """
        while True:
            try:
                message = self._socket.recv(timeout_s)
            except TimeoutError:
                raise ResponseTimeout(f"{self._shown}: no event in {timeout_s:g} s") from None
            except self._exceptions.ConnectionClosed:
                return
            yield self._event(message)

    def _event(self, message: str | bytes) -> Event:
        try:
            model = json.loads(message)
            # Group 0000 is of the command, which a data set does not hold.
            command = {key: model.pop(key)["Value"][0] for key in ("00001000", "00001002")}
            information = Dataset.from_json({key: one for key, one in model.items() if not key.startswith("0000")})
            return Event(str(command["00001000"]), int(command["00001002"]), information)
        except (*UNREADABLE, RecursionError) as error:
            raise InvalidResponse(f"{self._shown}: what came is no event report (PS3.18 11.13)") from error


def _credentials(address: WebAddress, local: Local) -> dict[str, str]:
    """The Authorization field, as for other requests to the service."""
    parts = urlsplit(address.url)
    name, secret = unquote(parts.username or "").encode(), unquote(parts.password or "").encode()
    if local.user and local.user.type is IdentityType.JWT:
        return {"Authorization": f"Bearer {local.user.primary.decode('ascii')}"}
    if local.user:
        name, secret = local.user.primary, local.user.secondary
    if not (name or secret):
        return {}
    return {"Authorization": f"Basic {base64.b64encode(name + b':' + secret).decode()}"}


def reason_for_cancellation(event: Event) -> str:
    """Why it is asked for, in words, and by whom."""
    why = text(event.information, "ReasonForCancellation")
    who = text(event.information, "RequestingAE")
    return f"{who or 'somebody'} asks for it to be cancelled{f': {why}' if why else ''}"
