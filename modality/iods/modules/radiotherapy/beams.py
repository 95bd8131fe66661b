"""PS3.3 C.8.8.13 RT Fraction Scheme and C.8.8.14 RT Beams."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.radiotherapy.beam_quality import SOURCE_AXIS_MM
from modality.acquisition.radiotherapy.beams import Beam
from modality.acquisition.radiotherapy.plan import Plan
from modality.iods.modules.radiotherapy.general_plan import SETUP, TARGET
from modality.iods.values import decimal, decimals

_JAWS = ("ASYMX", "ASYMY")
_MU_PER_MIN = 600.0  # our choice, as accelerators have it


def fraction_scheme(dataset: Dataset, plan: Plan) -> None:
    """All beams in each of the fractions.

    Args:
        dataset: gets the attributes.
        plan: says how many.
    """
    group = Dataset()
    group.FractionGroupNumber = "1"
    group.NumberOfFractionsPlanned = str(plan.fractions)
    group.NumberOfBeams = str(len(plan.fields))
    group.NumberOfBrachyApplicationSetups = "0"
    group.ReferencedBeamSequence = []
    for beam in plan.fields:
        item = Dataset()
        item.BeamDose = decimal(round(beam.dose_gy / plan.fractions, 6))
        item.BeamMeterset = decimal(plan.meterset_mu(beam))
        item.ReferencedBeamNumber = str(beam.number)
        group.ReferencedBeamSequence.append(item)
    dose = Dataset()
    dose.ReferencedDoseReferenceNumber = TARGET
    dose.TargetPrescriptionDose = decimal(plan.prescription_gy)
    group.ReferencedDoseReferenceSequence = [dose]
    dataset.FractionGroupSequence = [group]


def rt_beams(dataset: Dataset, plan: Plan) -> None:
    """The beams: photons, static, through jaws alone.

    Args:
        dataset: gets the attributes.
        plan: whose beams they are.
    """
    dataset.BeamSequence = [_beam(beam) for beam in plan.fields]


def _beam(beam: Beam) -> Dataset:
    item = Dataset()
    item.TreatmentMachineName = "SIMULATED"
    item.PrimaryDosimeterUnit = "MU"
    item.SourceAxisDistance = decimal(SOURCE_AXIS_MM)
    item.BeamLimitingDeviceSequence = []
    for kind in _JAWS:
        device = Dataset()
        device.RTBeamLimitingDeviceType = kind
        device.NumberOfLeafJawPairs = "1"
        item.BeamLimitingDeviceSequence.append(device)
    item.BeamNumber = str(beam.number)
    item.BeamName = f"G{beam.axis.gantry_deg:g}"
    item.BeamType = "STATIC"
    item.RadiationType = "PHOTON"
    item.TreatmentDeliveryType = "TREATMENT"
    item.NumberOfWedges = item.NumberOfCompensators = item.NumberOfBoli = item.NumberOfBlocks = "0"
    item.FinalCumulativeMetersetWeight = "1"
    item.NumberOfControlPoints = "2"
    item.ControlPointSequence = [_first_point(beam), _last_point()]
    item.ReferencedPatientSetupNumber = SETUP
    return item


def _first_point(beam: Beam) -> Dataset:
    """All of a static beam (C.8.8.14.5)."""
    point = Dataset()
    point.ControlPointIndex = "0"
    point.NominalBeamEnergy = str(beam.quality.nominal_mv)
    point.DoseRateSet = decimal(_MU_PER_MIN)
    point.BeamLimitingDevicePositionSequence = []
    for kind, jaws in zip(_JAWS, (beam.jaws_x_mm, beam.jaws_y_mm), strict=True):
        device = Dataset()
        device.RTBeamLimitingDeviceType = kind
        device.LeafJawPositions = decimals(jaws)
        point.BeamLimitingDevicePositionSequence.append(device)
    point.GantryAngle = decimal(beam.axis.gantry_deg)
    for what in ("BeamLimitingDevice", "PatientSupport", "TableTopEccentric"):
        setattr(point, f"{what}Angle", "0")
        setattr(point, f"{what}RotationDirection", "NONE")
    point.GantryRotationDirection = "NONE"
    point.TableTopVerticalPosition = point.TableTopLongitudinalPosition = point.TableTopLateralPosition = None
    point.IsocenterPosition = decimals(beam.axis.isocentre_mm)
    point.SourceToSurfaceDistance = decimal(beam.source_surface_mm)
    point.CumulativeMetersetWeight = "0"
    return point


def _last_point() -> Dataset:
    point = Dataset()
    point.ControlPointIndex = "1"
    point.CumulativeMetersetWeight = "1"
    return point
