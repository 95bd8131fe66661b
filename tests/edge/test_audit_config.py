"""[web] and [audit]: a mistake is named by its line, and what would be open to others is refused until it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from modality.edge.auditing.config import AuditConfig, SyslogAddress
from modality.edge.checks import load_edge
from modality.edge.page.password import hashed
from modality.errors import AddressError, ConfigurationError

BOX = """[edge]
state = "state"
[archive]
address = "dicom://A@127.0.0.1:11112"
[[device]]
name = "bed"
driver = "nonin-2"
port = "/dev/ttyUSB0"
patient_id = "P1"
"""
USERS = f'users = {{ ann = "{hashed("correct horse", b"0" * 16)}" }}\n'


def load(folder: Path, text: str) -> object:
    path = folder / "edge.toml"
    path.write_text(BOX + text)
    return load_edge(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[web]\nhost = "0.0.0.0"\n', "edge.toml:11: web.host: 0.0.0.0 is reached from other machines: give [web."),
        (f'[web]\nhost = "0.0.0.0"\n{USERS}', "web.host: 0.0.0.0 is reached from other machines: give certificate"),
        ('[web]\nhost = "pi.local"\n', "pi.local is reached from other machines"),
        ("[web]\nport = 70000\n", "edge.toml:11: web.port: no port: 70000"),
        ('[web.users]\nann = "secret"\n', "edge.toml:11: web.users.ann: is no hash of a password"),
        ('[web]\nkey = "key.pem"\n', "edge.toml:11: web.key: a private key needs its certificate"),
        ('[web]\ncertificate = "none.pem"\n', "none.pem: cannot be read"),
        ("[web]\nprot = 1\n", "did you mean 'port'?"),
        ("[web]\nsession_h = 0\n", "has to be more than 0"),
        ('[audit]\naddress = "syslog-udp://10.0.0.1"\n', "edge.toml:11: audit.address: patients' names would cross"),
        ('[audit]\naddress = "syslog-tcp://127.0.0.1"\n', "give the port"),
        ('[audit]\naddress = "https://x"\n', "give syslog-tls://"),
        ('[audit]\naddress = "syslog-tls://x"\nca = "none.pem"\n', "none.pem: cannot be read"),
        ('[audit]\naddress = "syslog-tls://x"\nplain = true\n', "has no meaning"),
        ('[audit]\naddress = "syslog-udp://127.0.0.1"\nca = "x"\n', "has no TLS"),
        ('[audit]\naddress = "syslog-udp://127.0.0.1"\nqueue = 0\n', "at least 1"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as found:
        load(tmp_path, text)
    assert said in str(found.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[web]\n",
        '[web]\nhost = "::1"\n',
        f'[web]\nhost = "0.0.0.0"\nplain = true\n{USERS}',
        '[audit]\naddress = "syslog-udp://127.0.0.1"\n',
        '[audit]\naddress = "syslog-tcp://10.0.0.1:601"\nplain = true\n',
        '[audit]\naddress = "syslog-tls://audit.example.org"\n',
    ],
)
def test_what_is_right_is_taken(tmp_path: Path, text: str) -> None:
    load(tmp_path, text)


def test_addresses_of_repositories() -> None:
    assert AuditConfig("syslog-tls://audit.example.org").parsed == SyslogAddress("tls", "audit.example.org", 6514)
    assert AuditConfig("syslog-udp://[::1]").parsed == SyslogAddress("udp", "::1", 514)
    assert str(AuditConfig("syslog-tcp://[::1]:601").parsed) == "syslog-tcp://[::1]:601"
    for address in ("", "syslog-tls://", "syslog-tls://h:99999", "syslog-tls://h/path", "syslog-tls://u:p@h", "h:514"):
        with pytest.raises(AddressError):
            AuditConfig(address).parsed  # noqa: B018 - raises


def test_paths_start_at_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=str(tmp_path / "ca.pem")):
        load(tmp_path, '[audit]\naddress = "syslog-tls://x"\nca = "ca.pem"\n')
