"""A ring of records in memory taken once: full, it drops the oldest and counts it. Runs on MicroPython."""


class Ring:
    """Records, oldest first.

    Args:
        slots: how many it holds.
        size: bytes of the longest.
    """

    def __init__(self, slots: int, size: int) -> None:
        self._memory = bytearray(slots * size)
        self._lengths = [0] * slots
        self._slots = slots
        self._size = size
        self._first = 0
        self._count = 0
        self.dropped = 0

    def __len__(self) -> int:
        return self._count

    def put(self, record: bytes) -> None:
        """Add the newest.

        Raises:
            ValueError: it is longer than a slot.
        """
        if len(record) > self._size:
            raise ValueError("a record is longer than a slot")
        if self._count == self._slots:
            self._first = (self._first + 1) % self._slots
            self._count -= 1
            self.dropped += 1
        slot = (self._first + self._count) % self._slots
        start = slot * self._size
        self._memory[start : start + len(record)] = record
        self._lengths[slot] = len(record)
        self._count += 1

    def take(self) -> bytes:
        """Remove the oldest.

        Raises:
            IndexError: there is none.
        """
        if self._count == 0:
            raise IndexError("the ring is empty")
        start = self._first * self._size
        record = bytes(self._memory[start : start + self._lengths[self._first]])
        self._first = (self._first + 1) % self._slots
        self._count -= 1
        return record
