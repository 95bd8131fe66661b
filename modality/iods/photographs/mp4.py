"""The boxes of an MP4 file (ISO/IEC 14496-12): what its video track is."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from modality.errors import InputError

_AVC, _HEVC = ("avc1", "avc3"), ("hvc1", "hev1")
_MOST_FRAMES = 10_000_000  # our choice: 46 hours at 60 Hz
_SHORTEST_MS = 1.0  # of a frame: our choice
_SAMPLE_ENTRY = 78  # bytes of a VisualSampleEntry before the boxes in it (ISO/IEC 14496-12)


@dataclass(frozen=True, slots=True)
class Track:
    """A video track.

    Args:
        codec: four characters of its sample entry ("avc1").
        columns: width.
        rows: height.
        frames: samples.
        frame_ms: duration of a frame; the mean where they differ.
        profile: profile_idc of AVC, general_profile_idc of HEVC.
        level: level_idc of AVC (41 is 4.1), general_level_idc of HEVC (153 is 5.1).
        sound: the file has a sound track too.
    """

    codec: str
    columns: int
    rows: int
    frames: int
    frame_ms: float
    profile: int
    level: int
    sound: bool

    @property
    def is_avc(self) -> bool:
        """H.264."""
        return self.codec in _AVC


def video_track(data: bytes, source: str) -> Track:
    """The one video track of a file.

    Args:
        data: the file.
        source: what to call it in messages.

    Raises:
        InputError: it is no MP4 file, is damaged, has no or several video tracks, or one of another codec.
    """
    try:
        return _video_track(memoryview(data), source)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: the MP4 file is damaged: a box is shorter than it has to be") from error


def _video_track(data: memoryview, source: str) -> Track:
    top = list(_boxes(data, source))
    kinds = [kind for kind, _ in top]
    if not kinds or kinds[0] not in ("ftyp", "styp", "moov", "free", "skip", "wide", "mdat") or "moov" not in kinds:
        what = "it breaks off before its index (moov)" if kinds[:1] == ["ftyp"] else "it is no MP4 file"
        raise InputError(f"{source}: {what}")
    if "mdat" not in kinds or "moof" in kinds:
        raise InputError(f"{source}: the MP4 file is in fragments, or has no media data: write it as one piece")
    moov = next(body for kind, body in top if kind == "moov")
    media = [_first(body, source, "mdia") for kind, body in _boxes(moov, source) if kind == "trak"]
    handlers = [bytes(_first(body, source, "hdlr")[8:12]) for body in media]
    videos = [body for body, handler in zip(media, handlers, strict=True) if handler == b"vide"]
    if len(videos) != 1:
        raise InputError(f"{source}: {len(videos)} video tracks, and an instance holds one")
    return _track(videos[0], b"soun" in handlers, source)


def _track(media: memoryview, sound: bool, source: str) -> Track:
    header = _first(media, source, "mdhd")
    (scale,) = struct.unpack_from(">I", header, 20 if header[0] else 12)
    table = _first(_first(media, source, "minf"), source, "stbl")
    frames = _frames(_first(table, source, "stsz"), source)
    timed, duration = _times(_first(table, source, "stts"), source)
    if not scale or not duration:
        raise InputError(f"{source}: the video track takes no time")
    frame_ms = 1e3 * duration / scale / frames
    if timed != frames or frame_ms < _SHORTEST_MS:
        raise InputError(f"{source}: the MP4 file is damaged: {timed} times for {frames} frames, {frame_ms:g} ms each")
    entries = list(_boxes(_first(table, source, "stsd")[8:], source))
    if len(entries) != 1:
        raise InputError(f"{source}: the video track changes its coding, or says none")
    codec, entry = entries[0]
    columns, rows = struct.unpack_from(">HH", entry, 24)
    profile, level = _configuration(codec, entry, source)
    if not columns or not rows:
        raise InputError(f"{source}: the video track has no size")
    return Track(codec, columns, rows, frames, frame_ms, profile, level, sound)


def _configuration(codec: str, entry: memoryview, source: str) -> tuple[int, int]:
    """Profile and level."""
    inner = entry[_SAMPLE_ENTRY:]
    if codec in _AVC:
        record = _first(inner, source, "avcC")  # ISO/IEC 14496-15: version, profile, compatibility, level
        return record[1], record[3]
    if codec in _HEVC:
        record = _first(inner, source, "hvcC")  # version; space, tier, profile; 4 + 6 bytes; level
        return record[1] & 0x1F, record[12]
    raise InputError(
        f"{source}: the video is coded as {codec!r}, and DICOM wants H.264 (avc1) or H.265 (hvc1): encode it so"
    )


def _frames(stsz: memoryview, source: str) -> int:
    """How many frames there are: each has a size."""
    same, count = struct.unpack_from(">II", stsz, 4)
    if not count:
        raise InputError(f"{source}: the video track has no frames")
    if count > _MOST_FRAMES or (not same and 12 + 4 * count > len(stsz)):
        raise InputError(f"{source}: the MP4 file is damaged: its table of sizes says {count} frames")
    return int(count)


def _times(stts: memoryview, source: str) -> tuple[int, int]:
    """Frames, and the duration of all together in units of the time scale."""
    (runs,) = struct.unpack_from(">I", stts, 4)
    if 8 + 8 * runs > len(stts):
        raise InputError(f"{source}: the MP4 file is damaged: its table of times says {runs} entries")
    pairs = list(struct.iter_unpack(">II", stts[8 : 8 + 8 * runs]))
    return sum(count for count, _ in pairs), sum(count * delta for count, delta in pairs)


def _boxes(data: memoryview, source: str) -> Iterator[tuple[str, memoryview]]:
    """The boxes of a stretch of bytes, one after the other: type and body."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        start = at + 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, start)
            start += 8
        elif size == 0:
            size = len(data) - at
        if at + size < start or at + size > len(data):
            raise InputError(f"{source}: no MP4 file, or one that breaks off; was it copied as a whole?")
        yield kind.decode("latin-1"), data[start : at + size]
        at += size


def _first(data: memoryview, source: str, kind: str) -> memoryview:
    for found, body in _boxes(data, source):
        if found == kind:
            return body
    raise InputError(f"{source}: the MP4 file is damaged: no {kind} box where one is due")
