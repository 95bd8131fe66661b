"""PS3.3 C.7.6.5 Cine and C.7.6.6 Multi-frame, of frames that follow each other in time."""

from __future__ import annotations

from typing import Protocol

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.iods.image import Image, Taken
from modality.iods.values import decimal

FRAME_TIME = Tag(0x0018, 0x1063)


class Run(Taken, Protocol):
    """An acquisition whose frames are taken at an even rate."""

    @property
    def frame_time_ms(self) -> float:
        """From one frame to the next."""


def multi_frame(dataset: Dataset, image: Image[Run]) -> None:
    """How many frames, and that they follow each other in time."""
    dataset.NumberOfFrames = str(len(image.acquisition))
    dataset.FrameIncrementPointer = FRAME_TIME


def cine(dataset: Dataset, image: Image[Run]) -> None:
    """How fast the frames were taken, and are to be shown."""
    frame_time = image.acquisition.frame_time_ms
    dataset.FrameTime = decimal(frame_time)
    dataset.CineRate = dataset.RecommendedDisplayFrameRate = str(max(1, round(1000.0 / frame_time)))
    dataset.StartTrim, dataset.StopTrim = "1", str(len(image.acquisition))
    dataset.PreferredPlaybackSequencing = 0
    dataset.EffectiveDuration = decimal(round(frame_time * len(image.acquisition) / 1000.0, 6))
