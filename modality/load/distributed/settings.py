"""What Locust's processes are told by the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modality.errors import ConfigurationError, UsageError
from modality.load.scenario import Scenario, load_scenario
from modality.network.address import DicomAddress, WebAddress, ae_title, parse
from modality.network.local import Local, Timeouts
from modality.network.upper_layer.tls import client_context

_PREFIX = "MODALITY_LOAD_"


def locust_path() -> Path:
    """The file that Locust runs."""
    return Path(__file__).parents[1] / "locustfile.py"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the users do.

    Args:
        to: whom they store at.
        name: of the scenario.
        scenario: which exams, and by which law.
        rate: requests a second of one user.
        seed: what pixels, mix and arrivals come from.
        aet: our AE title.
        owned: the environment says that the archive is the user's own.
        report: where the master writes its report; None for none.
        json: where the master writes the account as JSON; None for nowhere.
        tls_ca: PEM file of the certificates that we trust; None for those of the system.
        tls_cert: PEM file of our own certificate, for an archive that asks for one; None for none.
        tls_key: PEM file of its key; None where it stands in the certificate's file.
    """

    to: DicomAddress | WebAddress
    name: str
    scenario: Scenario
    rate: float
    seed: int
    aet: str
    owned: bool
    report: Path | None
    json: Path | None
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None

    def local(self) -> Local:
        """Who calls.

        Raises:
            UsageError: a file of TLS cannot be read, or secures an address that is not secured.
        """
        named = (self.tls_ca, self.tls_cert, self.tls_key)
        secured = self.to.tls if isinstance(self.to, DicomAddress) else self.to.url.lower().startswith("https://")
        if any(named) and not secured:
            raise UsageError(f"{_PREFIX}TLS_...: {self.to} is not secured: give dicoms:// or https://, or leave it out")
        tls = client_context(*named) if any(named) else None
        return Local(self.aet, Timeouts(response_s=self.scenario.timeout_s), tls)


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the environment.

    Raises:
        ConfigurationError: a variable is missing, or holds what it cannot.
        UsageError: the scenario or the address is none, or the address is of a folder.
    """

    def told(name: str, default: str = "") -> str:
        return environment.get(_PREFIX + name, "").strip() or default

    def file(name: str) -> Path | None:
        return Path(told(name)) if told(name) else None

    known = {"TO", "SCENARIO", "RATE", "SEED", "AET", "I_OWN_THIS_ARCHIVE", "REPORT", "JSON"}
    known |= {"TLS_CA", "TLS_CERT", "TLS_KEY"}
    for name in environment:
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in known:
            raise ConfigurationError(f"{name}: unknown; there is {', '.join(_PREFIX + one for one in sorted(known))}")
    name = told("SCENARIO", "steady")
    scenario = load_scenario(name)
    text = told("TO", scenario.target.address)
    if not text:
        raise ConfigurationError(f"{_PREFIX}TO: say which archive: dicom://AET@host:port, or https://host/dicom-web")
    to = parse(text)
    if isinstance(to, Path):
        raise UsageError(f"{_PREFIX}TO: {to} is a folder: a load goes to an archive")
    return Settings(
        to=to,
        name=name,
        scenario=scenario,
        rate=_number("RATE", told("RATE"), scenario.rate),
        seed=int(_number("SEED", told("SEED"), 1.0)),
        aet=ae_title(told("AET", "MODALITY")),
        owned=told("I_OWN_THIS_ARCHIVE").lower() in ("1", "true", "yes"),
        report=file("REPORT"),
        json=file("JSON"),
        tls_ca=file("TLS_CA"),
        tls_cert=file("TLS_CERT"),
        tls_key=file("TLS_KEY"),
    )


def _number(name: str, text: str, default: float) -> float:
    try:
        number = float(text) if text else default
    except ValueError:
        number = 0.0
    if not 0 < number < 1e12:
        raise ConfigurationError(f"{_PREFIX}{name}={text}: a number above 0 is needed")
    return number
