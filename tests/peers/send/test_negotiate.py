"""`modality negotiate`: what real archives accept and would choose, their manners, and what two have in common."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.uid import AllTransferSyntaxes

from tests.peers.commandline import modality
from tests.peers.fixtures import Factory
from tests.peers.process import HOST
from tests.peers.send.conftest import bare_socket, talk_rubbish

pytestmark = pytest.mark.peer

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"
IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
HTJ2K, BASELINE = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.50"
JPEG_XL = [f"1.2.840.10008.1.2.4.{number}" for number in (110, 111, 112)]
ONLY = ("--sop-class", "CTImageStorage", "--sop-class", MR)


def asked(*arguments: str) -> dict[str, Any]:
    finished = modality("negotiate", *arguments, "--json")
    assert (finished.code, finished.lines) == (0, [])
    return finished.document


def accepted(document: dict[str, Any], sop_class: str = CT) -> set[str]:
    return {
        one["transfer_syntax"] for one in document["matrix"] if one["accepted"] and one["sop_class"] == sop_class
    }  # fmt: skip


def test_a_stock_storescp_takes_three_syntaxes(storescp: Factory) -> None:
    with storescp() as archive:
        found = asked("--to", archive.address, *ONLY)
        shown = modality("negotiate", "--to", archive.address, *ONLY)
    assert set(found) == {"peer", "matrix", "preferred"}
    proposed = {one["transfer_syntax"] for one in found["matrix"]}
    streamed = {uid for uid in AllTransferSyntaxes if uid.startswith("1.2.840.10008.1.2.7.")}
    assert proposed == {*AllTransferSyntaxes, *JPEG_XL} - streamed
    assert len(found["matrix"]) == 2 * len(proposed)
    assert accepted(found) == accepted(found, MR) == {IMPLICIT, EXPLICIT, BIG}
    assert found["preferred"] == {CT: EXPLICIT, MR: EXPLICIT}
    peer = found["peer"]
    assert (peer["max_pdu"], peer["async_window"]) == (16384, [1, 1])
    assert peer["implementation_version"].startswith("OFFIS_DCMTK")
    assert peer["preferred_in_one_context"] == EXPLICIT
    assert peer["over_128"] == "accepted 128 of 129"
    assert peer["illegal"]["unknown abstract syntax"] == "accepted 1 of 2"
    assert peer["illegal"]["no transfer syntax"].startswith("no answer to A-ASSOCIATE within ")
    assert shown.code == 0
    assert "CT Image Storage" in shown.stdout
    assert "0 SOP Classes refused" in shown.stdout


def test_orthanc_refuses_what_it_cannot_decode_and_two_archives_are_compared(
    orthanc: Factory, storescp: Factory
) -> None:
    with orthanc({"MODALITY": (HOST, 104)}) as archive, storescp() as stock:
        found = asked("--to", archive.address, "--to", stock.address, *ONLY)
    assert set(found) == {"peers", "intersection"}
    first, second = found["peers"]
    assert {HTJ2K, *JPEG_XL}.isdisjoint(accepted(first))
    assert BASELINE in accepted(first)
    assert accepted(second) == {IMPLICIT, EXPLICIT, BIG}
    assert set(found["intersection"]["common"][CT]) == {IMPLICIT, EXPLICIT, BIG}
    assert set(found["intersection"]["apart"][CT]["first"]) == accepted(first) - accepted(second)
    assert found["intersection"]["apart"][CT]["second"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--sop-class", "CTImagStorage"), 2, "did you mean 'CTImageStorage'?"),
        (("--to", "dicom://B@127.0.0.1:1", "--to", "dicom://C@127.0.0.1:1"), 2, "one archive, or two to compare"),
        ((), 3, "nobody answers at 127.0.0.1:1"),
    ],
)
def test_what_cannot_be_asked_is_told(arguments: tuple[str, ...], code: int, said: str) -> None:
    finished = modality("negotiate", "--to", "dicom://A@127.0.0.1:1", *arguments)
    assert finished.code == code
    assert said in finished.lines[-1]


def test_a_web_server_is_told_apart() -> None:
    with bare_socket(talk_rubbish) as address:
        finished = modality("negotiate", "--to", address, "--json")
    assert (finished.code, finished.document["error"]["type"]) == (1, "InvalidResponse")
    (line,) = finished.lines
    assert line.startswith(f"Error: {address}: not valid DICOM: ")
    assert line.endswith("it speaks HTTP: is it the port of DICOM?")
