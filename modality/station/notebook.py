"""A study as a notebook shows it: whom it is of, its series, and pictures of some of its images."""

from __future__ import annotations

import base64
from html import escape
from typing import TYPE_CHECKING

from modality.errors import MissingExtraError
from modality.transfer.encode import prepare

if TYPE_CHECKING:
    from modality.station.contact_sheet import ContactSheet
    from modality.station.study import Scan, Study

_TILES, _TILE_PX = 6, 128
_LARGEST_SLIDE = 4096  # pixels a side; a larger one takes too long to make for a glance


def study_html(study: Study) -> str:
    """A table of its series, with at most six images of each; without pictures where Pillow is not installed."""
    first = study.series[0].context
    who = ", ".join(filter(None, (study.patient.name, study.patient.patient_id)))
    head = "".join(f"<th style='text-align:left'>{name}</th>" for name in ("series", "images", "phantom", "syntax"))
    rows = "".join(_row(scan) for scan in study.series)
    return (
        f"<div><b>{escape(who)}</b>, {first.study.started:%Y-%m-%d %H:%M}, seed {study.seed}<br>"
        f"<code>{escape(study.uid)}</code><table><tr>{head}</tr>{rows}</table></div>"
    )


def _row(scan: Scan) -> str:
    said = (
        scan.context.series.description,
        str(len(scan)),
        getattr(scan.acquisition.phantom, "name", ""),
        scan.transfer_syntax.keyword,
    )
    cells = "".join(f"<td style='text-align:left'>{escape(text)}</td>" for text in said)
    return f"<tr>{cells}</tr><tr><td colspan='4'>{_picture(scan)}</td></tr>"


def _picture(scan: Scan) -> str:
    from modality.station.contact_sheet import ContactSheet

    try:
        sheet = ContactSheet(tiles=_TILES, tile_px=_TILE_PX)
    except MissingExtraError as error:
        return escape(str(error))
    _fill(sheet, scan)
    if not sheet.seen:
        return "too large for a picture here" if scan.kind.slides else "no pictures"
    data = base64.b64encode(sheet.png()).decode("ascii")
    return f"<img alt='{escape(scan.context.series.description)}' src='data:image/png;base64,{data}'>"


def _fill(sheet: ContactSheet, scan: Scan) -> None:
    iod = scan.kind.iod
    if iod is not None:  # only what is shown is made
        count = len(scan.acquisition)
        shown = min(_TILES, count)
        for index in ((2 * number + 1) * count // (2 * shown) for number in range(shown)):
            sheet.add(prepare(iod.describe_frame(scan.acquisition, scan.context, scan.acquisition.frame(index))))
        return
    base = scan.kind.slides(scan.acquisition, scan.context).scan.pyramid[0] if scan.kind.slides else None
    if base is None or max(base.rows, base.columns) <= _LARGEST_SLIDE:
        for instance in scan:
            sheet.add(instance)
