"""Passwords as the configuration keeps them: a salted hash, which tells nobody the password."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from modality.errors import UsageError

_SCHEME = "scrypt"
# RFC 7914; 16 MB and some 50 ms on a small box. Our choice: more would make signing in slow on a Raspberry Pi.
_COST, _BLOCK, _PARALLEL = 2**14, 8, 1
_MOST_COST, _MOST_BLOCK, _MOST_PARALLEL = 2**16, 16, 4
_SALT, _LENGTH = 16, 32
_MOST_MEMORY = 192 << 20
SHORTEST = 8
"""Characters of a password, at least."""


def hashed(password: str, salt: bytes | None = None) -> str:
    """What [web.users] holds for a password: ``scrypt$COST$BLOCK$PARALLEL$SALT$HASH``.

    Args:
        password: the password.
        salt: 16 bytes; drawn by default.

    Raises:
        UsageError: it is too short.
    """
    if len(password) < SHORTEST:
        raise UsageError(f"a password has at least {SHORTEST} characters")
    salt = secrets.token_bytes(_SALT) if salt is None else salt
    made = _derived(password, salt, _COST, _BLOCK, _PARALLEL)
    return "$".join((_SCHEME, str(_COST), str(_BLOCK), str(_PARALLEL), _text(salt), _text(made)))


def problem(kept: str) -> str:
    """What is wrong with a hash, in words; empty when nothing is."""
    return "" if _parsed(kept) else "is no hash of a password: make one with `modality edge password`"


def fits(password: str, kept: str) -> bool:
    """Whether a password is the one that was hashed, compared in constant time."""
    parsed = _parsed(kept)
    if parsed is None:
        return False
    cost, block, parallel, salt, known = parsed
    return hmac.compare_digest(_derived(password, salt, cost, block, parallel), known)


def _parsed(kept: str) -> tuple[int, int, int, bytes, bytes] | None:
    parts = kept.split("$")
    if len(parts) != 6 or parts[0] != _SCHEME or not all(part.isascii() and part.isdigit() for part in parts[1:4]):
        return None
    cost, block, parallel = (int(part) for part in parts[1:4])
    try:
        salt, known = (base64.b64decode(part, validate=True) for part in parts[4:])
    except (binascii.Error, ValueError):
        return None
    sane = 2 <= cost <= _MOST_COST and not cost & (cost - 1) and 1 <= block <= _MOST_BLOCK
    if not (sane and 1 <= parallel <= _MOST_PARALLEL and len(salt) >= 8 and len(known) == _LENGTH):
        return None
    return cost, block, parallel, salt, known


def _derived(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    given = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(given, salt=salt, n=cost, r=block, p=parallel, maxmem=_MOST_MEMORY, dklen=_LENGTH)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
