"""What is captured, as plain data: the bytes of a file and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modality.iods.coded import Code


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG, PNG or TIFF file; a TIFF may have several pages.

    Args:
        data: its bytes.
        taken: when: Content Date and Time, Acquisition Date and Time.
        source: what to call it in messages; a file's name.
        identified: a person can be told from what is written in the picture (Burned In Annotation).
        side: R, L, B or U (Image Laterality); empty where the part is not paired or the side not known.
        region: what is seen, a code of Anatomic Region Sequence.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    data: bytes
    taken: datetime
    source: str = "picture"
    identified: bool = True
    side: str = ""
    region: Code | None = None
    number: int = 1


@dataclass(frozen=True, slots=True)
class Video:
    """An MP4 file with one video track.

    Args:
        data: its bytes, which stay as they are.
        taken: when: Content Date and Time, Acquisition Date and Time.
        source: what to call it in messages; a file's name.
        identified: a person can be told from what is written or seen in it (Burned In Annotation).
        side: R, L, B or U (Image Laterality); empty where the part is not paired or the side not known.
        region: what is seen, a code of Anatomic Region Sequence.
        number: Instance Number; with the context's identity it gives the SOP Instance UID.
    """

    data: bytes
    taken: datetime
    source: str = "video"
    identified: bool = True
    side: str = ""
    region: Code | None = None
    number: int = 1
