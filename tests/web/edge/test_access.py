"""Sessions and passwords: who is let in, for how long, and how often it may be tried."""

from __future__ import annotations

import pytest

from modality.edge.page.config import WebConfig
from modality.edge.page.password import fits, hashed, problem
from modality.errors import UsageError
from modality.web.edge.access import Access, TooOften, basic

KEPT = hashed("correct horse", b"0" * 16)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_hash_fits_its_password_alone_and_is_salted() -> None:
    assert fits("correct horse", KEPT)
    assert not fits("correct horsf", KEPT)
    assert hashed("correct horse") != hashed("correct horse")
    assert "correct" not in KEPT
    with pytest.raises(UsageError, match="8 characters"):
        hashed("short")


@pytest.mark.parametrize(
    "kept",
    ["", "secret", "scrypt$1$2$3", KEPT[:-3], KEPT.replace("16384", "999999999"), KEPT.replace("16384", "16383"),
     KEPT.replace("scrypt", "plain"), KEPT.replace("$8$", "$-8$")],
)  # fmt: skip
def test_what_is_no_hash_lets_nobody_in(kept: str) -> None:
    assert problem(kept)
    assert not fits("correct horse", kept)


def test_a_session_ends_by_itself_and_by_hand() -> None:
    clock = Clock()
    access = Access(WebConfig(users={"ann": KEPT}, session_h=1.0), clock)
    first, second = (access.sign_in("ann", "correct horse", "a") for _ in range(2))
    assert first
    assert second
    assert first != second
    assert access.user(first) == "ann"
    access.sign_out(first)
    assert (access.user(first), access.user(second)) == (None, "ann")
    clock.now = 3601.0
    assert access.user(second) is None
    assert access.user("") is None


def test_after_five_wrong_passwords_an_address_waits_a_minute() -> None:
    clock = Clock()
    access = Access(WebConfig(users={"ann": KEPT}), clock)
    for _ in range(5):
        assert access.sign_in("ann", "wrong one", "a") is None
    with pytest.raises(TooOften):
        access.sign_in("ann", "correct horse", "a")
    assert access.sign_in("ann", "correct horse", "b")
    clock.now = 61.0
    assert access.sign_in("ann", "correct horse", "a")


def test_sessions_do_not_grow_without_end() -> None:
    access = Access(WebConfig(users={"ann": KEPT}))
    access.check = lambda *_: True  # type: ignore[method-assign]
    tokens = [access.sign_in("ann", "", "a") for _ in range(101)]
    assert access.user(str(tokens[0])) is None
    assert access.user(str(tokens[1])) == access.user(str(tokens[-1])) == "ann"


def test_basic_authentication_is_read() -> None:
    assert basic("Basic YW5uOmE6Yg==") == ("ann", "a:b")
    assert [basic(one) for one in ("", "Bearer x", "Basic !", "Basic YW5u", "Basic /w==")] == [None] * 5
