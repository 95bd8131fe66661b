"""The single-frame images of a scan, one by one and in any order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modality.acquisition.frames import Frame
from modality.transfer.encode import prepare
from modality.transfer.instance import PreparedInstance
from modality.transfer.series import Template

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from modality.station.series.scan import Scan


class Slices:
    """Makes images, each the same whichever were made before.

    In a native syntax the first is described, and the others fill in what is their own.

    Args:
        scan: of a kind whose images are described frame by frame (`Kind.iod`).
    """

    def __init__(self, scan: Scan) -> None:
        iod = scan.kind.iod
        assert iod is not None
        self.scan, self._iod = scan, iod
        self._fills_in = iod.frame_values is not None and not scan.transfer_syntax.encapsulated
        self._template: Template | None = None

    def instance(self, frame: Frame) -> PreparedInstance:
        """The image of one frame."""
        scan = self.scan
        if not self._fills_in:
            return prepare(self._described(frame), scan.transfer_syntax, quality=scan.quality)
        values = self._iod.values_of(scan.acquisition, scan.context, frame)
        own = {keyword: value for keyword, value in values.items() if keyword not in (scan.assignments or ())}
        if self._template is None:
            self._template = Template(self._described(frame), scan.transfer_syntax, own)
        return self._template.instance(own, frame.pixels)

    def _described(self, frame: Frame) -> Dataset:
        scan = self.scan
        return scan.as_set(self._iod.describe_frame(scan.acquisition, scan.context, frame))
