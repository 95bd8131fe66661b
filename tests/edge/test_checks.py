"""A mistake in a configuration is named by its line or key, with the nearest name that is valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modality.config import shipped
from modality.edge.checks import load_edge
from modality.edge.config import FILE_KINDS
from modality.edge.describing.describer import READERS
from modality.edge.sources.complete import _ENDS
from modality.errors import ConfigurationError
from modality.registry import DEVICES

GOOD = """\
[edge]
state = "state"

[archive]
address = "dicom://A@127.0.0.1:4242"

[[device]]
name = "bedside"
driver = "nonin-2"
port = "/dev/null"
patient_id = "P1"

[[device]]
name = "papers"
driver = "folder"
path = "inbox"
kind = "pdf"
patient_id = "P1"
"""


def _load(folder: Path, text: str):  # type: ignore[no-untyped-def]
    path = folder / "edge.toml"
    path.write_text(text)
    return load_edge(path)


def test_defaults_and_relative_paths(tmp_path: Path) -> None:
    config = _load(tmp_path, GOOD)
    assert config.edge.state == tmp_path / "state"
    assert config.device[1].path == tmp_path / "inbox"
    assert [one.confirmation for one in config.archives] == ["commitment"]
    web = _load(tmp_path, GOOD.replace("dicom://A@127.0.0.1:4242", "https://pacs/dicom-web"))
    assert [one.confirmation for one in web.archives] == ["query"]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("[archive]", "[archiv]", 4, "archiv: unknown key 'archiv': did you mean 'archive'?"),
        ('address = "dicom', 'adress = "dicom', 5, "archive.adress: unknown key 'adress': did you mean 'address'?"),
        ('port = "/dev/null"', 'prt = "/dev/null"', 10, "device[0].prt: unknown key 'prt': did you mean 'port'?"),
        ('"nonin-2"', '"nonin2"', 9, "device[0].driver: unknown driver 'nonin2': did you mean 'nonin-2'?"),
        ('kind = "pdf"', 'kind = "pfd"', 17, "device[1].kind: unknown kind of file 'pfd': did you mean 'pdf'?"),
        ('"papers"', '"bedside"', 14, "device[1].name: 'bedside': each device needs a name of its own"),
        ("dicom://A@127.0.0.1:4242", "dicom://A@127.0.0.1", 5, "archive.address: dicom:***@127.0.0.1: no port"),
        ("dicom://A@127.0.0.1:4242", "/srv/folder", 5, "archive.address: a folder is no archive"),
        ('state = "state"', 'state = 7', 2, "edge.state: a path is needed here, not an integer (7)"),
        ('state = "state"', 'state = "s"\nretry_s = 0', 3, "edge.retry_s: has to be more than 0, not 0"),
        ('state = "state"', 'state = "s"\naet = "SEVENTEENLETTERSX"', 3, "edge.aet: AE title"),
        ('state = "state"', 'state = "s"\nclock = "autmatic"', 3, "edge.clock: unknown value 'autmatic'"),
        ('"nonin-2"', '"nonin-ascii"', 9, "'nonin-ascii' gives values only: [fhir] is needed"),
        ('"nonin-2"', '"astm"', 9, "'astm' gives values only: [fhir] is needed or report = true"),
        ('kind = "pdf"\npatient_id = "P1"', 'kind = "pdf"', 13, "device[1]: whose is it?"),
        ('kind = "pdf"\n', 'kind = "pdf"\nmatching = "device"\n', 18, "exclude each other"),
        ('kind = "pdf"\npatient_id = "P1"', 'kind = "pdf"\nmatching = "worklist"', 18, '"worklist" needs [worklist]'),
        ('kind = "pdf"\npatient_id = "P1"', 'kind = "pdf"\nmatching = "barcode"', 18, 'driver = "barcode"'),
        ('port = "/dev/null"', 'port = "/dev/null"\nsettings = { avrage = "x" }', 11, "did you mean 'average'?"),
        ('port = "/dev/null"', 'port = "/dev/null"\nparity = "X"', 11, "device[0].parity"),
        ('port = "/dev/null"\n', "", 7, "device[0].port: this key is missing"),
        ('path = "inbox"\n', "", 13, "device[1].path: this key is missing"),
        ('port = "/dev/null"', 'port = "/dev/null"\nbits = 9', 11, "device[0].bits: 9: 7 or 8"),
        ('port = "/dev/null"', 'port = "/dev/null"\nstop = 3', 11, "device[0].stop: 3: 1, 1.5 or 2"),
        ('port = "/dev/null"', 'port = "/dev/null"\nbaud = -9600', 11, "device[0].baud: has to be more than 0"),
        ('port = "/dev/null"', 'port = "/dev/null"\nkind = "ecg"', 11, "device[0].kind: is for dropped files"),
        ('port = "/dev/null"', 'port = "/dev/null"\nchannels = ["Cz"]', 11, "device[0].channels: is for amplifiers"),
        ('port = "/dev/null"', 'port = "/dev/null"\npath = "x"', 11, "device[0].path: is for driver"),
        ('path = "inbox"', 'path = "inbox"\nport = "/dev/x"', 17, "device[1].port: a folder has path"),
        ('port = "/dev/null"', 'port = "/dev/null"\nsegment_s = inf', 11, "device[0].segment_s: has to be more than 0"),
        ('port = "/dev/null"', 'port = "/dev/null"\nmodality = "us"', 11, "device[0].modality: 'us'"),
        ('port = "/dev/null"', 'port = "/dev/null"\npatient_name = "a\\tb"', 11, "device[0].patient_name"),
        ('port = "/dev/null"', 'port = "sokcet://h:1"', 10, "device[0].port: sokcet://h:1: did you mean socket://?"),
        ('port = "/dev/null"', 'port = "socket://h"', 10, "device[0].port: socket://h: no host and port"),
        ('"nonin-2"', '"cyton"\nkind = "egc"', 10, "unknown kind of signal 'egc': did you mean 'eeg'?"),
        ('"nonin-2"', '"cyton"\nchannels = ["Fp1", "fz"]', 10, "unknown electrode 'fz': did you mean 'Fz'?"),
        ('"nonin-2"', '"cyton"\nchannels = ["Fz", "Fz"]', 10, "device[0].channels: 'cyton' has 8 channels"),
        ('patient_id = "P1"', 'patient_id = "  "', 11, "device[0].patient_id: is blank"),
        ('patient_id = "P1"', f'patient_id = "{"x" * 65}"', 11, "at most 64 characters"),
        ('state = "state"', 'state = "s"\nlisten = 70000', 3, "edge.listen: no port: 70000"),
        ('state = "state"', 'state = "s"\nreserve_mb = nan', 3, "edge.reserve_mb: has to be 0 or more, not nan"),
        ('state = "state"', f'state = "s"\ninstitution = "{"x" * 65}"', 3, "edge.institution"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_its_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert said in str(caught.value)
    place = str(caught.value).removeprefix(f"{tmp_path}/edge.toml")
    if "missing" not in said:
        assert place.startswith(f":{line}: "), place


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[[destination]]\nname = "archive"\naddress = "dicom://B@h:1"\n', "destination[0].name: 'archive' is taken"),
        ('[fhir]\naddress = "dicom://B@h:1"\n', "fhir.address: a FHIR server is needed here"),
        ('[worklist]\naddress = "https://ris"\n', "worklist.address: a RIS is asked over DICOM"),
        ("[retention]\ndays = 1e300\n", "retention.days: has to be 0 to 36500"),
        ("[retention]\nmost_mb = -5\n", "retention.most_mb: has to be more than 0"),
        ('[worklist]\naddress = "dicom://R@h:1"\nmodality = "us"\n', "worklist.modality: 'us'"),
        ('[worklist]\naddress = "dicom://R@h:1"\naet = "SEVENTEENLETTERSX"\n', "worklist.aet: AE title"),
        ('[fhir]\nname = "archive"\naddress = "http://h/fhir"\n', "fhir.name: 'archive' is taken by an archive"),
        (
            '[[device]]\nname = "b"\ndriver = "folder"\nkind = "pdf"\npath = "inbox"\npatient_id = "P2"\n',
            "device[2].path",
        ),
        (
            (
                '[fhir]\naddress = "http://h/fhir"\n[[device]]\nname = "lab"\ndriver = "astm"\nport = "socket://h:1"\n'
                'matching = "device"\nloinc = { GLU = "glucose" }\n'
            ),
            "device[2].loinc.GLU: 'glucose': a code of LOINC",
        ),
        ('[[destination]]\nname = "b"\naddress = "https://b/"\nconfirm = "commitment"\n', "has no commitment here"),
    ],
)
def test_a_table_that_does_not_fit_is_named(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _load(tmp_path, GOOD + more)
    assert said in str(caught.value)


@pytest.mark.parametrize("cut", ["[archive]", "[[device]]"])
def test_a_box_needs_a_device_and_a_destination(tmp_path: Path, cut: str) -> None:
    text = GOOD.replace('[archive]\naddress = "dicom://A@127.0.0.1:4242"\n', "") if cut == "[archive]" else GOOD
    text = text[: text.index("[[device]]")] if cut == "[[device]]" else text
    with pytest.raises(ConfigurationError, match=r"nothing to deliver to|no device"):
        _load(tmp_path, text)


@pytest.mark.parametrize(("kind", "said"), [("pdf", "[archive] is needed"), ("gdt", "'gdt' gives values only")])
def test_somebody_takes_what_is_dropped(tmp_path: Path, kind: str, said: str) -> None:
    text = GOOD[: GOOD.index("[[device]]")] + GOOD[GOOD.rindex("[[device]]") :]
    text = text.replace('kind = "pdf"', f'kind = "{kind}"')
    if kind == "pdf":
        text = text.replace('[archive]\naddress = "dicom://A@127.0.0.1:4242"', '[fhir]\naddress = "http://h/fhir"')
    with pytest.raises(ConfigurationError, match=re.escape(said)):
        _load(tmp_path, text)


@pytest.mark.parametrize("name", ["edge_oximeter", "edge_lensmeter", "edge_reports", "edge_analyzer"])
def test_the_shipped_configurations_hold(name: str) -> None:
    assert load_edge(shipped(f"{name}.toml")).device


def test_each_kind_of_file_and_each_device_has_a_reader() -> None:
    assert set(FILE_KINDS) == set(_ENDS)
    assert set(FILE_KINDS) <= set(READERS)
    unread = [name for name in DEVICES.names() if not DEVICES.load(name).streams and name not in READERS]
    assert unread == []
