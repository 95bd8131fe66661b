"""The kind pdf: a report of one page on a CT series, as an Encapsulated PDF (PS3.3 A.45.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from modality.acquisition.reported import Reported, reported
from modality.identity import Patient
from modality.iods.coded import Code
from modality.iods.context import Context
from modality.iods.documents import encapsulated_pdf
from modality.iods.documents.content import Pdf
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.macros.reference import reference
from modality.iods.reports import source
from modality.iods.reports.measurements import sphere_mm
from modality.iods.reports.pdf_page import Line, page
from modality.iods.reports.picture import shown_slice, windowed

_STUDY = Code("18748-4", "LN", "Diagnostic imaging study")
_LEFT, _SIZE, _STEP = 56.0, 10.0, 15.0
_PICTURE_PT, _LARGEST = 260.0, 256
_MOST_FINDINGS = 14
_UNWRITABLE = "(in letters that this page's font lacks)"


def _name(who: Patient) -> str:
    """The alphabetic name as people write it, where the page's font has it."""
    parts = [part for part in who.name.partition("=")[0].split("^") if part]
    name = ", ".join([parts[0], " ".join(parts[1:])]) if len(parts) > 1 else "".join(parts)
    return name if name.encode("cp1252", "replace").decode("cp1252") == name else _UNWRITABLE


def findings(acquisition: Reported) -> list[str]:
    """What the page says of the scan: a line for each structure, lesions first."""
    lines = []
    for structure in acquisition.structures[:_MOST_FINDINGS]:
        diameter, index = sphere_mm(structure), acquisition.slice_of(structure)
        assert index is not None
        size = f"diameter {diameter:.1f} mm" if diameter else f"volume {structure['volume_mm3'] / 1000.0:.1f} ml"
        lines.append(f"{structure['name']}: {size}, {structure['properties']['HU']:.0f} HU, image {index + 1}")
    return lines or ["The images show nothing that is measured."]


def _body(acquisition: Reported, context: Context) -> list[str]:
    who, study, scan = context.patient, context.study, acquisition.scan
    protocol = scan.protocol
    born = f", born {who.birth_date[:4]}-{who.birth_date[4:6]}-{who.birth_date[6:]}" if who.birth_date else ""
    technique = (
        f"Technique: {protocol.kvp:.0f} kV, {len(scan)} images of {protocol.slice_thickness_mm:g} mm, "
        f"kernel {protocol.kernel.lower()}; DLP {scan.dlp_mgy_cm:.1f} mGy.cm."
    )
    return [
        f"Patient: {_name(who)}, ID {who.patient_id}{born}",
        f"Accession number {study.accession_number or 'none'}, study of {study.started:%Y-%m-%d %H:%M}",
        "",
        technique,
        "",
        "Findings:",
        *findings(acquisition),
        "",
        "Simulated: the patient is a phantom, and the findings are its truth.",
    ]


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one document."""
    title = f"CT report, {acquisition.phantom.name}"
    lines = [Line(_LEFT, 70.0, 18.0, title)]
    below = 100.0
    for text in _body(acquisition, context):
        lines.append(Line(_LEFT, below, _SIZE, text))
        below += _STEP
    shown = shown_slice(acquisition)
    lines.append(Line(_LEFT, below + _PICTURE_PT + 12.0, 8.0, f"Image {shown + 1}"))
    picture = windowed(acquisition, shown)
    every = -(-max(picture.shape) // _LARGEST)
    made = page(lines, picture[::every, ::every], (_LEFT, below), _PICTURE_PT, title)
    document = Pdf(made, context.series.started, title, _STUDY, identified=True, source="report")
    dataset = encapsulated_pdf.describe(document, context)
    image = source.image(acquisition, shown)  # due where a document was derived from instances (Type 1C, C.24.2)
    dataset.SourceInstanceSequence = [reference(image.sop_class_uid, image.sop_instance_uid)]
    yield dataset


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "findings": findings(acquisition),
        "picture_of_instance_number": shown_slice(acquisition) + 1,
    }


PDF = Kind(
    name="pdf",
    modality=encapsulated_pdf.MODALITY,
    sop_class_uid=EncapsulatedPDFStorage,
    title="PDF Report",
    default_phantom=CT.default_phantom,
    acquire=reported,
    describe=describe,
    truth=_truth,
    reports=CT.name,
    series_number=904,
    labels=False,
)
