"""The kind pdf: a report of one page on a series of slices, as an Encapsulated PDF (PS3.3 A.45.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from modality.acquisition.reported import Reported, imaged
from modality.iods.burned import dated, timed, value_of
from modality.iods.captured import header
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.documents import encapsulated_pdf
from modality.iods.documents.content import Pdf
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.modules.document.encapsulated_document import put_in
from modality.iods.reports import source
from modality.iods.reports.measurements import sphere_mm
from modality.iods.reports.pdf_page import Line, page
from modality.iods.reports.picture import shown_slice, windowed
from modality.iods.reports.subject import OTHERS, subject_of, usual_phantom

_STUDY = Code("18748-4", "LN", "Diagnostic imaging study")
_LEFT, _SIZE, _STEP = 56.0, 10.0, 15.0
_PICTURE_PT, _LARGEST = 260.0, 256
_MOST_FINDINGS = 14
_UNWRITABLE = "(in letters that this page's font lacks)"
_NONE = "none"
_IDENTIFYING = ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyDate")


def _written(text: str) -> str:
    """A text, where the page's font has it."""
    return text if text.encode("cp1252", "replace").decode("cp1252") == text else _UNWRITABLE


def _name(value: str) -> str:
    """The alphabetic name as people write it."""
    parts = [part for part in value.partition("=")[0].split("^") if part]
    return ", ".join([parts[0], " ".join(parts[1:])]) if len(parts) > 1 else "".join(parts)


def _shown(dataset: Dataset) -> dict[str, str]:
    """What the page says of attributes, by keyword; those without a value are not shown, but for the accession."""
    said = {keyword: value_of(dataset, keyword) for keyword in _IDENTIFYING}
    return {
        "DocumentTitle": _written(value_of(dataset, "DocumentTitle")),
        "PatientName": _written(_name(said["PatientName"])),
        "PatientID": _written(said["PatientID"]),
        "PatientBirthDate": dated(said["PatientBirthDate"]),
        "AccessionNumber": _written(said["AccessionNumber"]) or _NONE,
        "StudyDate": dated(said["StudyDate"]),
        "StudyTime": timed(value_of(dataset, "StudyTime")[:4]),
    }


def findings(acquisition: Reported) -> list[str]:
    """What the page says of the scan: a line for each structure, lesions first."""
    lines = []
    for structure in acquisition.structures[:_MOST_FINDINGS]:
        diameter, index = sphere_mm(structure), acquisition.slice_of(structure)
        assert index is not None
        size = f"diameter {diameter:.1f} mm" if diameter else f"volume {structure['volume_mm3'] / 1000.0:.1f} ml"
        values = subject_of(acquisition).said(structure)
        where = source.said(acquisition, index)
        lines.append(f"{structure['name']}: {', '.join(filter(None, (size, values, where)))}")
    return lines or ["The images show nothing that is measured."]


def _body(acquisition: Reported, dataset: Dataset) -> list[str]:
    said = _shown(dataset)
    known = (
        said["PatientID"] and f"ID {said['PatientID']}",
        said["PatientBirthDate"] and f"born {said['PatientBirthDate']}",
    )
    moment = " ".join(filter(None, (said["StudyDate"], said["StudyTime"])))
    return [
        f"Patient: {said['PatientName'] or 'not named'}",
        ", ".join(filter(None, known)) or "no ID",
        f"Accession number {said['AccessionNumber']}{moment and f', study of {moment}'}",
        "",
        f"Technique: {subject_of(acquisition).technique(acquisition.scan)}.",
        "",
        "Findings:",
        *findings(acquisition),
        "",
        "Simulated: the patient is a phantom, and the findings are its truth.",
    ]


def _page(acquisition: Reported, dataset: Dataset) -> bytes:
    """The file.

    Args:
        acquisition: of the scan.
        dataset: whose attributes the page shows.
    """
    title = value_of(dataset, "DocumentTitle")
    lines = [Line(_LEFT, 70.0, 18.0, _shown(dataset)["DocumentTitle"])]
    below = 100.0
    for text in _body(acquisition, dataset):
        lines.append(Line(_LEFT, below, _SIZE, text))
        below += _STEP
    shown = shown_slice(acquisition)
    lines.append(Line(_LEFT, below + _PICTURE_PT + 12.0, 8.0, source.said(acquisition, shown).capitalize()))
    picture = windowed(acquisition, shown)
    every = -(-max(picture.shape) // _LARGEST)
    return page(lines, picture[::every, ::every], (_LEFT, below), _PICTURE_PT, title)


def draw(acquisition: Reported, dataset: Dataset) -> None:
    """Write the page of a data set anew, with what its attributes say now."""
    put_in(dataset, _page(acquisition, dataset))


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one document."""
    said = header(context, modality=encapsulated_pdf.MODALITY)
    title = said.DocumentTitle = f"{subject_of(acquisition).title} report, {acquisition.phantom.name}"
    made = _page(acquisition, said)
    document = Pdf(made, context.series.started, title, _STUDY, identified=True, source="report")
    dataset = encapsulated_pdf.describe(document, context)
    image = source.image(acquisition, shown_slice(acquisition))
    # due where a document was derived from instances (Type 1C, C.24.2)
    dataset.SourceInstanceSequence = [source.item(image)]
    yield dataset


def page_truth(_: Reported, dataset: Dataset) -> Mapping[str, Any]:
    """What the page shows of attributes: which, its value, and the text that stands there for it."""
    return {
        "page_text": [
            {
                "text": text,
                "keyword": keyword,
                "value": value_of(dataset, keyword),
                "identifies": keyword in _IDENTIFYING,
            }
            for keyword, text in _shown(dataset).items()
            if value_of(dataset, keyword)
        ]
    }


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "findings": findings(acquisition),
        **{f"picture_of_{name}": number for name, number in source.told(acquisition, shown_slice(acquisition)).items()},
    }


PDF = Kind(
    name="pdf",
    modality=encapsulated_pdf.MODALITY,
    sop_class_uid=EncapsulatedPDFStorage,
    title="PDF Report",
    default_phantom=CT.default_phantom,
    acquire=imaged,
    describe=describe,
    truth=_truth,
    told_of=page_truth,
    draw=draw,
    reports=CT.name,
    also_reports=OTHERS,
    default_phantom_of=usual_phantom,
    series_number=904,
    labels=False,
)
