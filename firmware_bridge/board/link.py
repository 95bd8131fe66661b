"""The board's side of its line: credit, what is under way, sending again. Runs on MicroPython; bytes in, bytes out."""

from firmware_bridge.board.ring import Ring
from firmware_bridge.envelope import (
    ACK,
    CREDIT,
    DATA,
    HELLO,
    LOG,
    NAK,
    Channel,
    ahead,
    pack,
    pack_hello,
    unpack,
)
from firmware_bridge.framing import LONGEST, Deframer, frame

UNDER_WAY_MOST = 16  # DATA that is sent and not acknowledged; memory on the board
AGAIN_MS = 1000  # after which the oldest of it is sent again
BEACON_MS = 2000  # between two HELLO while no host has given credit
GONE_MS = 10_000  # of silence, after which a host has no credit any more
LOG_LONGEST = 100


class Link:
    """What the board says, and when it may.

    Data wait in a ring, where the oldest is dropped when it is full; from the first sending on they are held until they
    are acknowledged, so what the host asks for again is always there.

    Args:
        boot: a number drawn at this start.
        channels: list of `Channel`.
        slots: DATA that wait for a host.
    """

    def __init__(self, boot: int, channels: "list[Channel]", slots: int = 64) -> None:
        self._hello = pack_hello(boot, channels)
        self._ring = Ring(slots, LONGEST)
        self._deframer = Deframer()
        self._under_way: list[tuple[int, bytes]] = []  # (seq, message)
        self._unsent = 0  # how many of the last of them have to go out (again)
        self._seq = 0
        self._limit = -1  # `seq` that may not be sent any more; -1 without credit
        self._answers: list[bytes] = []
        self._sent_ms = 0
        self._hello_ms = -BEACON_MS
        self._heard_ms = 0

    @property
    def dropped(self) -> int:
        """DATA that found no room."""
        return self._ring.dropped

    def put(self, t_ms: int, data: bytes) -> None:
        """A DATA payload to be sent."""
        self._ring.put(pack(DATA, 0, t_ms, data))

    def log(self, t_ms: int, line: str) -> None:
        """A line for people, sent at once and only once."""
        if self._limit >= 0:
            self._answers.append(frame(pack(LOG, 0, t_ms, line.encode()[:LOG_LONGEST])))

    def feed(self, data: bytes, now_ms: int) -> None:
        """What the host has said."""
        for payload in self._deframer.feed(data):
            message = unpack(payload) if payload is not None else None
            if message is None:
                continue
            self._heard_ms = now_ms
            if message.type == HELLO:
                self._limit = -1  # a host that has just come has given none
                self._unsent = len(self._under_way)
                self._say_hello(now_ms)
            elif message.type == CREDIT:
                self._limit = message.seq
            elif message.type == ACK:
                self._acknowledged(message.seq)
            elif message.type == NAK:
                self._unsent = sum(1 for seq, _ in self._under_way if ahead(seq, message.seq) >= 0)

    def poll(self, now_ms: int) -> bytes:
        """What to write now."""
        if self._limit >= 0 and now_ms - self._heard_ms >= GONE_MS:
            self._limit = -1
        if self._limit < 0 and now_ms - self._hello_ms >= BEACON_MS:
            self._say_hello(now_ms)
        if self._under_way and not self._unsent and now_ms - self._sent_ms >= AGAIN_MS:
            self._unsent = len(self._under_way)
            self._sent_ms = now_ms
        while self._may_send(self._seq) and len(self._ring) and len(self._under_way) < UNDER_WAY_MOST:
            message = bytearray(self._ring.take())
            message[1] = self._seq
            self._under_way.append((self._seq, bytes(message)))
            self._unsent += 1
            self._seq = (self._seq + 1) & 0xFF
        out = b"".join(self._answers)
        self._answers = []
        while self._unsent and self._may_send(self._under_way[-self._unsent][0]):
            out += frame(self._under_way[-self._unsent][1])
            self._unsent -= 1
            self._sent_ms = now_ms
        return out

    def _may_send(self, seq: int) -> bool:
        return self._limit >= 0 and ahead(self._limit, seq) > 0

    def _acknowledged(self, seq: int) -> None:
        while self._under_way and ahead(seq, self._under_way[0][0]) >= 0:
            self._under_way.pop(0)
        self._unsent = min(self._unsent, len(self._under_way))

    def _say_hello(self, now_ms: int) -> None:
        oldest = self._under_way[0][0] if self._under_way else self._seq
        self._answers.append(frame(pack(HELLO, oldest, now_ms, self._hello)))
        self._hello_ms = now_ms
