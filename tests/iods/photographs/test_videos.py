"""An MP4 goes in as it is, described by what its boxes say; what DICOM has no syntax for is refused with its reason."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.encaps import generate_fragments

from modality.errors import InputError
from modality.iods.captured import prepared
from modality.iods.photographs.capture import Video
from modality.iods.photographs.mp4 import video_track
from modality.iods.photographs.video import describe
from tests.iods.captured_samples import DATA, TAKEN

# Ten frames of 64 x 48 at 25 Hz, made with x264 and x265 (level 4.1; level 5.1).
AVC, HEVC = (DATA / "avc_high.mp4").read_bytes(), (DATA / "hevc_main.mp4").read_bytes()


def changed(data: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """The file with bytes of a box's body replaced."""
    at = data.index(box) + 4 + offset
    return data[:at] + value + data[at + len(value) :]


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body


def inserted(data: bytes, track: bytes) -> bytes:
    """The file with another track at the end of its index."""
    at = data.index(b"moov") - 4
    (size,) = struct.unpack_from(">I", data, at)
    end = at + size
    return data[:at] + struct.pack(">I", size + len(track)) + data[at + 4 : end] + track + data[end:]


def track(handler: bytes) -> bytes:
    return box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(12))))


@pytest.mark.parametrize(
    ("data", "uid", "method"),
    [(AVC, "1.2.840.10008.1.2.4.102", "ISO_14496_10"), (HEVC, "1.2.840.10008.1.2.4.107", "ISO_23008_2")],
    ids=["avc", "hevc"],
)
def test_its_bytes_stay_and_the_attributes_say_what_they_are(data, uid, method, make_context, tmp_path):
    prepared(describe(Video(data, TAKEN), make_context())).write(tmp_path / "one.dcm")
    dataset = dcmread(tmp_path / "one.dcm")
    assert dataset.file_meta.TransferSyntaxUID == uid
    offsets, fragment = generate_fragments(dataset.PixelData)
    assert (offsets, fragment) == (b"", data + bytes(len(data) % 2))
    assert (dataset.Rows, dataset.Columns, dataset.NumberOfFrames) == (48, 64, 10)
    assert (dataset.FrameTime, dataset.CineRate, dataset.FrameIncrementPointer) == (40, 25, 0x00181063)
    assert (dataset.PhotometricInterpretation, dataset.BitsStored) == ("YBR_PARTIAL_420", 8)
    assert dataset.LossyImageCompressionMethod == method
    assert dataset.LossyImageCompressionRatio == pytest.approx(10 * 48 * 64 * 3 / len(data), rel=1e-3)
    assert "MultiplexedAudioChannelsDescriptionCodeSequence" not in dataset


@pytest.mark.parametrize(
    ("profile", "level", "uid"),
    [(100, 31, "102"), (100, 41, "102"), (100, 42, "104")],
)
def test_profile_and_level_of_h264_choose_the_syntax(profile, level, uid, make_context):
    data = changed(AVC, b"avcC", 1, bytes([profile, 0, level]))
    dataset = describe(Video(data, TAKEN), make_context())
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4." + uid


def test_main_10_has_ten_bits(make_context):
    dataset = describe(Video(changed(HEVC, b"hvcC", 1, b"\x02"), TAKEN), make_context())
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.108"
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 10, 9)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (changed(AVC, b"avcC", 1, b"\x4d"), "H.264 of profile Main, and DICOM wants High"),
        (changed(AVC, b"avcC", 1, b"\x42"), "H.264 of profile Baseline, and DICOM wants High"),
        (changed(AVC, b"avcC", 1, b"\x6e"), "H.264 of profile High 10, and DICOM wants High"),
        (changed(AVC, b"avcC", 3, b"\x33"), "H.264 of level 5.1, and DICOM ends at 4.2"),
        (changed(HEVC, b"hvcC", 1, b"\x04"), "H.265 of profile 4, and DICOM wants Main"),
        (changed(HEVC, b"hvcC", 12, b"\xba"), "H.265 of level 6.2, and DICOM ends at 5.1"),
        (AVC.replace(b"avc1", b"mp4v"), "coded as 'mp4v', and DICOM wants H.264"),
        (AVC.replace(b"vide", b"text"), "0 video tracks"),
        (inserted(AVC, track(b"vide")), "2 video tracks"),
        (AVC.replace(b"stsz", b"xxxx"), "no stsz box where one is due"),
        (changed(AVC, b"stsz", 8, b"\0\0\0\0"), "the video track has no frames"),
        (changed(AVC, b"stsz", 8, b"\0\0\xff\xff"), "its table of sizes says 65535 frames"),
        (changed(AVC, b"stts", 8, b"\0\0\0\x09"), "9 times for 10 frames"),
        (changed(AVC, b"stts", 4, b"\0\0\xff\xff"), "its table of times says 65535 entries"),
        (changed(AVC, b"mdhd", 12, bytes(4)), "the video track takes no time"),
        (AVC.replace(b"mdat", b"free"), "no media data"),
        (AVC + box(b"moof", b""), "in fragments"),
        (AVC[: len(AVC) // 2], "a.mp4: "),
        (AVC[:40], "breaks off"),
        (b"", "it is no MP4 file"),
        (b"RIFF\x24\0\0\0AVI LIST", "no MP4 file"),
        (b"%PDF-1.4 and more than eight", "no MP4 file"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_dicom_cannot_hold_is_refused_with_its_reason(data, reason, make_context):
    with pytest.raises(InputError, match=r"^a\.mp4: ") as refused:
        describe(Video(data, TAKEN, "a.mp4"), make_context())
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)


def test_sound_is_said_to_be_there(make_context):
    dataset = describe(Video(inserted(AVC, track(b"soun")), TAKEN), make_context())
    assert list(dataset.MultiplexedAudioChannelsDescriptionCodeSequence) == []


def test_boxes_of_64_bit_size_and_to_the_end_of_the_file_are_read():
    at = AVC.index(b"mdat") - 4
    (size,) = struct.unpack_from(">I", AVC, at)
    body = AVC[at + 8 : at + size]
    large = AVC[:at] + struct.pack(">I4sQ", 1, b"mdat", size + 8) + body + AVC[at + size :]
    assert video_track(large, "large") == video_track(AVC, "plain")
    last = AVC[:at] + AVC[at + size :] + struct.pack(">I4s", 0, b"mdat") + body
    assert video_track(last, "last") == video_track(AVC, "plain")


@given(
    seed=st.sampled_from([AVC, HEVC]),
    changes=st.lists(st.tuples(st.integers(0, 4100), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 500),
)
def test_damaged_files_are_read_or_refused(seed, changes, cut):
    data = bytearray(seed[: len(seed) - cut])
    # The index stands at the end: most changes go there.
    for at, value in changes:
        data[-1 - at % len(data)] = value
    try:
        found = video_track(bytes(data), "a.mp4")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert found.frames > 0
        assert found.frame_ms >= 1
