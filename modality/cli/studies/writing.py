"""A study into a folder: its instances, and what was asked for beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from modality.cli.verb import progress, say
from modality.errors import UsageError
from modality.station.awkwardness.finishing import told_of
from modality.station.series.several import may_be_shared, write_images
from modality.station.series.told import named, told
from modality.station.slides.plan import Making, tiles_of
from modality.transfer.files import folder_aside, remove_abandoned, write_whole
from modality.transfer.reading import read

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from modality.acquisition.microscopy.slide import SlideScan
    from modality.station.contact_sheet import ContactSheet
    from modality.station.study import Scan, Study
    from modality.transfer.instance import PreparedInstance

COMPOSED = "study"
"""What stands for a kind where there are several."""


@dataclass(frozen=True)
class Wanted:
    """What is written.

    Args:
        out: the folder.
        truth: truth.json too, and labels.npy of what has slices.
        segmentation: the first series' label map as a DICOM segmentation too; of a slide, its nuclei as annotations.
        preview: a contact sheet too.
        processes: that make the tiles of slides, and the images of scans.
        media: the instances become a file-set, with a DICOMDIR.
    """

    out: Path
    truth: bool = False
    segmentation: bool = False
    preview: bool = False
    processes: int = 1
    media: bool = False


@dataclass
class Written:
    """What was written.

    Args:
        files: instances.
        derived: what was computed from them.
    """

    files: list[str] = field(default_factory=list)
    derived: list[str] = field(default_factory=list)


def write(study: Study, kind: str, wanted: Wanted) -> Written:
    """Write a study; progress is shown on a terminal.

    Args:
        study: what is written.
        kind: what its files are named after; those of several kinds each after its own.
        wanted: where, and what beside the instances.

    Raises:
        ModalityError: something cannot be made or written; what was written before stays, of media nothing.
    """
    if (wanted.media or wanted.preview) and any(scan.finish.defects for scan in study.series):
        option = "--media" if wanted.media else "--preview"
        raise UsageError(f"{option}: reads the instances again, which have defects: leave one of the two out")
    remove_abandoned(wanted.out)
    if not wanted.media:
        return _write(study, kind, wanted, wanted.out)
    from modality.station.composing.media import check_vacant, into_media

    check_vacant(wanted.out)
    try:
        with folder_aside(wanted.out, "instances") as aside:
            written = _write(study, kind, wanted, aside)
            moved = into_media(map(Path, (*written.files, *written.derived)), wanted.out)
    except OSError as error:
        raise UsageError(f"{wanted.out}: cannot be written: {error.strerror or error}") from error
    return Written(*([str(moved[Path(path)]) for path in paths] for paths in (written.files, written.derived)))


def _whole_truth(study: Study) -> dict[str, Any]:
    from modality.station.composing.composition import whole_truth

    return whole_truth(study)


def _write(study: Study, kind: str, wanted: Wanted, instances: Path) -> Written:
    """Write a study, its instances into a folder of their own."""
    written = Written()
    first, out = study.series[0], wanted.out
    derived = [(_short(one), _file(one)) for one in first.segmentations()] if wanted.segmentation else []
    sheet = _sheet() if wanted.preview else None
    for path, instance in _writing(study, kind, replace(wanted, out=instances)):
        written.files.append(str(path))
        if sheet:
            sheet.add(instance or read(path))
    if wanted.truth:
        truth = _whole_truth(study) if kind == COMPOSED else _truth(study)
        write_whole(out / "truth.json", [json.dumps(truth, indent=1, ensure_ascii=False).encode()])
        if kind != COMPOSED and first.kind.slides is None and first.kind.labels:
            write_whole(out / "labels.npy", first.labels())
    for number, (what, content) in enumerate(derived, start=1):
        path = instances / "derived" / f"{kind}-{what}-{first.uid[-8:]}-{number:04d}.dcm"
        write_whole(path, [content])
        written.derived.append(str(path))
    if sheet and sheet.seen:
        write_whole(out / "preview.png", [sheet.png()])
    elif sheet:
        say(f"{kind}: nothing to see, so there is no preview.png")
    return written


def _truth(study: Study) -> dict[str, Any]:
    """What the first series shows or holds, and which series stand in the files."""
    first = study.series[0]
    return {
        **first.truth(),
        **told_of(first.finish),
        "series": [told(part) for one in study.series for part in one.parts],
    }


def _writing(study: Study, kind: str, wanted: Wanted) -> Iterator[tuple[Path, PreparedInstance | None]]:
    """Each instance, written; None for what was made as a file, and need not be held in memory too."""
    slides = [scan for scan in study.series if scan.kind.slides is not None]
    tiles = sum(tiles_of(cast("SlideScan", scan.acquisition)) for scan in slides)
    with progress(tiles or len(study), f"generating {kind}") as done:
        if slides:
            study = study.made_with(Making(wanted.out, wanted.processes, done))
        number = 0
        for scan in study.series:
            for path, instance in _files(scan, scan.kind.name if kind == COMPOSED else kind, wanted):
                number += 1
                if not slides:
                    done(number)
                yield path, instance


def _files(scan: Scan, kind: str, wanted: Wanted) -> Iterator[tuple[Path, PreparedInstance | None]]:
    """The instances in files whose names hold the series: two runs into one folder never mix, nor overwrite a file."""
    if may_be_shared(scan):
        paths = [wanted.out / f"{name}.dcm" for name, _, _ in named(scan, range(len(scan)), kind)]
        for path in write_images(scan, paths, wanted.processes):
            yield path, None
        return
    whole: Iterator[PreparedInstance | Path] = iter(scan) if scan.kind.slides is None else scan.files()
    for name, _, made in named(scan, whole, kind):
        path = wanted.out / f"{name}.dcm"
        if isinstance(made, Path):  # a slide's: gigabytes need not be read and written again
            _move(made, path)
            yield path, None
        else:
            made.write(path)
            yield path, made


def _move(made: Path, path: Path) -> None:
    try:
        made.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from error


def _short(dataset: Dataset) -> str:
    """What a derived object is, for its file's name: seg or ann."""
    return str(dataset.Modality).lower()


def _file(dataset: Dataset) -> bytes:
    """A data set as a DICOM file."""
    from io import BytesIO

    from pydicom import dcmwrite

    content = BytesIO()
    dcmwrite(content, dataset, enforce_file_format=True)
    return content.getvalue()


def _sheet() -> ContactSheet:
    from modality.station.contact_sheet import ContactSheet

    return ContactSheet()


def described(study: Study, kind: str, written: Written, wanted: Wanted) -> dict[str, Any]:
    """The JSON document."""
    return {
        "kind": kind,
        "seed": study.seed,
        "study_uid": study.uid,
        "series_uid": study.series[0].uid,
        "series": [
            {
                **({"kind": one.kind.name} if kind == COMPOSED else {}),
                **told(part),
                **(told_of(one.finish) if kind == COMPOSED else {}),
            }
            for one in study.series
            for part in one.parts
        ],
        **({} if kind == COMPOSED else told_of(study.series[0].finish)),
        "instances": len(written.files),
        "files": written.files,
        **({"derived": written.derived} if wanted.segmentation else {}),
        **({"media": str(wanted.out / "DICOMDIR")} if wanted.media else {}),
    }
