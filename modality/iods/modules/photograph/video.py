"""PS3.3 C.7.6.5 Cine, C.7.6.6 Multi-frame and C.7.6.3 Image Pixel of a video whose stream stays as it is."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.iods.captured import encapsulate_as_is
from modality.iods.modules.photograph.image import lossy
from modality.iods.photographs.mp4 import Track
from modality.iods.values import decimal

_FRAME_TIME = 0x00181063


def video_frames(dataset: Dataset, track: Track, data: bytes, transfer_syntax_uid: str, bits: int) -> None:
    """Frames in one stream, container and all (PS3.5 allows an MP4 container).

    Args:
        dataset: gets the attributes.
        track: what the file's video is.
        data: the file.
        transfer_syntax_uid: of its coding.
        bits: of a decoded sample.
    """
    dataset.NumberOfFrames = str(track.frames)
    dataset.FrameIncrementPointer = Tag(_FRAME_TIME)
    dataset.FrameTime = decimal(track.frame_ms)
    dataset.CineRate = str(max(1, round(1e3 / track.frame_ms)))
    if track.sound:
        dataset.MultiplexedAudioChannelsDescriptionCodeSequence = []  # Type 2C: what the sound is, nobody said
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "YBR_PARTIAL_420"
    dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = track.rows, track.columns
    dataset.BitsAllocated = 8 if bits == 8 else 16
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = 0
    native = track.frames * track.rows * track.columns * 3 * dataset.BitsAllocated // 8
    lossy(dataset, native / len(data), "ISO_14496_10" if track.is_avc else "ISO_23008_2")
    encapsulate_as_is(dataset, data, transfer_syntax_uid, offsets=False)
