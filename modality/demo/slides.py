"""What the demo checks of a slide: the truth's nuclei are where the stored image is dark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modality.demo.check import Check
from modality.transfer.encode import transcode
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE

if TYPE_CHECKING:
    from modality.station.study import Scan

_DARK_SHARE = 0.9  # of the nuclei: some lie under a fold's shadow or out of focus
_AROUND = 1  # pixels about a nucleus's centre


def nuclei_are_dark(name: str, scan: Scan, kept: Mapping[str, Path]) -> Check:
    """The nuclei of the truth lie on pixels that are darker, in red, than most of the tissue's.

    Haematoxylin takes red away; eosin leaves it.
    """
    base = kept[scan.context.identity.uid("instance", 1)]
    dataset = transcode(read(base), EXPLICIT_LITTLE).dataset()
    tiles = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns, 3)
    across = -(-dataset.TotalPixelMatrixColumns // dataset.Columns)
    strips = [np.concatenate(tiles[at : at + across, :, :, 0], axis=1) for at in range(0, len(tiles), across)]
    red = np.concatenate(strips)[: dataset.TotalPixelMatrixRows, : dataset.TotalPixelMatrixColumns]
    pixels_per_mm = 1.0 / float(dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing[0])
    usual = float(np.median(red[red < np.percentile(red, 60)]))
    dark = seen = 0
    for nucleus in scan.truth()["nuclei"]:
        row, column = int(nucleus["y_mm"] * pixels_per_mm), int(nucleus["x_mm"] * pixels_per_mm)
        around = red[max(0, row - _AROUND) : row + _AROUND + 1, max(0, column - _AROUND) : column + _AROUND + 1]
        if around.size:
            seen += 1
            dark += float(around.mean()) < usual
    rule = f"{name}: the nuclei of the truth are dark in the base level that the archive keeps"
    return Check(rule, f"{dark} of {seen}", seen > 0 and dark >= _DARK_SHARE * seen)
