"""The kind sr: measurements of what a series shows, by PS3.16 TID 1500, written by highdicom (PS3.3 A.35.2, A.35.3).

Each structure of the truth, lesions first, has two measurement groups of one tracking identifier: a planar region, a
circle in the slice nearest to its middle (TID 1410) with area and mean CT number or uptake, and the whole (TID 1501)
with its volume and, of MR, its relaxation times, which are the truth's. The circle is a section of the truth's ball,
which lies wholly inside the structure; of a radiograph it is the ball's shadow, and its area is that in the patient:
what the shadow has, without its magnification. A sonogram's and a radiograph's sizes are all that is measured of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage, EnhancedSRStorage

from modality.acquisition import reported as scans
from modality.acquisition.reported import About, Reported
from modality.acquisition.sights.sight import Circle
from modality.errors import MissingExtraError, UsageError
from modality.identity import Identity, uid
from modality.iods.captured import context_modules
from modality.iods.context import Context
from modality.iods.derived.segment_codes import Concept, code_of
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.document.general import document_general, evidence
from modality.iods.modules.document.series import document_series
from modality.iods.reports import source
from modality.iods.reports.subject import OTHERS, subject_of, usual_phantom
from phantoms.phantom import Phantom, StructureTruth

if TYPE_CHECKING:
    from types import ModuleType

SOP_CLASSES: Mapping[str, str] = {"comprehensive": ComprehensiveSRStorage, "enhanced": EnhancedSRStorage}

_SMALLEST_MM = 0.5  # of a circle's radius; below that the slice passes the ball
_MORE_SLICES = "sr: no slice shows a structure that could be measured: give more --slices"
_NOTHING: Mapping[str, str] = {
    "us": "sr: no frame passes a structure that could be measured: give more --option frames, or another --phantom",
    **dict.fromkeys(
        ("dx", "cr", "mg"), "sr: no structure that could be measured is in the field: give another --phantom"
    ),
}
_MEAN = ("373098007", "SCT", "Mean")
_AREA, _VOLUME, _DIAMETER = ("42798000", "SCT", "Area"), ("118565006", "SCT", "Volume"), ("81827009", "SCT", "Diameter")
_MM = ("mm", "UCUM", "millimeter")
_MM2, _MM3 = ("mm2", "UCUM", "square millimeter"), ("mm3", "UCUM", "cubic millimeter")


def circles(acquisition: Reported) -> list[tuple[StructureTruth, Circle]]:
    """What is reported: structures that a picture really shows, each with its circle."""
    pairs = [(one, acquisition.circle(one)) for one in acquisition.structures]
    return [(one, circle) for one, circle in pairs if circle.inside and circle.radius_mm >= _SMALLEST_MM]


def sphere_mm(structure: StructureTruth) -> float | None:
    """The diameter of a structure that is a sphere, from its volume; None of all others."""
    if structure["shape"] != "sphere":
        return None
    return round(math.pow(6.0 * structure["volume_mm3"] / math.pi, 1.0 / 3.0), 2)


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one report.

    Raises:
        MissingExtraError: highdicom is not installed.
        UsageError: the slices show nothing of the truth's.
    """
    try:
        import highdicom
    except ImportError as error:
        raise MissingExtraError("a report of measurements", "seg") from error
    measured = circles(acquisition)
    if not measured:
        raise UsageError(_NOTHING.get(acquisition.about, _MORE_SLICES))
    dataset = Dataset()
    context_modules(dataset, context, modality="SR", series=document_series)
    document_general(dataset, context, context.series.started, 1)
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    dataset.PerformedProcedureCodeSequence = []
    images = evidence(source.image(acquisition, circle.index) for _, circle in measured)
    own = str(images[0].StudyInstanceUID) == context.study.uid
    setattr(dataset, "CurrentRequestedProcedureEvidenceSequence" if own else "PertinentOtherEvidenceSequence", images)
    (content,) = _report(highdicom, acquisition, context, measured)
    dataset.update({element.tag: element for element in content if element.keyword != "RelationshipType"})
    instance = context.identity.uid("instance", 1)
    sop_common(dataset, context, sop_class_uid=SOP_CLASSES[acquisition.form], sop_instance_uid=instance)
    yield dataset


def _report(
    highdicom: ModuleType, acquisition: Reported, context: Context, measured: list[tuple[StructureTruth, Circle]]
) -> Any:
    """TID 1500."""
    sr, machine = highdicom.sr, context.equipment
    observer = sr.ObserverContext(
        observer_type=sr.CodedConcept("121007", "DCM", "Device"),
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=uid("device", machine.manufacturer, machine.model_name, machine.device_serial_number),
            manufacturer_name=machine.manufacturer or None,
            model_name=machine.model_name or None,
            serial_number=machine.device_serial_number or None,
        ),
    )
    groups = [
        group
        for structure, circle in measured
        for group in _groups(sr, acquisition, context.identity, structure, circle)
    ]
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=sr.CodedConcept(*subject_of(acquisition).procedure),
        imaging_measurements=groups,
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(
            sr.CodedConcept("en", "RFC5646", "English")
        ),
    )


def _groups(
    sr: ModuleType, acquisition: Reported, identity: Identity, structure: StructureTruth, circle: Circle
) -> Iterator[Any]:
    """The circle, and the whole structure."""

    def coded(concept: Concept) -> Any:
        return sr.CodedConcept(concept.value, "SCT", concept.meaning)

    def measurement(name: tuple[str, str, str], value: float, unit: tuple[str, str, str], **more: Any) -> Any:
        return sr.Measurement(name=sr.CodedConcept(*name), value=value, unit=sr.CodedConcept(*unit), **more)

    values = subject_of(acquisition).measured(structure)

    def measured(*, of_region: bool) -> list[Any]:
        mean = {"derivation": sr.CodedConcept(*_MEAN)} if of_region else {}
        return [measurement(one.name, value, one.unit, **mean) for one, value in values if one.of_region == of_region]

    tissue = acquisition.phantom.structures[structure["label"] - 1].tissue.name
    code = code_of(structure["name"], tissue, acquisition.body_part)
    named = {
        "tracking_identifier": sr.TrackingIdentifier(
            uid=identity.uid("tracking", structure["label"]), identifier=structure["name"]
        ),
        "finding_type": coded(code.type),
        "finding_category": coded(code.category),
    }
    shown = source.image(acquisition, circle.index)
    image = (shown.sop_class_uid, shown.sop_instance_uid, list(shown.frames) or None)
    points = np.array([[circle.column, circle.row], [circle.edge, circle.row]])
    yield sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_region=sr.ImageRegion(sr.GraphicTypeValues.CIRCLE, points, sr.SourceImageForRegion(*image)),
        measurements=[measurement(_AREA, circle.area_mm2, _MM2), *measured(of_region=True)],
        **named,
    )
    whole = [measurement(_VOLUME, structure["volume_mm3"], _MM3), *measured(of_region=False)]
    diameter_mm = sphere_mm(structure)
    if diameter_mm is not None:
        whole.append(measurement(_DIAMETER, diameter_mm, _MM))
    yield sr.MeasurementsAndQualitativeEvaluations(
        measurements=whole, source_images=[sr.SourceImageForMeasurementGroup(*image)], **named
    )


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "measurements": [
            {
                "name": structure["name"],
                "label": structure["label"],
                **source.told(acquisition, circle.index),
                "row": round(circle.row, 3),
                "column": round(circle.column, 3),
                "area_mm2": circle.area_mm2,
                **({} if circle.magnification == 1.0 else {"magnification": circle.magnification}),
                **subject_of(acquisition).told(structure),
                "volume_mm3": structure["volume_mm3"],
                "diameter_mm": sphere_mm(structure),
            }
            for structure, circle in circles(acquisition)
        ],
    }


def _sop_class_of(acquisition: Reported) -> str:
    return SOP_CLASSES[acquisition.form]


def measured(
    phantom: Phantom,
    *,
    seed: int,
    form: Literal["comprehensive", "enhanced"] = "comprehensive",
    about: About = "ct",
    rows: int | None = None,
    columns: int | None = None,
    slices: int | None = None,
    frames: int | None = None,
    view: str | None = None,
    kvp: float | None = None,
    mas: float | None = None,
    pitch: float | None = None,
    slice_thickness_mm: float | None = None,
) -> Reported:
    """Plan the scan that a report of measurements is about; options are those of its kind.

    Args:
        phantom: what is scanned.
        seed: of the scan.
        form: comprehensive or enhanced: the SR class.
        about: the kind of the scan: ct, mr, pt, us, dx, cr or mg.
        rows: rows of an image; the kind's own by default.
        columns: columns of an image; the kind's own by default.
        slices: of ct, mr and pt: number of slices, spread over the scan range; None scans it at the slice spacing.
        frames: of us: how many.
        view: of us and radiographs, as their kind has it.
        kvp: of ct and radiographs: tube voltage in kV.
        mas: of ct and radiographs: tube current times time, in mAs.
        pitch: of a helical CT scan, at most 2; 0 scans with the table standing.
        slice_thickness_mm: of ct, mr and pt: nominal thickness; also the spacing.

    Raises:
        UsageError: a number is out of range, or no such form.
    """
    if form not in SOP_CLASSES:
        raise UsageError(f"form {form!r}: one of {', '.join(SOP_CLASSES)}")
    scan = scans.imaged(
        phantom, seed=seed, about=about, rows=rows, columns=columns, slices=slices, frames=frames, view=view, kvp=kvp,
        mas=mas, pitch=pitch, slice_thickness_mm=slice_thickness_mm,
    )  # fmt: skip
    return replace(scan, form=form)


SR = Kind(
    name="sr",
    modality="SR",
    sop_class_uid=ComprehensiveSRStorage,
    title="Measurement Report",
    default_phantom=CT.default_phantom,
    acquire=measured,
    describe=describe,
    truth=_truth,
    reports=CT.name,
    also_reports=OTHERS,
    default_phantom_of=usual_phantom,
    series_number=903,
    sop_class_of=_sop_class_of,
    labels=False,
)
