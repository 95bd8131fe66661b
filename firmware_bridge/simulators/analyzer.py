"""A simulated laboratory analyzer: the sender of ASTM E1381, with E1394 records of blood counts.

Written from the description of the standards in devices.md of the project's notes: who may send, numbers, sums, timers.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from firmware_bridge.drivers.driver import Event
from firmware_bridge.errors import SettingsError
from firmware_bridge.measurement import measurement
from firmware_bridge.settings import chosen, settings_of
from firmware_bridge.simulators.simulator import Simulated

_SETTINGS: dict[str, Any] = {
    "interval_s": 5.0,  # between two samples
    "frame": 240,  # characters of text in a frame; more goes on behind ETB
    "records": "one",  # "one" record in a frame, or "all" of a message together
    "patients": True,  # P records name somebody
}
_FAULTS = ("bad-checksum", "lost-ack", "repeated")

_ANSWER_S, _BUSY_S, _TRIES = 15.0, 10.0, 6  # the sender waits so long, after NAK to ENQ so long, and tries so often

# test, LOINC code as the manufacturer's second one, unit, lowest and highest of the reference range, digits
_TESTS = (
    ("WBC", "6690-2", "10*3/uL", 4.0, 10.0, 2),
    ("RBC", "789-8", "10*6/uL", 3.8, 5.8, 2),
    ("HGB", "718-7", "g/dL", 12.0, 17.0, 1),
    ("HCT", "4544-3", "%", 36.0, 50.0, 1),
    ("PLT", "777-3", "10*3/uL", 150.0, 400.0, 0),
)
_PEOPLE = (("Smith^Anna", "F"), ("Müller^Jürgen", "M"), ("García^José", "M"), ("Lindqvist^Åsa", "F"))


class Analyzer:
    """Sends one sample's results after the other, each as a session.

    Args:
        seed: of samples and values.
        settings: over the table's.
    """

    def __init__(self, seed: int, settings: Mapping[str, Any]) -> None:
        found = settings_of("astm", settings, _SETTINGS)
        if found["interval_s"] <= 0 or not 10 <= found["frame"] <= 64_000:
            raise SettingsError("astm: interval_s has to be above 0, frame 10 to 64000")
        self._all = chosen("astm", "records", found["records"], ["one", "all"]) == "all"
        self._interval_s, self._longest, self._patients = found["interval_s"], found["frame"], found["patients"]
        self.said: list[Event] = []
        self._random = random.Random(f"astm {seed}")
        self._faults: set[str] = set()
        self._sample = 0
        self._frames: list[bytes] | None = None  # of the session, each without its number; None between sessions
        self._truth: list[Event] = []
        self._at = -1  # which of them is under way; -1 is ENQ
        self._tries = 0
        self._struck: set[tuple[str, int]] = set()  # faults that have struck a frame of this session
        self._left_us = round(self._interval_s * 1e6)  # until something happens by itself

    def advance(self, seconds: float) -> bytes:
        """What is sent in the next `seconds`."""
        sent = b""
        left = round(seconds * 1e6)
        while left >= self._left_us:
            left -= self._left_us
            sent += self._timer()
        self._left_us -= left
        return sent

    def feed(self, data: bytes) -> bytes:
        """What an answer of the host makes it send."""
        sent = b""
        for byte in data:
            if self._frames is not None and byte == 0x06:
                sent += self._acknowledged()
            elif self._frames is not None and byte == 0x15:
                sent += self._refused()
        return sent

    def fault(self, name: str, on: bool) -> None:
        """While it is on, the first sending of each frame has a wrong sum, or its ACK is not heard."""
        (self._faults.add if on else self._faults.discard)(name)

    def _timer(self) -> bytes:
        return self._enquire() if self._frames is None or self._at < 0 else self._again()

    def _enquire(self) -> bytes:
        if self._frames is None:
            self._frames = self._session()
        self._at, self._tries = -1, 0
        self._wait(_ANSWER_S)
        return b"\x05"

    def _acknowledged(self) -> bytes:
        assert self._frames is not None
        if self._at >= 0 and self._strikes("lost-ack"):
            return b""  # the timer sends it again
        if self._at >= 0 and self._strikes("repeated"):
            return self._send()
        self._at, self._tries = self._at + 1, 0
        if self._at < len(self._frames):
            return self._send()
        self.said += self._truth
        self._frames, self._truth = None, []
        self._struck.clear()
        self._wait(self._interval_s)
        return b"\x04"

    def _refused(self) -> bytes:
        if self._at < 0:
            self._wait(_BUSY_S)
            return b""
        return self._again()

    def _again(self) -> bytes:
        """The frame once more; after six times the session is given up and begun again."""
        self._tries += 1
        if self._tries < _TRIES:
            return self._send()
        self._at = -1
        self._wait(_BUSY_S)
        return b"\x04"

    def _send(self) -> bytes:
        assert self._frames is not None
        self._wait(_ANSWER_S)
        body = b"%d" % ((self._at + 1) % 8) + self._frames[self._at]
        total = sum(body) + (1 if self._strikes("bad-checksum") else 0)
        return b"\x02" + body + b"%02X\r\n" % (total % 256)

    def _strikes(self, fault: str) -> bool:
        """Once for each frame."""
        if fault not in self._faults or (fault, self._at) in self._struck:
            return False
        self._struck.add((fault, self._at))
        return True

    def _wait(self, seconds: float) -> None:
        self._left_us = round(seconds * 1e6)

    def _session(self) -> list[bytes]:
        records = [f"{one}\r".encode("latin-1") for one in self._records()]
        frames = []
        for text in [b"".join(records)] if self._all else records:
            pieces = [text[at : at + self._longest] for at in range(0, len(text), self._longest)]
            frames += [piece + b"\x17" for piece in pieces[:-1]] + [pieces[-1] + b"\x03"]
        return frames

    def _records(self) -> list[str]:
        self._sample += 1
        sample, patient = f"S{self._sample:05d}", f"P{self._random.randrange(10_000):04d}"
        name, sex = self._random.choice(_PEOPLE)
        known = (
            {"patient_id": patient, "patient_name": name} if self._patients else {"patient_id": "", "patient_name": ""}
        )
        lines = ["H|\\^&|||SIMULATED^1^0|||||||P|E1394-97|20260101120000"]
        lines.append(f"P|1||{patient}||{name}||19600101|{sex}" if self._patients else "P|1")
        lines.append(f"O|1|{sample}||^^^CBC|R||20260101110000||||N")
        for place, (test, code, unit, low, high, digits) in enumerate(_TESTS, 1):
            value = round(self._random.uniform(low - (high - low) / 4, high + (high - low) / 4), digits)
            flag = "L" if value < low else "H" if value > high else "N"
            shown = f"{value:.{digits}f}"
            lines.append(f"R|{place}|^^^{test}^{code}|{shown}|{unit}|{low} - {high}|{flag}||F||||20260101120000")
            self._truth.append(
                measurement(
                    test, float(shown) if digits else int(shown), unit, sample_id=sample, abnormal_flag=flag, **known
                )
            )
        lines.append(f"C|1|I|slide {sample} reviewed: 10 &F& field&S&s|G")
        return [*lines, "L|1|N"]


ASTM = Simulated(
    name="astm",
    title="Laboratory analyzer that sends blood counts",
    simulator=Analyzer,
    settings=_SETTINGS,
    faults=_FAULTS,
)
