"""A study goes between peers that share no transfer syntax: big endian only, and little endian only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from modality.transfer.encode import prepare
from tests.peers import dcmtk
from tests.peers.commandline import generated, modality
from tests.peers.fixtures import Factory
from tests.peers.process import HOST
from tests.peers.send.conftest import served_archive
from tests.peers.send.received import by_uid, syntaxes
from tests.transfer.datasets import pixels

pytestmark = pytest.mark.peer

# The sender's profile (storescu's -xb is "propose explicit VR big endian TS only"), the receiver's (one syntax).
BIG_ONLY = """
[[TransferSyntaxes]]
[Big]
TransferSyntax1 = BigEndianExplicit
[[PresentationContexts]]
[Images]
PresentationContext1 = CTImageStorage\\Big
PresentationContext2 = MRImageStorage\\Big
[[Profiles]]
[Only]
PresentationContexts = Images
"""


@pytest.fixture
def study(tmp_path: Path) -> list[Path]:
    """A CT with private elements, words in a sequence, and a name beyond ASCII."""
    made = []
    for path in generated(tmp_path / "study", "ct", "--set", "PatientName=Müller^Jörg"):
        dataset = pydicom.dcmread(path)
        block = dataset.private_block(0x0099, "MODALITY TEST", create=True)
        block.add_new(0x01, "OW", b"\1\2\3\4")
        block.add_new(0x02, "FD", 1.5)
        item = pydicom.Dataset()
        item.RedPaletteColorLookupTableData = b"\5\6\7\x08"
        block.add_new(0x03, "SQ", [item])
        dataset.save_as(path)
        made.append(path)
    return made


def assert_same_study(study: list[Path], received: list[Path]) -> None:
    sent, found = by_uid(study), by_uid(received)
    assert sent.keys() == found.keys()
    for uid, dataset in sent.items():
        assert np.array_equal(dataset.pixel_array, found[uid].pixel_array)


def test_from_a_big_endian_only_sender_to_a_little_endian_only_receiver(
    storescp: Factory, tmp_path: Path, study: list[Path]
) -> None:
    archived = tmp_path / "archived"
    with served_archive(storage=archived) as address:
        host, port = address.rpartition("@")[2].split(":")
        big = tmp_path / "big"
        big.mkdir()
        for path in study:
            dcmtk.run("dcmconv", "+tb", path, big / path.name)
        dcmtk.run("storescu", "-xb", "-aec", "ARCHIVE", host, port, *sorted(big.iterdir()))
        kept = sorted(archived.rglob("*.dcm"))
        assert syntaxes(by_uid(kept)) == {"ExplicitVRBigEndian"}
        with storescp("+xi") as little:
            finished = modality("send", *kept, "--to", little.address, "--json")
            assert (finished.code, finished.document["transcoded"]) == (0, len(study))
            received = little.files()
            assert syntaxes(by_uid(received)) == {"ImplicitVRLittleEndian"}
            assert_same_study(study, received)
            for path in received:
                back = path.with_suffix(".explicit")
                dcmtk.run("dcmconv", "+te", path, back)
                dataset = pydicom.dcmread(back)
                assert dataset.PatientName == "Müller^Jörg"
                # Implicit VR has told nobody what the private elements are: their bytes are what can be seen.
                assert dataset[0x00991001].value == b"\1\2\3\4"
                assert b"\5\6\7\x08" in dataset[0x00991003].value


def test_from_a_little_endian_only_sender_to_a_big_endian_only_receiver(
    storescp: Factory, tmp_path: Path, study: list[Path]
) -> None:
    (tmp_path / "big.cfg").write_text(BIG_ONLY)
    archived = tmp_path / "archived"
    with served_archive(storage=archived) as address, storescp("-xf", str(tmp_path / "big.cfg"), "Only") as big:
        port = address.rpartition(":")[2]
        dcmtk.run("storescu", "-xi", "-aec", "ARCHIVE", HOST, port, *study)
        kept = sorted(archived.rglob("*.dcm"))
        assert syntaxes(by_uid(kept)) == {"ImplicitVRLittleEndian"}
        by_default = modality("send", *kept, "--to", big.address)
        assert (by_default.code, len(by_default.lines)) == (1, 1)
        finished = modality("send", *kept, "--to", big.address, "--propose", "ExplicitVRBigEndian", "--json")
        assert (finished.code, finished.document["transcoded"], finished.lines) == (0, len(study), [])
        assert syntaxes(by_uid(big.files())) == {"ExplicitVRBigEndian"}
        assert_same_study(study, big.files())


def test_samples_of_32_bits_keep_their_value_through_either_byte_order(tmp_path: Path) -> None:
    values = np.array([[1, 70000], [0x01020304, 0xFFFFFFFE]], "u4")
    little, big, back = (tmp_path / name for name in ("little", "big", "back"))
    for folder in (little, big, back):
        folder.mkdir()
    prepare(pixels(values)).write(little / "a.dcm")
    dcmtk.run("dcmconv", "+tb", little / "a.dcm", big / "theirs.dcm")
    assert modality("transcode", big / "theirs.dcm", "-o", back, "--to", "ExplicitVRLittleEndian").code == 0
    (ours,) = back.iterdir()
    assert np.array_equal(pydicom.dcmread(ours).pixel_array, values)
    assert modality("transcode", little, "-o", big, "--to", "ExplicitVRBigEndian").code == 0
    dcmtk.run("dcmconv", "+te", big / ours.name, tmp_path / "theirs.dcm")
    assert np.array_equal(pydicom.dcmread(tmp_path / "theirs.dcm").pixel_array, values)
