from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modality import config
from modality.errors import ConfigurationError


@dataclass(frozen=True)
class Device:
    name: str
    rate: float = 1.0
    mode: Literal["fast", "slow"] = "fast"


@dataclass(frozen=True)
class Box:
    state: Path
    count: int = 3
    on: bool = False
    when: datetime | date | None = None
    device: tuple[Device, ...] = ()
    extra: dict[str, str] = field(default_factory=dict)
    main: Device | None = None


def read(text: str) -> Box:
    return config.parse(text, Box, source="box.toml")


def test_every_sort_of_value_is_read_into_its_field() -> None:
    box = read(
        'state = "/tmp/x"\ncount = 5\non = true\nwhen = 2026-11-24T10:00:00\n[extra]\na = "b"\n'
        '[main]\nname = "m"\n[[device]]\nname = "one"\nrate = 2\n[[device]]\nname = "two"\nmode = "slow"\n'
    )
    assert box == Box(
        Path("/tmp/x"), 5, True, datetime(2026, 11, 24, 10), (Device("one", 2.0), Device("two", mode="slow")),
        {"a": "b"}, Device("m"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('state = "x"\ncuont = 5', "box.toml:2: cuont: unknown key 'cuont': did you mean 'count'?"),
        ('state = "x"\ncount = "5"', "box.toml:2: count: an integer is needed here, not a string (5)"),
        ('state = "x"\ncount = true', "box.toml:2: count: an integer is needed here, not true or false (True)"),
        ('state = "x"\non = 1', "box.toml:2: on: true or false is needed here, not an integer (1)"),
        ("count = 5", "box.toml: state: this key is missing"),
        (
            'state = "x"\n[[device]]\nname = "a"\n[[device]]\nnmae = "b"',
            "device[1].nmae: unknown key 'nmae': did you mean 'name'?",
        ),
        (
            'state = "x"\n[[device]]\nname = "a"\nmode = "fsat"',
            "box.toml:4: device[0].mode: unknown value 'fsat': did you mean 'fast'?",
        ),
        ('state = "x"\ndevice = 3', "device: a list is needed here"),
        ('state = "x"\nextra = 3', "extra: a table is needed here"),
        ('state = "x"\nmain = 3', "main: a table is needed here"),
        ("state = ", "box.toml: Invalid value"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_file_line_and_key(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read"):
        config.load(tmp_path / "nowhere.toml", Box)


def test_a_shipped_configuration_is_found_and_an_unknown_one_is_not() -> None:
    assert config.shipped("worklist.toml").is_file()
    with pytest.raises(ConfigurationError):
        config.shipped("nothing.toml")


toml = st.recursive(
    st.one_of(st.booleans(), st.integers(-9, 9), st.sampled_from(['"x"', "1.5", "2026-11-24"])),
    lambda inner: st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(map(_toml, items))}]"),
    max_leaves=4,
)


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@given(st.dictionaries(st.sampled_from(["state", "count", "on", "when", "device", "extra", "main", "other"]), toml))
def test_any_toml_is_read_or_refused_with_a_configuration_error(table: dict[str, Any]) -> None:
    text = "\n".join(f"{key} = {_toml(value)}" for key, value in table.items())
    try:
        assert isinstance(read(text), Box)
    except ConfigurationError:
        pass
