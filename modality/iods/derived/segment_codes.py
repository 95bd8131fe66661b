"""What a structure of a phantom is called in SNOMED CT, as the context groups of PS3.16 have it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Concept(NamedTuple):
    """A code of SNOMED CT (Coding Scheme Designator SCT) and its meaning."""

    value: str
    meaning: str


class SegmentCode(NamedTuple):
    """Segmented Property Category (CID 7150) and Type of a segment."""

    category: Concept
    type: Concept


_ANATOMY = Concept("91723000", "Anatomical Structure")
_TISSUE = Concept("85756007", "Tissue")
_ABNORMAL = Concept("49755003", "Morphologically Abnormal Structure")
_SUBSTANCE = Concept("91720002", "Body Substance")
_OBJECT = Concept("260787004", "Physical object")

_PHANTOM = Concept("706342009", "Phantom")
_BONE = Concept("272673000", "Bone")
_MUSCLE = Concept("127954009", "Skeletal muscle")
_FAT = Concept("55603005", "Fat")
_GREY, _WHITE = Concept("389081007", "Gray Matter"), Concept("389080008", "White Matter")
_BLOOD = Concept("87612001", "Blood")
_FLUID = Concept("32457005", "Body fluid")

BY_WORD: Mapping[str, SegmentCode] = {
    "nodule": SegmentCode(_ABNORMAL, Concept("27925004", "Nodule")),
    "cyst": SegmentCode(_ABNORMAL, Concept("367643001", "Cyst")),
    "metastasis": SegmentCode(_ABNORMAL, Concept("128462008", "Metastasis")),
    "haematoma": SegmentCode(_ABNORMAL, Concept("35566002", "Hematoma")),
    "oedema": SegmentCode(_ABNORMAL, Concept("79654002", "Edema")),
    "hyperdense artery": SegmentCode(_ABNORMAL, Concept("396339007", "Thrombus")),
    "ischaemic": SegmentCode(_ABNORMAL, Concept("52988006", "Lesion")),
    **{
        word: SegmentCode(_ANATOMY, Concept(value, meaning))
        for word, value, meaning in (
            ("skin", "39937001", "Skin"),
            ("intercostal muscle", *_MUSCLE),
            ("costal cartilage", "309312004", "Cartilage"),
            ("liver", "10200004", "Liver"),
            ("renal", "64033007", "Kidney"),
            ("ureter", "87953007", "Ureter"),
            ("spleen", "78961009", "Spleen"),
            ("pancrea", "15776009", "Pancreas"),
            ("adrenal", "23451007", "Adrenal gland"),
            ("gall bladder", "28231008", "Gallbladder"),
            ("stomach", "69695003", "Stomach"),
            ("small bowel", "30315005", "Small intestine"),
            ("colon", "71854001", "Colon"),
            ("aorta", "15825003", "Aorta"),
            ("inferior vena cava", "64131007", "Inferior vena cava"),
            ("portal", "32764006", "Portal vein"),
            ("pulmonary arteries", "81040000", "Pulmonary artery"),
            ("heart", "80891009", "Heart"),
            ("left ventricle", "80891009", "Heart"),
            ("chambers", "80891009", "Heart"),
            ("lung vessels", *_BLOOD),
            ("lung", "39607008", "Lung"),
            ("trachea", "44567001", "Trachea"),
            ("bronch", "955009", "Bronchus"),
            ("oesophag", "32849002", "Esophagus"),
            ("diaphragm", "5798000", "Diaphragm"),
            ("rib", "113197003", "Rib"),
            ("stern", "56873002", "Sternum"),
            ("clavicle", "51299004", "Clavicle"),
            ("scapula", "79601000", "Scapula"),
            ("humer", "85050009", "Humerus"),
            ("vertebra", "51282000", "Vertebra"),
            ("spinal cord", "2748008", "Spinal cord"),
            ("cerebell", "113305005", "Cerebellum"),
            ("brain stem", "119238007", "Brain Stem"),
            ("skull", "89546000", "Skull"),
            ("mandib", "91609006", "Mandible"),
            ("eye muscles", *_MUSCLE),
            ("left eye", "81745001", "Eye"),
            ("right eye", "81745001", "Eye"),
            ("lenses", "78076003", "Lens"),
            ("nerve", "91728009", "Nerve"),
            ("femoral cartilage", "309312004", "Cartilage"),
            ("tibial cartilage", "309312004", "Cartilage"),
            ("patellar cartilage", "309312004", "Cartilage"),
            ("patellar ligament", "52082005", "Ligament"),
            ("ligament", "52082005", "Ligament"),
            ("tendon", "13024002", "Tendon"),
            ("menisci", "74135004", "Meniscus"),
            ("femo", "71341001", "Femur"),
            ("femur", "71341001", "Femur"),
            ("fibul", "87342007", "Fibula"),
            ("tibia", "12611008", "Tibia"),
            ("patella", "64234005", "Patella"),
        )
    },
}
"""By a part of the structure's name; the first that fits counts."""

BY_TISSUE: Mapping[str, SegmentCode] = {
    "adipose": SegmentCode(_TISSUE, _FAT),
    "muscle": SegmentCode(_TISSUE, _MUSCLE),
    "cortical bone": SegmentCode(_TISSUE, _BONE),
    "grey matter": SegmentCode(_TISSUE, _GREY),
    "white matter": SegmentCode(_TISSUE, _WHITE),
    "cartilage": SegmentCode(_TISSUE, Concept("309312004", "Cartilage")),
    **{
        name: SegmentCode(_TISSUE, Concept("14016003", "Bone Marrow"))
        for name in ("cranial spongiosa", "rib spongiosa", "vertebral spongiosa", "fatty spongiosa")
    },
    "blood": SegmentCode(_SUBSTANCE, _BLOOD),
    "cerebrospinal fluid": SegmentCode(_SUBSTANCE, Concept("65216001", "Cerebrospinal Fluid")),
    "joint fluid": SegmentCode(_SUBSTANCE, _FLUID),
    "air": SegmentCode(_SUBSTANCE, Concept("74947009", "Gas")),
}
"""By what a structure is made of, where its name says nothing."""

OF_A_BODY = SegmentCode(_TISSUE, _TISSUE)
OF_AN_OBJECT = SegmentCode(_OBJECT, _PHANTOM)


def code_of(name: str, tissue: str, body_part: str) -> SegmentCode:
    """The codes of a structure.

    Args:
        name: of the structure.
        tissue: what it is made of.
        body_part: Body Part Examined; PHANTOM for a test object, all of whose parts are a phantom's.
    """
    if body_part == "PHANTOM":
        return OF_AN_OBJECT
    for word, found in BY_WORD.items():
        if word in name:
            return found
    return BY_TISSUE.get(tissue.partition(", ")[0], OF_A_BODY)
