"""Enumerated Values (PS3.3 5; PS3.5 3.10): all that an attribute may hold, other than Defined Terms, which grow.

One table for what is set (`iods.attributes`) and for what is checked (`station.consistency`). Each entry is as dciodvfy
knows it, which the tests ask; Patient Position, Body Part Examined and their like are not here, since PS3.3 has Defined
Terms for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from modality.iods.setting.types import attribute_types

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_YES_NO = ("YES", "NO")


@dataclass(frozen=True, slots=True)
class Enumerated:
    """What PS3.3 enumerates.

    Args:
        clause: where, in PS3.3.
        places: what each value may be by its place; a single set is that of all values.
    """

    clause: str
    places: tuple[tuple[str, ...], ...]

    def wrong(self, values: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
        """The first value that is none of those allowed, and what is allowed there; None where all are.

        Args:
            values: without padding; one that is missing counts as empty.
        """
        sets = self.places * max(1, len(values)) if len(self.places) == 1 else self.places
        for place, allowed in enumerate(sets):
            value = values[place] if place < len(values) else ""
            if value not in allowed:
                return value, allowed
        return None

    def __str__(self) -> str:
        return ", ".join(words(allowed) for allowed in self.places)


def _of(clause: str, *allowed: str) -> Enumerated:
    return Enumerated(clause, (allowed,))


_COMMON: Mapping[str, Enumerated] = {
    "PatientSex": _of("C.7.1.1", "M", "F", "O"),
    "QualityControlSubject": _of("C.7.1.1", *_YES_NO),
    "PatientIdentityRemoved": _of("C.7.1.1", *_YES_NO),
    "SmokingStatus": _of("C.7.2.2", *_YES_NO, "UNKNOWN"),
    "Laterality": _of("C.7.3.1", "R", "L"),
    "SynchronizationTrigger": _of("C.7.4.2", "SOURCE", "EXTERNAL", "PASSTHRU", "NO TRIGGER"),
    "AcquisitionTimeSynchronized": _of("C.7.4.2", "Y", "N"),
    "ImageType": Enumerated("C.7.6.1.1.2", (("ORIGINAL", "DERIVED", "MIXED"), ("PRIMARY", "SECONDARY"))),
    "ImageLaterality": _of("C.7.6.1", "R", "L", "U", "B"),
    "BurnedInAnnotation": _of("C.7.6.1", *_YES_NO),
    "RecognizableVisualFeatures": _of("C.7.6.1", *_YES_NO),
    "QualityControlImage": _of("C.7.6.1", *_YES_NO),
    "LossyImageCompression": _of("C.7.6.1.1.5", "00", "01"),
    "PresentationLUTShape": _of("C.7.6.1", "IDENTITY", "INVERSE"),
    "PlanarConfiguration": _of("C.7.6.3.1.3", "0", "1"),
    "LongitudinalTemporalInformationModified": _of("C.12.1", "UNMODIFIED", "MODIFIED", "REMOVED"),
    "ContentQualification": _of("C.12.1", "PRODUCT", "RESEARCH", "SERVICE"),
    "CompletionFlag": _of("C.17.2", "PARTIAL", "COMPLETE"),
    "VerificationFlag": _of("C.17.2, C.24.2", "VERIFIED", "UNVERIFIED"),
}
"""Of every IOD that has the attribute, unless it has its own below."""

_ONE_FRAME = Enumerated("C.7.6.1.1.2", (("ORIGINAL", "DERIVED"), ("PRIMARY", "SECONDARY")))
_FIRST_HAND = (("ORIGINAL", "DERIVED"), ("PRIMARY",))
_SHAPE = ("RECTANGLE", "ROUND", "HEXAGONAL")
_DX: Mapping[str, Enumerated] = {
    "ImageType": _ONE_FRAME,
    "PixelIntensityRelationship": _of("C.8.11.3", "LIN", "LOG"),
    "FieldOfViewShape": _of("C.8.11.4", *_SHAPE),
    "DetectorActiveShape": _of("C.8.11.4", *_SHAPE),
    "DetectorConditionsNominalFlag": _of("C.8.11.4", *_YES_NO),
    "FieldOfViewHorizontalFlip": _of("C.8.11.4", *_YES_NO),
}
_ANGIOGRAPHIC: Mapping[str, Enumerated] = {
    "ImageType": _ONE_FRAME,
    "RadiationSetting": _of("C.8.7.2", "SC", "GR"),
}
_ENHANCED: Mapping[str, Enumerated] = {
    "ImageType": Enumerated("C.8.16.1", (("ORIGINAL", "DERIVED", "MIXED"), ("PRIMARY",))),
    "BurnedInAnnotation": _of("C.8.13.1, C.8.15.2", "NO"),
    "PixelPresentation": _of("C.8.16.2", "COLOR", "MONOCHROME", "MIXED", "TRUE_COLOR"),
    "VolumetricProperties": _of("C.8.16.2", "VOLUME", "SAMPLED", "DISTORTED", "MIXED"),
}
_OF_AN_IOD: Mapping[str, Mapping[str, Enumerated]] = {
    "computed-radiography-image": {"ImageType": _ONE_FRAME},
    "ct-image": {"ImageType": _ONE_FRAME, "RotationDirection": _of("C.8.2.1", "CW", "CC")},
    "mr-image": {
        "ImageType": _ONE_FRAME,
        "ScanningSequence": _of("C.8.3.1", "SE", "IR", "GR", "EP", "RM"),
        "MRAcquisitionType": _of("C.8.3.1", "2D", "3D"),
        "InPlanePhaseEncodingDirection": _of("C.8.3.1", "ROW", "COL"),
        "AngioFlag": _of("C.8.3.1", "Y", "N"),
    },
    "enhanced-ct-image": _ENHANCED,
    "enhanced-mr-image": _ENHANCED,
    "digital-x-ray-image": _DX,
    "digital-mammography-x-ray-image": {
        **_DX,
        "ImageLaterality": _of("C.8.11.7", "R", "L", "B"),
        "PositionerType": _of("C.8.11.7", "MAMMOGRAPHIC", "NONE"),
        "PartialView": _of("C.8.11.7", *_YES_NO),
        "BreastImplantPresent": _of("C.8.11.7", *_YES_NO),
    },
    "x-ray-angiographic-image": _ANGIOGRAPHIC,
    "x-ray-radiofluoroscopic-image": _ANGIOGRAPHIC,
    "ultrasound-image": {"ImageType": _ONE_FRAME},
    "ultrasound-multi-frame-image": {"ImageType": _ONE_FRAME},
    "secondary-capture-image": {"ImageType": _ONE_FRAME},
    "nuclear-medicine-image": {
        "ImageType": Enumerated("C.8.4.9", _FIRST_HAND),
        "TypeOfDetectorMotion": _of("C.8.4.12", "STEP AND SHOOT", "CONTINUOUS", "ACQ DURING STEP"),
    },
    "positron-emission-tomography-image": {
        "ImageType": Enumerated("C.8.9.4", _FIRST_HAND),
        "CountsSource": _of("C.8.9.1", "EMISSION", "TRANSMISSION"),
    },
    "ophthalmic-photography-8-bit-image": {
        "ImageType": Enumerated("C.8.17.2", _FIRST_HAND),
        "ImageLaterality": _of("C.8.17.5", "R", "L", "B"),
        "PatientEyeMovementCommanded": _of("C.8.17.4", *_YES_NO),
        "PupilDilated": _of("C.8.17.4", *_YES_NO),
    },
    "rt-dose": {
        "ImageType": _ONE_FRAME,
        "DoseUnits": _of("C.8.8.3", "GY", "RELATIVE"),
        "TissueHeterogeneityCorrection": _of("C.8.8.3", "IMAGE", "ROI_OVERRIDE", "WATER"),
    },
    "rt-plan": {"ApprovalStatus": _of("C.8.8.16", "APPROVED", "UNAPPROVED", "REJECTED")},
    "rt-structure-set": {"ApprovalStatus": _of("C.8.8.16", "APPROVED", "UNAPPROVED", "REJECTED")},
}
"""By the name that `configs/attribute_types.toml` has for an IOD."""

# The modality that the IOD of a class enumerates, or that its name is (PS3.3 annex A; C.7.3.1.1.1).
_MODALITIES: Mapping[str, tuple[str, ...]] = {
    "1": ("CR",), "1.1": ("DX", "IO", "MG", "PX"), "1.1.1": ("DX", "IO", "MG", "PX"),
    "1.2": ("MG",), "1.2.1": ("MG",), "1.3": ("IO",), "1.3.1": ("IO",),
    "2": ("CT",), "2.1": ("CT",), "2.2": ("CT",),
    "3.1": ("US", "IVUS"), "6.1": ("US", "IVUS"), "6.2": ("US", "IVUS"),
    "4": ("MR",), "4.1": ("MR",), "4.2": ("MR",), "4.4": ("MR",),
    "12.1": ("XA",), "12.1.1": ("XA",), "12.2": ("RF",), "12.2.1": ("RF",),
    "13.1.3": ("MG",),
    "20": ("NM",), "128": ("PT",), "128.1": ("PT",), "130": ("PT",),
    "66.4": ("SEG",), "77.1.5.1": ("OP",), "77.1.6": ("SM",),
    "481.1": ("RTIMAGE",), "481.2": ("RTDOSE",), "481.3": ("RTSTRUCT",), "481.5": ("RTPLAN",),
    "88.11": ("SR",), "88.22": ("SR",), "88.33": ("SR",), "88.34": ("SR",), "88.59": ("KO",), "88.67": ("SR",),
    "9.1.1": ("ECG",), "9.1.2": ("ECG",), "9.1.3": ("ECG",),
}  # fmt: skip
# Which of the two a class is for (PS3.3 C.8.11.1; PS3.4 B.5).
_INTENTS: Mapping[str, str] = {
    **dict.fromkeys(("1.1", "1.2", "1.3"), "FOR PRESENTATION"),
    **dict.fromkeys(("1.1.1", "1.2.1", "1.3.1"), "FOR PROCESSING"),
}


def modalities_of(sop_class_uid: str) -> tuple[str, ...]:
    """What Modality may be in the instances of a SOP Class; none where any may."""
    return _MODALITIES.get(_ending(sop_class_uid), ())


def enumerated(keyword: str, sop_class_uid: str, photometric: str = "") -> Enumerated | None:
    """What an attribute may hold; None where PS3.3 does not enumerate that, or it is not known here.

    Args:
        keyword: of an attribute at the top of a data set.
        sop_class_uid: of the data set; where it is empty, what holds in all IODs is known.
        photometric: its Photometric Interpretation, where there is one: Presentation LUT Shape depends on it.
    """
    if keyword == "Modality":
        modalities = modalities_of(sop_class_uid)
        return _of("annex A, C.7.3.1.1.1", *modalities) if modalities else None
    if keyword == "PresentationIntentType":
        intent = _INTENTS.get(_ending(sop_class_uid))
        return _of("C.8.11.1", intent) if intent else None
    if keyword == "PresentationLUTShape" and photometric:
        return _of("C.7.6.1", "INVERSE" if photometric == "MONOCHROME1" else "IDENTITY")
    return _own(sop_class_uid).get(keyword) or _COMMON.get(keyword)


def enumerated_keywords(sop_class_uid: str) -> tuple[str, ...]:
    """The attributes that `enumerated` knows of instances of a SOP Class, but Modality and Presentation Intent Type."""
    return tuple(dict.fromkeys((*_COMMON, *_own(sop_class_uid))))


def _own(sop_class_uid: str) -> Mapping[str, Enumerated]:
    return _OF_AN_IOD.get(attribute_types().iod_of.get(sop_class_uid, ""), {})


def words(allowed: Sequence[str]) -> str:
    """Values as a sentence has them: M, F or O."""
    return " or ".join(filter(None, (", ".join(allowed[:-1]), allowed[-1])))


def _ending(sop_class_uid: str) -> str:
    return sop_class_uid.removeprefix(_STORAGE) if sop_class_uid.startswith(_STORAGE) else ""
