"""WADO-RS: instances, metadata, bulk data and frames, as they are accepted."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from modality.transfer.encode import prepare
from modality.transfer.pixels import pixel_format
from modality.transfer.syntaxes import BY_KEYWORD, BY_UID
from tests.network.conftest import series
from tests.simulated.conftest import example
from tests.simulated.dicomweb.conftest import parts, stow
from tests.transfer.datasets import image, pixels

LITTLE, HTJ2K, J2K, JLS = (
    BY_KEYWORD[name].uid for name in ("ExplicitVRLittleEndian", "HTJ2KLossless", "JPEG2000Lossless", "JPEGLSLossless")
)
INSTANCE = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.4"
RAMP = (np.arange(3 * 16 * 16).reshape(3, 16, 16) % 4001).astype("<u2")
STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


def frames(**more: object) -> Dataset:
    return pixels(RAMP, bits_stored=12, NumberOfFrames=3, **more)


def read(content: bytes) -> Dataset:
    return dcmread(BytesIO(content))


@pytest.mark.parametrize("path", ["/studies/1.2.3", "/studies/1.2.3/series/1.2.3.1"])
def test_a_study_and_a_series_come_whole_and_as_stored(archive, http, path):
    sent = series(3, BY_KEYWORD["RLELossless"])
    stow(http, *sent)
    response = http.get(path, headers={"Accept": STORED})
    assert response.headers["Content-Type"].startswith('multipart/related; type="application/dicom"')
    found = parts(response)
    assert [content for _, content in found] == [b"".join(map(bytes, one.part10())) for one in sent]
    headers, content = found[0]
    assert headers["content-type"] == "application/dicom; transfer-syntax=1.2.840.10008.1.2.5"
    assert headers["content-length"] == str(len(content))
    assert headers["content-location"] == f"{archive.web_address}/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.0"


def test_without_a_syntax_it_is_explicit_little_endian_with_the_same_pixels(http):
    stow(http, prepare(frames(), BY_KEYWORD["JPEG2000Lossless"]))
    for accept in ("multipart/related; type=application/dicom", "application/dicom"):
        response = http.get(INSTANCE, headers={"Accept": accept})
        content = parts(response)[0][1] if accept.startswith("multi") else response.content
        assert read(content).file_meta.TransferSyntaxUID == LITTLE
        assert np.array_equal(read(content).pixel_array, RAMP)
    assert response.headers["Content-Type"] == f"application/dicom; transfer-syntax={LITTLE}"


def test_it_transcodes_to_what_is_accepted(http):
    stow(http, prepare(frames()))
    accept = f'multipart/related; type="application/dicom"; transfer-syntax={HTJ2K}'
    ((_, content),) = parts(http.get(INSTANCE, headers={"Accept": accept}))
    assert read(content).file_meta.TransferSyntaxUID == HTJ2K
    assert read(content).SOPInstanceUID == "1.2.3.4"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("text/html", 406),
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.91', 406),  # with loss
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.3', 406),
        ("text/html, application/dicom;q=0.1", 200),
        ('multipart/related; type="application/dicom"; transfer-syntax=1.2.3, */*;q=0.1', 200),
        ("nonsense", 406),  # what is not valid is passed over (PS3.18 8.7.7)
        ("nonsense, application/dicom", 200),
        ("application/dicom; q=high", 200),
        ("application/dicom; q=0", 406),
    ],
)
def test_what_it_can_give_and_what_not(http, accept, status):
    stow(http, prepare(frames()))
    response = http.get(INSTANCE, headers={"Accept": accept})
    assert (response.status_code, bool(response.content)) == (status, True)


def test_several_instances_do_not_come_without_parts(http):
    stow(http, *series(2))
    assert http.get("/studies/1.2.3", headers={"Accept": "application/dicom"}).status_code == 406


def test_video_that_nobody_here_decodes_comes_as_stored_to_who_takes_anything(http):
    (video,) = series(1)
    video.transfer_syntax_uid = "1.2.840.10008.1.2.4.102"
    stow(http, video)
    path = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.0"
    assert http.get(path, headers={"Accept": "application/dicom"}).status_code == 406
    ((headers, _),) = parts(http.get(path, headers={"Accept": "*/*"}))
    assert headers["content-type"].endswith("1.2.4.102")


@pytest.mark.parametrize(
    "path",
    [
        "/studies/1.9",
        "/studies/1.2.3/series/1.9",
        INSTANCE + "5",
        INSTANCE + "5/metadata",
        INSTANCE + "5/frames/1",
        INSTANCE + "5/rendered",
        INSTANCE + "/frames/4",
        INSTANCE + "/bulkdata/00080018",
        INSTANCE + "/bulkdata/nothing",
        INSTANCE + "/bulkdata/00081140/0/00420011",
        INSTANCE + "/bulkdata/00081140/7/00081155",
        "/nothing",
    ],
)
def test_what_is_not_there_is_not_found(http, path):
    stow(http, prepare(frames()))
    assert http.get(path, headers={"Accept": "*/*"}).status_code == 404


def test_metadata_is_what_dicomweb_client_reads_back(archive, client, http):
    sent = example("CT_small.dcm")
    client.store_instances([sent])
    uids = sent.StudyInstanceUID, sent.SeriesInstanceUID, sent.SOPInstanceUID
    (model,) = (client.retrieve_instance_metadata(*uids),)
    assert model["7FE00010"] == {
        "vr": "OW",
        "BulkDataURI": "{}/studies/{}/series/{}/instances/{}/bulkdata/7FE00010".format(archive.web_address, *uids),
    }
    assert model["00083002"]["Value"] == [LITTLE]
    del model["00083002"]
    bulk = {tag for tag, element in model.items() if "BulkDataURI" in element}
    assert all(len(sent[tag].value) > 1024 for tag in bulk)
    found = Dataset.from_json({tag: element for tag, element in model.items() if tag not in bulk})
    missing = {element.tag for element in sent} - {element.tag for element in found}
    assert missing == {int(tag, 16) for tag in bulk}
    assert found.SpecificCharacterSet == "ISO_IR 192"
    del found.SpecificCharacterSet
    for element in found:
        assert element.value == sent[element.tag].value, element
    assert len(client.retrieve_study_metadata(uids[0])) == len(client.retrieve_series_metadata(*uids[:2])) == 1


def test_large_values_are_bulk_data_wherever_they_stand_and_small_ones_are_not(http):
    item = Dataset()
    item.WaveformData = bytes(range(256)) * 8
    item["WaveformData"].VR = "OW"
    sent = image(WaveformSequence=Sequence([item]), RedPaletteColorLookupTableData=b"\1\2")
    stow(http, prepare(sent))
    (model,) = http.get(INSTANCE + "/metadata").json()
    assert "InlineBinary" in model["00281201"]
    uri = model["54000100"]["Value"][0]["54001010"]["BulkDataURI"]
    ((headers, content),) = parts(http.get(uri, headers={"Accept": "*/*"}))
    assert (content, headers["content-type"]) == (item.WaveformData, "application/octet-stream")
    single = http.get(uri, headers={"Accept": "application/octet-stream"})
    assert single.content == item.WaveformData
    assert http.get(uri, headers={"Accept": "image/png"}).status_code == 406


def test_a_value_that_is_none_of_its_kind_leaves_its_attribute_without_one(http):
    sent = prepare(image(InstanceNumber="12"))
    sent.head = sent.head.replace(b"IS\2\x0012", b"IS\2\x00xx")
    stow(http, sent)
    (model,) = http.get(INSTANCE + "/metadata").json()
    assert model["00200013"] == {"vr": "IS"}
    assert model["00080018"]["Value"] == ["1.2.3.4"]


@pytest.mark.parametrize("keyword", ["ExplicitVRBigEndian", "ImplicitVRLittleEndian", "DeflatedExplicitVRLittleEndian"])
def test_pixel_data_of_every_native_syntax_is_given_little_endian(http, keyword):
    sent = frames()
    sent.DataSetTrailingPadding = bytes(8)
    stow(http, prepare(sent, BY_KEYWORD[keyword]))
    whole = http.get(INSTANCE + "/bulkdata/7FE00010", headers={"Accept": "application/octet-stream"})
    assert whole.content == RAMP.tobytes()
    second = http.get(INSTANCE + "/frames/2", headers={"Accept": "application/octet-stream"})
    assert second.content == RAMP[1].tobytes()
    assert "FFFCFFFC" in http.get(INSTANCE + "/metadata").json()[0]


@pytest.mark.parametrize(
    ("keyword", "media_type"),
    [
        ("HTJ2KLossless", "image/jphc"),
        ("JPEG2000Lossless", "image/jp2"),
        ("JPEGLSLossless", "image/jls"),
        ("RLELossless", "image/dicom-rle"),
        ("JPEGLosslessSV1", "image/jpeg"),
        ("JPEGXLLossless", "image/jxl"),
    ],
)
def test_frames_come_as_stored_under_their_media_type_and_decoded_as_octets(client, http, keyword, media_type):
    sent = prepare(frames(), BY_KEYWORD[keyword])
    stow(http, sent)
    accept = f'multipart/related; type="{media_type}"'
    (one, other) = parts(http.get(INSTANCE + "/frames/3,1", headers={"Accept": accept}))
    assert one[0]["content-type"] == f"{media_type}; transfer-syntax={sent.transfer_syntax_uid}"
    held = b"".join(map(bytes, sent.buffers()))
    assert one[1] in held
    assert other[1] in held
    assert held.index(other[1]) < held.index(one[1])
    accept = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
    assert http.get(INSTANCE + "/frames/1", headers={"Accept": accept}).status_code == 406
    uids = ("1.2.3", "1.2.3.1", "1.2.3.4")
    found = client.retrieve_instance_frames(*uids, [3, 1], media_types=("application/octet-stream",))
    assert found == [RAMP[2].tobytes(), RAMP[0].tobytes()]


@pytest.mark.parametrize("uid", [HTJ2K, J2K, JLS])
def test_native_frames_are_encoded_where_that_is_accepted(http, uid):
    stow(http, prepare(frames()))
    media_type = {HTJ2K: "image/jphc", J2K: "image/jp2", JLS: "image/jls"}[uid]
    accept = f'multipart/related; type="{media_type}"; transfer-syntax={uid}'
    ((headers, content),) = parts(http.get(INSTANCE + "/frames/2", headers={"Accept": accept}))
    assert headers["content-type"] == f"{media_type}; transfer-syntax={uid}"
    encoding = BY_UID[uid].encoding
    assert np.array_equal(encoding.decode(content, pixel_format(frames())), RAMP[1])


def test_one_frame_alone_needs_no_parts_and_several_do(http):
    stow(http, prepare(frames()))
    single = http.get(INSTANCE + "/frames/1", headers={"Accept": "application/octet-stream"})
    assert single.content == RAMP[0].tobytes()
    assert http.get(INSTANCE + "/frames/1,2", headers={"Accept": "application/octet-stream"}).status_code == 406
    assert [content for _, content in parts(http.get(INSTANCE + "/frames/1,2", headers={"Accept": "*/*"}))] == [
        RAMP[0].tobytes(),
        RAMP[1].tobytes(),
    ]


@pytest.mark.parametrize("which", ["0", "x", "1,,2", "-1", "1.5"])
def test_frames_are_numbers_from_one(http, which):
    stow(http, prepare(frames()))
    assert http.get(f"{INSTANCE}/frames/{which}", headers={"Accept": "*/*"}).status_code == 400


def test_frames_of_single_bits_need_not_begin_with_a_byte(http):
    bits = np.random.RandomState(1).randint(0, 2, (3, 5, 5), dtype=np.uint8)
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    sent = image(
        Rows=5, Columns=5, NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=packed.ljust(10, b"\0")
    )
    sent["PixelData"].VR = "OB"
    stow(http, prepare(sent))
    got = http.get(INSTANCE + "/frames/2", headers={"Accept": "application/octet-stream"}).content
    assert np.array_equal(np.unpackbits(np.frombuffer(got, np.uint8), bitorder="little")[:25], bits[1].ravel())


def test_damaged_pixels_are_a_conflict_and_no_error_of_the_server(http):
    sent = prepare(frames(), BY_KEYWORD["JPEG2000Lossless"])
    body = bytes(sent.tail[1])  # the offset table of three frames, then the first frame's item
    sent.tail = (sent.tail[0], body[:28] + bytes(60) + body[88:], sent.tail[2])
    assert stow(http, sent).status_code == 200
    for path in ("/frames/1", "/frames/1/rendered"):
        assert http.get(INSTANCE + path, headers={"Accept": "application/octet-stream, image/png"}).status_code == 409


def test_faults_strike_retrievals(serve):
    import httpx

    archive = serve("on=get,status=A701,times=1")
    with httpx.Client(base_url=archive.web_address, headers={"Accept": "application/dicom+json"}) as http:
        stow(http, prepare(frames()))
        assert http.get(INSTANCE + "/metadata").status_code == 503
        assert http.get(INSTANCE + "/metadata").status_code == 200


def test_an_instance_whose_file_is_gone_is_a_conflict_alone_and_left_out_among_others(archive, http):
    stow(http, *series(3))
    archive.instances()[1].path.unlink()
    gone = "/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"
    assert http.get(gone, headers={"Accept": STORED}).status_code == 409
    assert http.get(gone + "/metadata").status_code == 409
    assert len(parts(http.get("/studies/1.2.3", headers={"Accept": STORED}))) == 2
    assert len(http.get("/studies/1.2.3/metadata").json()) == 2
