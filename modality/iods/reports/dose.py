"""The kind rdsr: X-Ray Radiation Dose SR (PS3.3 A.35.8) of a CT scan, by PS3.16 TID 10011, from the scan's protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import XRayRadiationDoseSRStorage

from modality.acquisition.ct import CtAcquisition
from modality.acquisition.reported import Reported, reported
from modality.iods.captured import context_modules
from modality.iods.coded import Code, unit
from modality.iods.context import Context
from modality.iods.documents.content import ENGLISH
from modality.iods.images.ct import CT
from modality.iods.kind import Kind
from modality.iods.macros.anatomy import region
from modality.iods.modules.common.sop_common import sop_common
from modality.iods.modules.document.content_items import (
    LANGUAGE,
    code_item,
    container,
    device_observer,
    moment_item,
    number_item,
    section,
    text_item,
    uid_item,
)
from modality.iods.modules.document.general import document_general, evidence
from modality.iods.modules.document.series import document_series
from modality.iods.modules.multiframe.enhanced_equipment import enhanced_general_equipment
from modality.iods.reports import source

_MM, _S, _KV, _MA = unit("mm"), unit("s"), unit("kV"), unit("mA")
_MGY, _MGY_CM = unit("mGy"), unit("mGy.cm")


def _dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


_SPIRAL, _SEQUENCED = Code("116152004", "SCT", "Spiral Acquisition"), _dcm("113804", "Sequenced Acquisition")
_HEAD, _BODY = _dcm("113690", "IEC Head Dosimetry Phantom"), _dcm("113691", "IEC Body Dosimetry Phantom")


class Dose:
    """What a scan gave, each number from the acquisition.

    Args:
        scan: the CT scan.
    """

    def __init__(self, scan: CtAcquisition) -> None:
        count = len(scan)
        currents = [scan.exposure.tube_current_ma(index) for index in range(count)]
        self.dlp_mgy_cm = scan.dlp_mgy_cm
        self.length_mm = round(count * scan.geometry.slice_spacing_mm, 3)
        self.mean_ctdi_vol_mgy = round(sum(scan.ctdi_vol_mgy(index) for index in range(count)) / count, 4)
        self.mean_ma = round(sum(currents) / count, 2)
        self.greatest_ma = max(currents)
        protocol = scan.protocol
        rotation_s = protocol.exposure_time_ms / 1000.0
        feed_mm = protocol.table_feed_mm or protocol.collimation_mm
        # The beam is on for a turn for each feed of the table, and for one turn at least.
        self.exposure_s = round(max(1.0, self.length_mm / feed_mm) * rotation_s, 3)
        self.rotation_s = rotation_s


def describe(acquisition: Reported, context: Context) -> Iterator[Dataset]:
    """The one report."""
    dataset = Dataset()
    context_modules(dataset, context, modality="SR", series=document_series)
    enhanced_general_equipment(dataset, context)
    created = context.series.started
    document_general(dataset, context, created, 1)
    dataset.CompletionFlag, dataset.VerificationFlag = "COMPLETE", "UNVERIFIED"
    dataset.PerformedProcedureCodeSequence = []
    images = evidence(source.images(acquisition))
    (study,) = {one.StudyInstanceUID for one in images}
    name = (
        "CurrentRequestedProcedureEvidenceSequence" if study == context.study.uid else "PertinentOtherEvidenceSequence"
    )
    setattr(dataset, name, images)
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "10011"
    dataset.ContentTemplateSequence = [template]
    container(dataset, _dcm("113701", "X-Ray Radiation Dose Report"), _content(acquisition, context, str(study)))
    uid = context.identity.uid("instance", 1)
    sop_common(dataset, context, sop_class_uid=XRayRadiationDoseSRStorage, sop_instance_uid=uid)
    yield dataset


def _content(acquisition: Reported, context: Context, study_uid: str) -> Iterator[Dataset]:
    """TID 10011."""
    dose, ended = Dose(acquisition.scan), context.series.started
    yield code_item("HAS CONCEPT MOD", LANGUAGE, ENGLISH)
    procedure = code_item("HAS CONCEPT MOD", _dcm("121058", "Procedure reported"), Code("77477000", "SCT", "CT"))
    intent = Code("363703001", "SCT", "Has Intent"), Code("261004008", "SCT", "Diagnostic Intent")
    procedure.ContentSequence = [code_item("HAS CONCEPT MOD", *intent)]
    yield procedure
    yield from device_observer(context.equipment)
    started = ended - timedelta(seconds=dose.exposure_s)
    yield moment_item("HAS OBS CONTEXT", _dcm("113809", "Start of X-Ray Irradiation"), started)
    yield moment_item("HAS OBS CONTEXT", _dcm("113810", "End of X-Ray Irradiation"), ended)
    scope = code_item("HAS OBS CONTEXT", _dcm("113705", "Scope of Accumulation"), _dcm("113014", "Study"))
    scope.ContentSequence = [uid_item("HAS PROPERTIES", _dcm("110180", "Study Instance UID"), study_uid)]
    yield scope
    yield section(
        _dcm("113811", "CT Accumulated Dose Data"),
        [
            number_item(_dcm("113812", "Total Number of Irradiation Events"), 1, unit("{events}", "events")),
            number_item(_dcm("113813", "CT Dose Length Product Total"), dose.dlp_mgy_cm, _MGY_CM),
        ],
    )
    yield section(_dcm("113819", "CT Acquisition"), _event(acquisition, dose))
    sources = _dcm("113854", "Source of Dose Information"), _dcm("113856", "Automated Data Collection")
    yield code_item("CONTAINS", *sources)


def _event(acquisition: Reported, dose: Dose) -> Iterator[Dataset]:
    """TID 10013: the one irradiation event."""
    protocol = acquisition.scan.protocol
    yield text_item("CONTAINS", _dcm("125203", "Acquisition Protocol"), f"{CT.name}-{acquisition.phantom.name}")
    target = region(acquisition.body_part)
    where = Code(str(target.CodeValue), str(target.CodingSchemeDesignator), str(target.CodeMeaning))
    yield code_item("CONTAINS", _dcm("123014", "Target Region"), where)
    spiral = protocol.pitch is not None
    yield code_item("CONTAINS", _dcm("113820", "CT Acquisition Type"), _SPIRAL if spiral else _SEQUENCED)
    event = source.reported_identity(CT.name, acquisition).uid("irradiation event")
    yield uid_item("CONTAINS", _dcm("113769", "Irradiation Event UID"), event)
    yield section(_dcm("113822", "CT Acquisition Parameters"), _parameters(acquisition, dose))
    yield section(
        _dcm("113829", "CT Dose"),
        [
            number_item(_dcm("113830", "Mean CTDIvol"), dose.mean_ctdi_vol_mgy, _MGY),
            code_item("CONTAINS", _dcm("113835", "CTDIw Phantom Type"), _HEAD if protocol.head_holder else _BODY),
            number_item(_dcm("113838", "DLP"), dose.dlp_mgy_cm, _MGY_CM),
        ],
    )
    modulated = "Z_EC" if protocol.dose_modulation else "NONE"  # Exposure Modulation Type's terms (PS3.3 C.8.15.3.8)
    yield text_item("CONTAINS", _dcm("113842", "X-Ray Modulation Type"), modulated)


def _parameters(acquisition: Reported, dose: Dose) -> Iterator[Dataset]:
    protocol = acquisition.scan.protocol
    yield number_item(_dcm("113824", "Exposure Time"), dose.exposure_s, _S)
    yield number_item(_dcm("113825", "Scanning Length"), dose.length_mm, _MM)
    yield number_item(_dcm("113826", "Nominal Single Collimation Width"), protocol.detector_row_mm, _MM)
    yield number_item(_dcm("113827", "Nominal Total Collimation Width"), protocol.collimation_mm, _MM)
    if protocol.pitch is not None:
        yield number_item(_dcm("113828", "Pitch Factor"), protocol.pitch, unit("{ratio}", "ratio"))
    one = unit("{X-Ray sources}", "X-Ray sources")
    yield number_item(_dcm("113823", "Number of X-Ray Sources"), 1, one)
    yield section(
        _dcm("113831", "CT X-Ray Source Parameters"),
        [
            text_item("CONTAINS", _dcm("113832", "Identification of the X-Ray Source"), "1"),
            number_item(_dcm("113733", "KVP"), protocol.kvp, _KV),
            number_item(_dcm("113833", "Maximum X-Ray Tube Current"), dose.greatest_ma, _MA),
            number_item(_dcm("113734", "X-Ray Tube Current"), dose.mean_ma, _MA),
            number_item(_dcm("113834", "Exposure Time per Rotation"), dose.rotation_s, _S),
        ],
    )


def _truth(acquisition: Reported) -> Mapping[str, Any]:
    dose, protocol = Dose(acquisition.scan), acquisition.scan.protocol
    return {
        "seed": acquisition.seed,
        "phantom": acquisition.phantom.name,
        "kvp": protocol.kvp,
        "pitch": protocol.pitch,
        "mean_ctdi_vol_mgy": dose.mean_ctdi_vol_mgy,
        "dlp_mgy_cm": dose.dlp_mgy_cm,
        "scanning_length_mm": dose.length_mm,
        "mean_tube_current_ma": dose.mean_ma,
        "exposure_time_s": dose.exposure_s,
        "ctdi_phantom": (_HEAD if protocol.head_holder else _BODY).meaning,
    }


RDSR = Kind(
    name="rdsr",
    modality="SR",
    sop_class_uid=XRayRadiationDoseSRStorage,
    title="Radiation Dose Report",
    default_phantom=CT.default_phantom,
    acquire=reported,
    describe=describe,
    truth=_truth,
    reports=CT.name,
    series_number=901,
    labels=False,
)
