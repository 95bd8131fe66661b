"""An examination whose first series is a CT localizer."""

from __future__ import annotations

from pathlib import Path

import pytest

import phantoms
from modality.station import examination

PROTOCOL = """
kind = "ct"
phantom = "water"

[[series]]
description = "Localizer"
options = { localizer = "frontal", rows = 40, columns = 40 }

[[series]]
description = "Axial"
options = { slice_thickness_mm = 10.0 }
"""


def test_options_for_the_whole_reach_the_localizer_as_far_as_it_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.toml").write_text(PROTOCOL, encoding="utf-8")
    monkeypatch.setattr(examination.config, "shipped", lambda name: tmp_path / Path(name).name)
    monkeypatch.setattr(examination, "examinations", lambda kind: ["one"])
    study = examination.examine(
        "ct", "one", phantoms.water(), seed=3, rows=24, slices=2, kernel="SHARP", kvp=100.0, columns=32
    )
    localizer, axial = ([made.dataset() for made in scan] for scan in study.series)
    assert [len(localizer), len(axial)] == [1, 2]
    assert localizer[0].ImageType[2] == "LOCALIZER"
    assert axial[0].ImageType[2] == "AXIAL"
    assert {(image.Rows, image.Columns, image.KVP) for image in (*localizer, *axial)} == {(24, 32, 100)}
    assert axial[0].ConvolutionKernel == "SHARP"
    assert localizer[0].FrameOfReferenceUID == axial[0].FrameOfReferenceUID
