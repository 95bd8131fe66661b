"""PS3.3 A.32.7 Video Photographic Image IOD, from an MP4 file that is not encoded again."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import (
    HEVCM10P51,
    HEVCMP51,
    MPEG4HP41,
    MPEG4HP422D,
    VideoPhotographicImageStorage,
)

from modality.errors import InputError
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.macros.anatomy import region
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.microscopy.icc_profile import srgb_profile
from modality.iods.modules.photograph.image import captured_image
from modality.iods.modules.photograph.video import video_frames
from modality.iods.photographs.capture import Video
from modality.iods.photographs.mp4 import Track, video_track

MODALITY = "XC"
_LARGEST = 0xFFFFFFFE  # a fragment's length is even, and of 32 bits (PS3.5 A.4)
_AVC_HIGH, _HEVC_MAIN, _HEVC_MAIN_10 = 100, 1, 2
_AVC_PROFILES = {66: "Baseline", 77: "Main", 88: "Extended", 110: "High 10", 122: "High 4:2:2", 244: "High 4:4:4"}
_HEVC_LEVEL = 153  # 5.1


def describe(video: Video, context: Context) -> Dataset:
    """The data set of a video; `captured.prepared` encodes it, since the file goes as it is.

    Raises:
        InputError: it is no MP4 file, is damaged, or is coded as no transfer syntax of DICOM has it.
    """
    track = video_track(video.data, video.source)
    transfer_syntax_uid, bits = _coding(track, video.source)
    if len(video.data) > _LARGEST:
        raise InputError(f"{video.source}: {len(video.data)} bytes are more than one instance holds: cut the video")
    dataset = Dataset()
    context_modules(dataset, context, modality=MODALITY)
    # A region is due here (C.8.12.1): the body, where nobody says which part of it.
    captured_image(dataset, video, ("ORIGINAL", "PRIMARY"), default_region=region(""))
    dataset.AcquisitionContextSequence = []
    dataset.ICCProfile = srgb_profile()
    dataset.ColorSpace = "SRGB"
    video_frames(dataset, track, video.data, transfer_syntax_uid, bits)
    uid = context.identity.uid("instance", video.number)
    sop_common(dataset, context, sop_class_uid=VideoPhotographicImageStorage, sop_instance_uid=uid)
    return dataset


def _coding(track: Track, source: str) -> tuple[str, int]:
    """Transfer syntax and bits (PS3.6 Table A-1: High Profile to level 4.2, HEVC Main and Main 10 to level 5.1)."""
    if track.is_avc:
        if track.profile != _AVC_HIGH:
            name = _AVC_PROFILES.get(track.profile, str(track.profile))
            raise InputError(f"{source}: H.264 of profile {name}, and DICOM wants High: encode it so")
        if track.level > 42:
            raise InputError(f"{source}: H.264 of level {track.level / 10:.1f}, and DICOM ends at 4.2: encode it so")
        return (MPEG4HP41 if track.level <= 41 else MPEG4HP422D), 8
    if track.profile not in (_HEVC_MAIN, _HEVC_MAIN_10):
        raise InputError(f"{source}: H.265 of profile {track.profile}, and DICOM wants Main or Main 10: encode it so")
    if track.level > _HEVC_LEVEL:
        raise InputError(f"{source}: H.265 of level {track.level / 30:.1f}, and DICOM ends at 5.1: encode it so")
    return (HEVCMP51, 8) if track.profile == _HEVC_MAIN else (HEVCM10P51, 10)
