"""Who is let in: a name and a password once, then a session of which the browser holds a random token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from modality.edge.page.config import WebConfig
from modality.edge.page.password import fits, hashed

_MOST_SESSIONS, _MOST_ADDRESSES = 100, 1000
# Our choice: after so many wrong passwords from one address within a while nobody from there may try again for as long.
_TRIES, _WHILE_S = 5, 60.0
_LONGEST = 256  # characters of a name or password that are looked at
_NOBODY = hashed(secrets.token_urlsafe(16))  # compared with where there is no such user, so that it takes as long


class TooOften(Exception):
    """Wrong passwords came too often from an address."""


class Access:
    """Lets people in.

    Args:
        web: who may.
        clock: seconds that go on.
    """

    def __init__(self, web: WebConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._web, self._clock = web, clock
        self._sessions: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()
        self._hashing = threading.Lock()
        self.cookie = "modality-edge"

    @property
    def required(self) -> bool:
        """A login is."""
        return bool(self._web.users)

    def sign_in(self, name: str, password: str, address: str) -> str | None:
        """The token of a new session; None where name or password is wrong.

        Args:
            name: the user's.
            password: the user's.
            address: from where.

        Raises:
            TooOften: wrong ones came too often from there.
        """
        if not self.check(name, password, address):
            return None
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[_digest(token)] = (name, self._clock() + self._web.session_h * 3600)
            while len(self._sessions) > _MOST_SESSIONS:
                self._sessions.popitem(last=False)
        return token

    def check(self, name: str, password: str, address: str) -> bool:
        """Whether name and password belong together.

        Raises:
            TooOften: wrong ones came too often from there.
        """
        with self._hashing:  # one at a time: each takes memory and a core
            self._refuse_the_hasty(address)
            known = self._web.users.get(name)
            right = fits(password[:_LONGEST], known or _NOBODY) and known is not None and len(password) <= _LONGEST
            with self._lock:
                if right:
                    self._wrong.pop(address, None)
                else:
                    self._wrong.setdefault(address, deque(maxlen=_TRIES)).append(self._clock())
                    while len(self._wrong) > _MOST_ADDRESSES:
                        self._wrong.popitem(last=False)
        return right

    def _refuse_the_hasty(self, address: str) -> None:
        with self._lock:
            times = self._wrong.get(address)
            if times and len(times) == _TRIES and self._clock() - times[0] < _WHILE_S:
                raise TooOften

    def user(self, token: str) -> str | None:
        """Whose session it is; None for none."""
        with self._lock:
            found = self._sessions.get(_digest(token)) if token else None
            if found and found[1] <= self._clock():
                del self._sessions[_digest(token)]
                found = None
        return found[0] if found else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(_digest(token), None)


def basic(authorization: str) -> tuple[str, str] | None:
    """Name and password of an Authorization field (RFC 7617); None where it is none."""
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (name, password) if colon else None


def _digest(token: str) -> bytes:
    """Sessions are kept by a digest: looking one up tells by its time nothing of the tokens."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
