"""PS3.3 C.8.25: Autorefraction Measurements and Keratometry Measurements."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.measurements.eyes import Autorefraction, Cornea, Keratometry, Meridian, Refraction
from modality.iods.modules.ophthalmic.refractive import degrees, lengths, number, sphere_and_cylinder

KERATOMETRIC_INDEX = 1.3375
"""The refractive index by which most keratometers turn a radius into a power."""


def autorefraction_measurements(dataset: Dataset, measurement: Autorefraction) -> None:
    """Each eye, and the distance of the pupils.

    Args:
        dataset: gets the attributes.
        measurement: of at least one eye.
    """
    for keyword, where, eye in (
        ("AutorefractionRightEyeSequence", "right eye", measurement.right),
        ("AutorefractionLeftEyeSequence", "left eye", measurement.left),
    ):
        if eye is not None:
            setattr(dataset, keyword, [_refraction(where, eye)])
    distances = {"DistancePupillaryDistance": measurement.pd_mm, "NearPupillaryDistance": measurement.near_pd_mm}
    lengths(dataset, "eyes", distances)


def _refraction(where: str, eye: Refraction) -> Dataset:
    item = Dataset()
    sphere_and_cylinder(item, where, eye.sphere, eye.cylinder, eye.axis)
    sizes = {"VertexDistance": eye.vertex_mm, "PupilSize": eye.pupil_mm, "CornealSize": eye.cornea_mm}
    lengths(item, where, sizes)
    return item


def keratometry_measurements(dataset: Dataset, measurement: Keratometry) -> None:
    """Each cornea by its two meridians.

    Args:
        dataset: gets the attributes.
        measurement: of at least one eye.
    """
    for keyword, where, cornea in (
        ("KeratometryRightEyeSequence", "right cornea", measurement.right),
        ("KeratometryLeftEyeSequence", "left cornea", measurement.left),
    ):
        if cornea is not None:
            setattr(dataset, keyword, [_cornea(where, cornea)])


def _cornea(where: str, cornea: Cornea) -> Dataset:
    item = Dataset()
    item.SteepKeratometricAxisSequence = [_meridian(f"{where}, steep", cornea.steep)]
    item.FlatKeratometricAxisSequence = [_meridian(f"{where}, flat", cornea.flat)]
    return item


def _meridian(where: str, meridian: Meridian) -> Dataset:
    item = Dataset()
    lengths(item, where, {"RadiusOfCurvature": meridian.radius_mm})
    power = meridian.power
    if power is None:
        power = round((KERATOMETRIC_INDEX - 1) / (meridian.radius_mm / 1e3), 4)
    item.KeratometricPower = number(where, "power", power)
    item.KeratometricAxis = degrees(where, "axis", meridian.axis)
    return item
