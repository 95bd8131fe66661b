"""A picture of every kind of study, and a page that shows them: ``python -m modality.cli.environment.gallery docs``."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modality.transfer.files import write_whole

if TYPE_CHECKING:
    from modality.iods.kind import Kind

SEED = 7
_TILE_PX = 320
_SEVERAL = {"pt": 4, "sm": 3}
"""Of these one image alone shows little."""
_ON_THE_SCAN = ("rtdose", "rtplan", "rtstruct")
"""These are seen on a slice of the scan that they are about."""
_WRITTEN = ("kos", "pdf", "rdsr", "sr")
"""These are documents: their lines, their page, or what they point at."""
# Enough to see what a kind is, and no more; phantoms are the kind's own.
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "ct": {"slices": 3},
    "enhanced-ct": {"slices": 3, "rows": 256, "columns": 256},
    "mr": {"slices": 3},
    "enhanced-mr": {"slices": 3},
    "pt": {"slices": 12},
    "us": {"frames": 1},
    "rtdose": {"slices": 60},
    "rtplan": {"slices": 60},
    "rtstruct": {"slices": 60},
    **{name: {"slices": 40, "rows": 256, "columns": 256} for name in _WRITTEN},
    "sm": {"rows": 2048, "columns": 2048, "levels": 2},
}
_HEAD = """# Every kind of study

Written by `make gallery`: what `modality generate KIND --seed 7` makes, small; of a document its first lines.

"""


def picture(kind: Kind) -> bytes | None:
    """A PNG of a small study of a kind; None where there is nothing to see."""
    from modality.station.contact_sheet import ContactSheet, png
    from modality.station.study import generate

    if kind.name in _ON_THE_SCAN:
        return _planned(kind.name)
    if kind.name in _WRITTEN:
        return _written(kind.name)
    tiles = _SEVERAL.get(kind.name, 1)
    sheet = ContactSheet(tiles=tiles, tile_px=_TILE_PX // (2 if tiles > 1 else 1))
    for instance in generate(kind.name, seed=SEED, **_OPTIONS.get(kind.name, {})):
        sheet.add(instance)
    return png(sheet.image(columns=2)) if sheet.seen else None


def _planned(name: str) -> bytes:
    """A PNG of a slice with the contours of a structure set, with the beams of a plan, or with a dose."""
    from modality.station.contact_sheet import png
    from modality.station.radiotherapy.pictures import dose_wash, with_beams, with_contours
    from modality.station.study import generate

    (scan,) = generate(name, seed=SEED, **_OPTIONS[name]).series
    acquisition: Any = scan.acquisition
    drawn: Any = {"rtdose": dose_wash, "rtplan": with_beams}.get(name, with_contours)
    return png(drawn(acquisition, _TILE_PX))


def _written(name: str) -> bytes:
    """A PNG of a document: its lines, its page, or the images that it selects."""
    from modality.cli.environment.written import lines_of, of_key_images, of_lines, of_pdf
    from modality.iods.reports.picture import shown_slice, windowed
    from modality.station.contact_sheet import png
    from modality.station.study import generate

    (scan,) = generate(name, seed=SEED, **_OPTIONS[name]).series
    acquisition: Any = scan.acquisition
    if name == "kos":
        return png(of_key_images(acquisition, _TILE_PX))
    dataset = next(iter(scan)).dataset()
    if name == "pdf":
        picture = windowed(acquisition, shown_slice(acquisition))
        return png(of_pdf(dataset.EncapsulatedDocument, picture, 2 * _TILE_PX))
    return png(of_lines(list(lines_of(dataset)), _TILE_PX))


def write(folder: Path) -> None:
    """Write gallery.md, and a picture of each kind into pictures/kinds.

    Args:
        folder: where the page goes.
    """
    from modality.registry import KINDS

    cells = []
    for name in sorted(KINDS.entries):
        kind: Kind = KINDS.load(name)
        data = picture(kind)
        shown = "no picture"
        if data is not None:
            write_whole(folder / "pictures" / "kinds" / f"{name}.png", [data])
            shown = f"![{kind.title}](pictures/kinds/{name}.png)"
        cells.append((f"`{name}`", kind.title, shown))
    rows = [" | ".join(("", *cell, "")).strip() for cell in cells]
    table = "\n".join(("| kind | what | |", "| --- | --- | --- |", *rows, ""))
    write_whole(folder / "gallery.md", [(_HEAD + table).encode()])


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
