"""STOW-RS: what is kept, what is said of it, and that nothing malformed brings the server down."""

from __future__ import annotations

import threading
import time

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset

from modality.simulated.dicomweb.web import Web
from modality.transfer.encode import prepare
from modality.transfer.syntaxes import BY_KEYWORD
from tests.network.conftest import series
from tests.peers.process import wait_until
from tests.simulated.conftest import associate, example
from tests.simulated.dicomweb.conftest import JSON, body, stow
from tests.transfer.datasets import image

MULTIPART = 'multipart/related; type="application/dicom"; boundary=B'


def answer(response: httpx.Response) -> Dataset:
    assert response.headers["Content-Type"].startswith("application/dicom+json")
    return Dataset.from_json(response.json())


def test_dicomweb_client_stores_and_dimse_finds_the_same_bytes(archive, client):
    sent = [example("CT_small.dcm"), example("MR_small_RLE.dcm")]
    response = client.store_instances(sent)
    assert [str(one.ReferencedSOPInstanceUID) for one in response.ReferencedSOPSequence] == [
        str(one.SOPInstanceUID) for one in sent
    ]
    assert "FailedSOPSequence" not in response
    first = response.ReferencedSOPSequence[0]
    uids = sent[0].StudyInstanceUID, sent[0].SeriesInstanceUID, sent[0].SOPInstanceUID
    assert first.RetrieveURL == "{}/studies/{}/series/{}/instances/{}".format(archive.web_address, *uids)
    assert archive.studies == [one.StudyInstanceUID for one in sent]
    for one, kept in zip(sent, archive.instances(), strict=True):
        assert kept.transfer_syntax_uid == one.file_meta.TransferSyntaxUID
        assert dcmread(kept.path).PixelData == one.PixelData
    with associate(archive) as association:
        assert association.send_c_echo().Status == 0x0000


def test_the_file_is_kept_byte_for_byte(archive, http):
    (sent,) = series(1, BY_KEYWORD["RLELossless"])
    file = b"".join(sent.part10("SENDER"))
    assert stow(http, file).status_code == 200
    assert archive.instances()[0].path.read_bytes() == file


def test_one_instance_may_come_without_parts(archive, http):
    (sent,) = series(1)
    response = http.post("/studies", content=b"".join(sent.part10()), headers={"Content-Type": "application/dicom"})
    assert response.status_code == 200
    assert [one.sop_instance_uid for one in archive.instances()] == [sent.sop_instance_uid]


def test_an_instance_of_another_study_than_the_urls_fails_and_the_others_are_kept(archive, http):
    mine, other = series(1)[0], prepare(image(StudyInstanceUID="1.2.9", SOPInstanceUID="1.2.9.9"))
    response = stow(http, mine, other, path="/studies/1.2.3")
    assert response.status_code == 202
    said = answer(response)
    assert [one.ReferencedSOPInstanceUID for one in said.ReferencedSOPSequence] == [mine.sop_instance_uid]
    (failed,) = said.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.9.9", 0xA900)
    assert said.RetrieveURL == f"{archive.web_address}/studies/1.2.3"
    assert archive.studies == ["1.2.3"]


def test_none_kept_is_a_conflict(archive, http):
    response = stow(http, series(1)[0], path="/studies/1.2.4")
    assert response.status_code == 409
    assert archive.studies == []


def test_what_cannot_be_told_is_among_the_other_failures(archive, http):
    good = series(1)[0]
    response = stow(http, b"rubbish", good, b"".join(good.part10())[:300], b"".join(good.buffers()))
    assert response.status_code == 202
    said = answer(response)
    assert [one.FailureReason for one in said.OtherFailuresSequence] == [0xC000] * 3
    assert len(said.ReferencedSOPSequence) == 1
    assert not list((archive.files.folder / "incoming").iterdir())


def test_classes_and_syntaxes_that_it_refuses_over_dimse_it_refuses_here(serve):
    archive = serve("refuse=CTImageStorage", transfer_syntaxes=["1.2.840.10008.1.2.1"])
    with httpx.Client(base_url=archive.web_address, headers=JSON) as http:
        ct = prepare(image(SOPClassUID="1.2.840.10008.5.1.4.1.1.2"))
        rle = prepare(
            image(SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SOPInstanceUID="1.2.3.7"), BY_KEYWORD["RLELossless"]
        )
        odd = prepare(image(SOPClassUID="1.2.3.4.5", SOPInstanceUID="1.2.3.8"))
        reasons = [one.FailureReason for one in answer(stow(http, ct, rle, odd)).FailedSOPSequence]
    assert reasons == [0x0122, 0xC122, 0x0122]


def test_faults_strike_each_instance(serve):
    archive = serve("status=A700,every=3", "coerce=PatientID:X,every=4", "status=B007,times=1")
    with httpx.Client(base_url=archive.web_address, headers=JSON) as http:
        response = stow(http, *series(4))
    assert response.status_code == 202
    said = answer(response)
    (failed,) = said.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, failed.FailureReason) == ("1.2.3.1.2", 0xA700)
    warnings = {one.ReferencedSOPInstanceUID: one.get("WarningReason") for one in said.ReferencedSOPSequence}
    assert warnings == {"1.2.3.1.0": 0xB007, "1.2.3.1.1": None, "1.2.3.1.3": 0xB000}
    assert dcmread(archive.instances()[-1].path).PatientID == "X"
    assert [one.status for one in archive.events.of("STOW-RS")] == [0xB007, 0, 0xA700, 0xB000]


def test_an_instance_that_is_lost_is_answered_as_kept(serve):
    archive = serve("lose")
    with httpx.Client(base_url=archive.web_address, headers=JSON) as http:
        assert stow(http, *series(1)).status_code == 200
    assert archive.instances() == []


@pytest.mark.parametrize("fault", ["abort_after=1", "abort_at_bytes=2000", "silent,on=store"])
def test_a_connection_is_broken_off_or_held(serve, fault):
    archive = serve(fault)
    broken = pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError, httpx.ReadTimeout))
    patience = httpx.Timeout(60.0, read=0.5)
    with httpx.Client(base_url=archive.web_address, headers=JSON, timeout=patience) as http, broken:
        stow(http, *series(3))
    began = time.monotonic()
    archive.stop()
    assert time.monotonic() - began < 30


def test_stop_leaves_no_thread(serve):
    before = threading.active_count()
    archive = serve()
    with httpx.Client(base_url=archive.web_address, headers=JSON) as http:
        assert stow(http, *series(2)).status_code == 200
        archive.stop()
    # Workers of the event loop's thread pool are told to end with it, and nobody waits for them.
    wait_until(lambda: threading.active_count() <= before, "no thread is left")


def test_delay(serve):
    archive = serve("delay_s=0.3,on=store,times=1")
    with httpx.Client(base_url=archive.web_address, headers=JSON) as http:
        began = time.monotonic()
        assert stow(http, *series(2)).status_code == 200
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(
    ("content_type", "content", "status", "why"),
    [
        ("application/json", b"{}", 415, "send multipart/related"),
        ('multipart/related; type="application/dicom+json"; boundary=B', b"", 415, "send multipart/related"),
        ('multipart/related; type="application/dicom"', b"", 400, "without a proper boundary"),
        (MULTIPART, b"", 400, "breaks off before the first part"),
        (MULTIPART, b"--B--\r\n", 400, "no part"),
        (MULTIPART, body(bytes(100))[:-8], 400, "breaks off in a part"),
        (MULTIPART, b"--B\r\nno colon\r\n\r\nx\r\n--B--", 400, "without a colon"),
        (MULTIPART, b"--B\r\n" + b"x" * 70000, 400, "longer than"),
        ("", b"x", 415, "send multipart/related"),
        ("application/dicom", b"rubbish", 409, ""),
    ],
)
def test_what_is_no_store_request_is_refused_with_the_reason(http, content_type, content, status, why):
    headers = {"Content-Type": content_type} if content_type else {}
    response = http.post("/studies", content=content, headers=headers)
    assert (response.status_code, why in response.text) == (status, True)


@given(st.binary(max_size=400), st.integers(0, 4000), st.integers(0, 4000))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_body_damaged_anywhere_is_never_an_error_of_the_server(archive, http, garbage, at, length):
    whole = body(*(b"".join(map(bytes, one.part10())) for one in series(2)))
    damaged = whole[:at] + garbage + whole[at + length :]
    response = http.post("/studies", content=damaged, headers={"Content-Type": MULTIPART})
    assert response.status_code in (200, 202, 400, 409)
    assert not list((archive.files.folder / "incoming").iterdir())


def test_limits(serve):
    size = len(b"".join(map(bytes, series(1)[0].part10())))
    archive = serve(web=Web(largest_part=size, largest_request=4 * size))
    with httpx.Client(base_url=archive.web_address, headers=JSON) as http:
        assert stow(http, *series(5)).status_code == 413
        many = body(*(b"".join(map(bytes, one.part10())) for one in series(5)))
        chunked = http.post("/studies", content=iter([many]), headers={"Content-Type": MULTIPART})
        assert chunked.status_code == 413
        longer = prepare(image(PatientComments="x" * 200, SOPInstanceUID="1.2.3.98"))
        said = answer(stow(http, series(1)[0], longer))
        assert [one.FailureReason for one in said.OtherFailuresSequence] == [0xA700]
        assert len(said.ReferencedSOPSequence) == 1


def test_other_answers_than_data_sets_are_not_acceptable(http):
    headers = {"Content-Type": MULTIPART, "Accept": "text/html"}
    assert http.post("/studies", content=body(b"x"), headers=headers).status_code == 406


def test_the_user_is_who_stored(archive, http):
    stow(http, *series(1))
    (event,) = archive.events.of("STOW-RS")
    assert (event.calling_aet, event.uid, event.status) == ("127.0.0.1", "1.2.3.1.0", 0)
