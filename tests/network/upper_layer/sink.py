"""An archive that grants an asynchronous operations window, as none at hand does."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, field

from tests.network.scripted import RELEASE_RP, accept, item, message, pdu, response


@dataclass
class Sink:
    """Grants a window, and answers only when as many requests are out as it granted, the last one first.

    Args:
        window: operations granted.
        total: how many requests will come in all.
        answer_at: how many requests it waits for, where that is another number than the window.
    """

    window: int
    total: int
    most: int = 0
    answer_at: int = 0
    refused: set[int] = field(default_factory=set)
    requests: list[bytes] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        """One association."""
        request = bytes(connection.recv(1 << 16, socket.MSG_PEEK))
        self.requests.append(request)
        asked = request.find(b"\x53\0\0\4") >= 0
        accept(connection, user_items=item(0x53, struct.pack(">HH", self.window, 1)) if asked else b"")
        granted = self.answer_at or (self.window if asked else 1)
        out: list[int] = []
        seen = 0
        while True:
            data = pdu(connection)
            if data[:1] != b"\x04":
                break
            if data[11] & 1:
                at = data.index(struct.pack("<HHI", 0, 0x0110, 2))
                out.append(struct.unpack_from("<H", data, at + 8)[0])
            if data[11] & 2 and not data[11] & 1:
                seen += 1
                self.most = max(self.most, len(out))
                if len(out) == granted or seen == self.total:
                    for one in reversed(out):
                        status = 0xA700 if one in self.refused else 0
                        connection.sendall(message(1, response(0x8001, one, status)))
                    out.clear()
        connection.sendall(RELEASE_RP)
