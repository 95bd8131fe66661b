"""Who and when: UIDs by role, patients and times, all drawn from a seed so that one seed gives one study.

A UID is ``2.25.`` and a 128-bit number (PS3.5 B.2), here the head of a SHA-256 over seed, scope and role. The numbers
are kept in the range that prints with 39 digits: every UID has 44 characters, so one can take another's place in an
encoded data set without moving a byte.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

_SMALLEST_39_DIGITS = 10**38
_NUMBERS_OF_39_DIGITS = 2**128 - _SMALLEST_39_DIGITS

Clock = Callable[[], datetime]
"""Gives the local time; naive, as DICOM's DA and TM are."""


def system_clock() -> datetime:
    """The machine's local time, to the millisecond."""
    now = datetime.now().astimezone().replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def fresh_seed() -> int:
    """A seed nobody has used: for runs that were not given one."""
    import secrets

    return secrets.randbits(48)


def _digest(*parts: object) -> int:
    import hashlib  # loads OpenSSL, which a plain send does without

    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")


def uid(*parts: object) -> str:
    """A UID of 44 characters that depends on nothing but `parts`."""
    return f"2.25.{_SMALLEST_39_DIGITS + _digest(*parts) % _NUMBERS_OF_39_DIGITS}"


def fresh_uid() -> str:
    """A UID that no seed gives: for transactions, and whatever must be new each time."""
    import secrets

    return uid("fresh", secrets.token_hex(16))


@dataclass(frozen=True, slots=True)
class Identity:
    """UIDs of one piece of work, by role.

    Args:
        seed: the run's seed.
        scope: what else sets this work apart: the kind, the options that change its content.
    """

    seed: int
    scope: tuple[str, ...] = ()

    def uid(self, role: str, *index: int) -> str:
        """The UID of `role` ("study", "series", "instance", ...), and of one of many by its index."""
        return uid(self.seed, *self.scope, role, *index)

    def number(self, role: str, below: int) -> int:
        """A number in [0, below) drawn from seed, scope and role."""
        return _digest(self.seed, *self.scope, "number", role) % below

    def within(self, *scope: str) -> Identity:
        """The same seed in a narrower scope."""
        return Identity(self.seed, (*self.scope, *scope))


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom the study is of (PS3.3 C.7.1.1, C.7.2.2); an empty value is one that is not known.

    Args:
        patient_id: Patient ID.
        name: Patient's Name, components by ``^``, component groups by ``=`` (PS3.5 6.2.1).
        birth_date: Patient's Birth Date, YYYYMMDD.
        sex: M, F, O or empty.
        character_set: Specific Character Set in which the name can be written.
        issuer: Issuer of Patient ID.
        size_m: Patient's Size.
        weight_kg: Patient's Weight.
    """

    patient_id: str
    name: str
    birth_date: str = ""
    sex: str = ""
    character_set: str = "ISO_IR 192"
    issuer: str = ""
    size_m: float | None = None
    weight_kg: float | None = None

    def age_on(self, day: date) -> str:
        """Patient's Age as an AS value (PS3.5 6.2): days, weeks, months or years; empty when it cannot be told."""
        try:
            born = datetime.strptime(self.birth_date, "%Y%m%d").date()  # noqa: DTZ007 - a date has no time zone
        except ValueError:
            return ""
        days = (day - born).days
        years = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
        if days < 0 or years > 999:
            return ""
        if days < 28:
            return f"{days:03d}D"
        if months < 3:
            return f"{days // 7:03d}W"
        return f"{months:03d}M" if years < 2 else f"{years:03d}Y"


# Names as people write them, each with a character set of PS3.3 C.12.1.1.2 that holds it. The Japanese and Korean ones
# are PS3.5's own examples (annexes H.3 and I.2).
_NAMES: tuple[tuple[str, str, str], ...] = (
    ("Okafor^Grace", "F", "ISO_IR 192"),
    ("Müller^Jörg^^Dr.", "M", "ISO_IR 100"),
    ("Ångström^Åsa", "F", "ISO_IR 100"),
    ("Yamada^Tarou=山田^太郎=やまだ^たろう", "M", "ISO_IR 192"),
    ("Hong^Gildong=洪^吉洞=홍^길동", "M", "ISO_IR 192"),
    ("Люкceмбypг^Роза", "F", "ISO_IR 144"),
    ("Διονυσίου^Ελένη", "F", "ISO_IR 126"),
    ("Nguyễn^Thị Hoa", "F", "ISO_IR 192"),
    ("Wójcik^Łukasz", "M", "ISO_IR 101"),
    ("da Silva^João^Maria", "M", "ISO_IR 100"),
    ("Smith^Mary^Anne", "F", "ISO_IR 192"),
    ("قباني^لنزار", "M", "ISO_IR 127"),
    ("שרון^דבורה", "F", "ISO_IR 138"),
    ("Wang^XiaoDong=王^小东", "M", "ISO_IR 192"),
    ("Çelik^Gülşen", "F", "ISO_IR 148"),
    ("O'Brien^Seán", "M", "ISO_IR 100"),
)


def patient(seed: int, of_sex: Literal["", "F", "M"] = "") -> Patient:
    """The patient of a seed: the same for every kind of study made from it, as far as the kind may be of that one.

    Args:
        seed: what all is drawn from.
        of_sex: the only Patient's Sex that will do; where the seed's patient is of another, somebody else is drawn,
            with an ID and a name of their own. Empty for any.
    """
    who, known_as = Identity(seed), "patient"
    name, sex, character_set = _NAMES[who.number("name", len(_NAMES))]
    if of_sex and of_sex != sex:
        known_as = f"patient {of_sex}"
        names = [one for one in _NAMES if one[1] == of_sex]
        name, sex, character_set = names[who.number(f"name {of_sex}", len(names))]
    born = date(1932, 1, 1) + timedelta(days=who.number("birth", 365 * 72))
    size_m = 1.50 + who.number("size", 45) / 100
    body_mass_index = 19 + who.number("mass", 140) / 10
    return Patient(
        patient_id=f"SIM{_digest(seed, known_as) % 10**9:09d}",
        name=name,
        birth_date=f"{born:%Y%m%d}",
        sex=sex,
        character_set=character_set,
        issuer="MODALITY",
        size_m=round(size_m, 2),
        weight_kg=round(body_mass_index * size_m * size_m, 1),
    )


def time_of(seed: int) -> datetime:
    """When the study of a seed was made: a working hour in the years 2015 to 2024."""
    who = Identity(seed)
    day = datetime(2015, 1, 1) + timedelta(days=who.number("day", 3650))  # noqa: DTZ001 - local time, as DICOM has it
    return day + timedelta(seconds=7 * 3600 + who.number("second", 11 * 3600))


def clock_of(seed: int) -> Clock:
    """A clock that stands at the seed's own time."""
    moment = time_of(seed)
    return lambda: moment
