"""Faults from text, and when each strikes."""

from __future__ import annotations

import pytest

from modality.errors import UnknownNameError, UsageError
from modality.simulated.fault_text import RIS_MAIN, RIS_SERVICES
from modality.simulated.faults import Fault, Faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("status=A700,every=10", Fault(status=0xA700, every=10)),
        ("status=0xB000,on=store+find", Fault(status=0xB000, on=("store", "find"))),
        ("coerce=PatientID:NEW+PatientName:A^B", Fault(coerce=(("PatientID", "NEW"), ("PatientName", "A^B")))),
        (
            "coerce=Rows:64,drop=private+PatientID+00091001",
            Fault(coerce=(("Rows", "64"),), drop=("private", "00100020", "00091001")),
        ),
        ("reject=transient,times=2", Fault(reject=(2, 1, 1), times=2)),
        ("known=CT01+MR01", Fault(known=("CT01", "MR01"))),
        ("refuse=RLELossless", Fault(refuse=("1.2.840.10008.1.2.5",))),
        ("refuse=1.2.840.10008.1.2.5", Fault(refuse=("1.2.840.10008.1.2.5",))),
        ("silent,on=set", Fault(silent=True, on=("set",))),
        ("abort-after=3", Fault(abort_after=3)),
        ("abort_at_bytes=1000,delay_s=0.5", Fault(abort_at_bytes=1000, delay_s=0.5)),
    ],
)
def test_a_fault_is_read_from_text(text, fault):
    assert Fault.parse(text) == fault


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("statsu=A700", "did you mean 'status'"),
        ("on=stroe", "did you mean 'store'"),
        ("reject=transiant", "did you mean 'transient'"),
        ("refuse=RLELosless", "did you mean 'RLELossless'"),
        ("coerce=PatientID", "no Keyword:value"),
        ("coerce=Rows:many", "invalid literal"),
        ("coerce=PixelData:x", "value representation OB or OW, which no text"),
        ("drop=PatientIdd", "no keyword, no tag like 00091001"),
        ("drop=0009100G", "invalid literal"),
        ("status", "status needs a value: status=XXXX"),
        ("status=A7000", "four hexadecimal digits"),
        ("every=0", "1 or more"),
        ("delay_s=-1", "0 or more seconds"),
        ("", "unknown key"),
    ],
)
def test_a_fault_that_does_not_read_is_a_usage_error_that_helps(text, message):
    with pytest.raises(UsageError, match=message):
        Fault.parse(text)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"status": "A700"}, "status='A700'"),
        ({"status": 0x10000}, "up to FFFFH"),
        ({"status": 0xA700, "every": 0}, "every=0"),
        ({"status": 0xA700, "every": "10"}, "every='10'"),
        ({"lose": True, "times": -1}, "times=-1"),
        ({"delay_s": -1}, "delay_s=-1"),
    ],
)
def test_a_fault_that_could_never_strike_is_refused_where_it_is_made(values, message):
    with pytest.raises(UsageError, match=message):
        Fault(**values)


def test_an_unknown_key_is_an_unknown_name():
    with pytest.raises(UnknownNameError):
        Fault.parse("statsu=A700")


def statuses(text: str, service: str, count: int) -> list[int | None]:
    faults = Faults([text])
    return [faults.strike(service).status for _ in range(count)]


def test_a_fault_strikes_every_so_many_and_so_often():
    assert statuses("status=A700,every=3", "store", 7) == [None, None, 0xA700, None, None, 0xA700, None]
    assert statuses("status=A700,times=2", "store", 4) == [0xA700, 0xA700, None, None]
    assert statuses("status=A700,on=find", "store", 2) == [None, None]


def test_faults_that_strike_the_same_request_are_laid_together():
    fault = Faults(["status=A700,every=2", "delay_s=0.5"]).strike("store")
    assert (fault.status, fault.delay_s) == (None, 0.5)
    faults = Faults(["status=A700", "delay_s=0.5"])
    assert (faults.strike("store").status, faults.strike("store").delay_s) == (0xA700, 0.5)


def test_a_fault_of_the_answer_strikes_the_main_services_unless_it_names_others():
    assert statuses("status=A700,every=2", "find", 2) == [None, None]
    assert statuses("status=A700,every=2", "store", 2) == [None, 0xA700]
    ris = Faults(["status=0110", "delay_s=1"], RIS_SERVICES, RIS_MAIN)
    assert {one: ris.strike(one).status for one in RIS_SERVICES} == {
        one: 0x0110 if one in RIS_MAIN else None for one in RIS_SERVICES
    }
    assert ris.strike("echo").delay_s == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on=store,silent", "unknown service 'store': there is echo, find, create, set"),
        ("lose", "on=store"),
        ("drop=PatientID,on=create", "on=store"),
    ],
)
def test_a_fault_that_is_not_for_the_peer_is_a_usage_error(text, message):
    with pytest.raises(UsageError, match=message):
        Faults([text], RIS_SERVICES, RIS_MAIN)


def test_only_known_ae_titles_associate():
    faults = Faults(["known=CT01"])
    assert faults.rejection("CT01") is None
    assert faults.rejection("OTHER") == (1, 1, 3)


def test_a_rejection_may_pass():
    faults = Faults(["reject=congestion,times=1"])
    assert [faults.rejection("CT01"), faults.rejection("CT01")] == [(2, 3, 1), None]
