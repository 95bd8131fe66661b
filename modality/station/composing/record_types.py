"""Which directory record an instance has (PS3.3 F.4, F.5), and how the names of its files begin."""

from __future__ import annotations

from collections.abc import Mapping

from pydicom import uid
from pydicom.dataset import Dataset

PREFIXES: Mapping[str, str] = {
    "PATIENT": "PT", "STUDY": "ST", "SERIES": "SE", "IMAGE": "IM", "RT DOSE": "RD", "RT STRUCTURE SET": "RS",
    "RT PLAN": "RP", "RT TREAT RECORD": "RX", "PRESENTATION": "PR", "WAVEFORM": "WV", "SR DOCUMENT": "SR",
    "KEY OBJECT DOC": "KY", "SPECTROSCOPY": "SP", "RAW DATA": "RW", "REGISTRATION": "RG", "FIDUCIAL": "FD",
    "ENCAP DOC": "ED", "VALUE MAP": "VM", "STEREOMETRIC": "SX", "MEASUREMENT": "MX", "SURFACE": "SF",
    "SURFACE SCAN": "SS", "TRACT": "TR", "ASSESSMENT": "AS", "PLAN": "PL", "RADIOTHERAPY": "RT",
}  # fmt: skip
"""Two letters for each type of record: the standard leaves names of files open (PS3.10 8.2)."""

_CLASSES: Mapping[str, tuple[str, ...]] = {
    "RT DOSE": (uid.RTDoseStorage,),
    "RT STRUCTURE SET": (uid.RTStructureSetStorage,),
    "RT PLAN": (uid.RTPlanStorage, uid.RTIonPlanStorage),
    "RT TREAT RECORD": (
        uid.RTBeamsTreatmentRecordStorage,
        uid.RTBrachyTreatmentRecordStorage,
        uid.RTTreatmentSummaryRecordStorage,
        uid.RTIonBeamsTreatmentRecordStorage,
    ),
    "PRESENTATION": (
        uid.GrayscaleSoftcopyPresentationStateStorage,
        uid.ColorSoftcopyPresentationStateStorage,
        uid.PseudoColorSoftcopyPresentationStateStorage,
        uid.BlendingSoftcopyPresentationStateStorage,
        uid.XAXRFGrayscaleSoftcopyPresentationStateStorage,
        uid.BasicStructuredDisplayStorage,
    ),
    "WAVEFORM": (
        uid.BasicVoiceAudioWaveformStorage,
        uid.TwelveLeadECGWaveformStorage,
        uid.GeneralECGWaveformStorage,
        uid.AmbulatoryECGWaveformStorage,
        uid.HemodynamicWaveformStorage,
        uid.CardiacElectrophysiologyWaveformStorage,
        uid.ArterialPulseWaveformStorage,
        uid.RespiratoryWaveformStorage,
        uid.GeneralAudioWaveformStorage,
        uid.RoutineScalpElectroencephalogramWaveformStorage,
        uid.ElectromyogramWaveformStorage,
        uid.ElectrooculogramWaveformStorage,
        uid.SleepElectroencephalogramWaveformStorage,
        uid.MultichannelRespiratoryWaveformStorage,
        uid.BodyPositionWaveformStorage,
    ),
    "SR DOCUMENT": (
        uid.BasicTextSRStorage,
        uid.EnhancedSRStorage,
        uid.ComprehensiveSRStorage,
        uid.Comprehensive3DSRStorage,
        uid.ExtensibleSRStorage,
        uid.MammographyCADSRStorage,
        uid.ChestCADSRStorage,
        uid.ColonCADSRStorage,
        uid.ProcedureLogStorage,
        uid.XRayRadiationDoseSRStorage,
        uid.RadiopharmaceuticalRadiationDoseSRStorage,
        uid.PatientRadiationDoseSRStorage,
        uid.PlannedImagingAgentAdministrationSRStorage,
        uid.PerformedImagingAgentAdministrationSRStorage,
        uid.SpectaclePrescriptionReportStorage,
        uid.MacularGridThicknessAndVolumeReportStorage,
        uid.ImplantationPlanSRStorage,
        uid.AcquisitionContextSRStorage,
        uid.SimplifiedAdultEchoSRStorage,
    ),
    "KEY OBJECT DOC": (uid.KeyObjectSelectionDocumentStorage,),
    "SPECTROSCOPY": (uid.MRSpectroscopyStorage,),
    "RAW DATA": (uid.RawDataStorage,),
    "REGISTRATION": (uid.SpatialRegistrationStorage, uid.DeformableSpatialRegistrationStorage),
    "FIDUCIAL": (uid.SpatialFiducialsStorage,),
    "VALUE MAP": (uid.RealWorldValueMappingStorage,),
    "STEREOMETRIC": (uid.StereometricRelationshipStorage,),
    "MEASUREMENT": (
        uid.LensometryMeasurementsStorage,
        uid.AutorefractionMeasurementsStorage,
        uid.KeratometryMeasurementsStorage,
        uid.SubjectiveRefractionMeasurementsStorage,
        uid.VisualAcuityMeasurementsStorage,
        uid.OphthalmicAxialMeasurementsStorage,
        uid.OphthalmicVisualFieldStaticPerimetryMeasurementsStorage,
    ),
    "SURFACE": (uid.SurfaceSegmentationStorage,),
    "SURFACE SCAN": (uid.SurfaceScanMeshStorage, uid.SurfaceScanPointCloudStorage),
    "TRACT": (uid.TractographyResultsStorage,),
    "ASSESSMENT": (uid.ContentAssessmentResultsStorage,),
}
_TYPES: Mapping[str, str] = {one: name for name, classes in _CLASSES.items() for one in classes}
_OF_A_MODALITY: Mapping[str, str] = {
    "PLAN": "PLAN",
    **dict.fromkeys(("RTINTENT", "RTSEGANN", "RTRAD"), "RADIOTHERAPY"),
}  # second-generation radiotherapy


def record_type(dataset: Dataset) -> str:
    """Directory Record Type of an instance: IMAGE of all that has no other.

    Args:
        dataset: the instance, without its pixels.
    """
    if "EncapsulatedDocument" in dataset:
        return "ENCAP DOC"
    own = _OF_A_MODALITY.get(str(dataset.get("Modality", "")))
    return own or _TYPES.get(str(dataset.get("SOPClassUID", "")), "IMAGE")
