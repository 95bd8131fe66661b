"""PS3.3 C.8.5.6 US Image, C.7.6.3 Image Pixel as it narrows it, and C.7.9 Palette Color Lookup Table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydicom.dataset import Dataset

from modality.acquisition.ultrasound import Sonogram
from modality.acquisition.ultrasound.probe import CURVED, LINEAR, PHASED
from modality.acquisition.ultrasound.sonogram import COLOUR, GREY, PALETTE, RGB
from modality.iods.image import Image
from modality.iods.values import decimal

_ANATOMY: Mapping[str, str] = {"ABDOMEN": "ABDOMINAL", "BREAST": "BREAST", "CHEST": "TTE", "HEAD": "TRANSCRANIAL"}
_OTHER, _VASCULAR = "SMALL PARTS", "VASCULAR"
"""Image Type value 3 by Body Part Examined (C.8.5.6.1.1)."""
_TISSUE, _WITH_FLOW = "0001", "0011"
"""Image Type value 4: sum of 0001H (2D imaging) and 0010H (colour Doppler)."""
_TRANSDUCERS: Mapping[str, str] = {CURVED: "CURVED LINEAR", PHASED: "SECTOR_PHASED", LINEAR: "LINEAR"}
_SIDES = ("L", "R"), ("P", "A"), ("H", "F")
_SIXTEEN_BITS = 257  # 255 of 8 bits is 65535
_MOST_ASIDE = 0.2  # of a direction cosine that is told no more


def us_image_pixel(dataset: Dataset, image: Image[Sonogram]) -> None:
    """C.8.5.6.1.2 and what follows: 8 bits of grey, of a palette, or three samples of colour by pixel."""
    sonogram = image.acquisition
    colour = sonogram.protocol.photometric
    dataset.SamplesPerPixel = 3 if colour == RGB else 1
    dataset.PhotometricInterpretation = colour
    if colour == RGB:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = image.frame.pixels.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = sonogram.protocol.bits_stored
    dataset.HighBit = sonogram.protocol.bits_stored - 1
    dataset.PixelRepresentation = 0
    if colour == PALETTE:
        for name, column in zip(("Red", "Green", "Blue"), sonogram.table.T, strict=True):
            setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [len(column), 0, 16])
            words = (column.astype(np.uint16) * _SIXTEEN_BITS).astype("<u2")
            setattr(dataset, f"{name}PaletteColorLookupTableData", words.tobytes())
    if colour != GREY:
        dataset.UltrasoundColorDataPresent = int(sonogram.protocol.mode == COLOUR)


def us_image(dataset: Dataset, image: Image[Sonogram]) -> None:
    """What is looked at, how, and with what."""
    sonogram = image.acquisition
    protocol, probe = sonogram.protocol, sonogram.probe
    seen = _ANATOMY.get(sonogram.body_part, _OTHER)
    if protocol.mode == COLOUR:
        seen = _VASCULAR
    dataset.ImageType = ["ORIGINAL", "PRIMARY", seen, _WITH_FLOW if protocol.mode == COLOUR else _TISSUE]
    dataset.PatientOrientation = [_towards(sonogram.stance.across), _towards(sonogram.stance.down)]
    dataset.BurnedInAnnotation = "YES" if protocol.annotation else "NO"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.TransducerType = _TRANSDUCERS[probe.shape]
    dataset.TransducerData = [sonogram.transducer, "", ""]
    dataset.FocusDepth = decimal(probe.focus_mm / 10.0)
    dataset.DepthOfScanField = str(round(sonogram.screen.depth_mm))
    dataset.ProcessingFunction = f"DR{protocol.dynamic_range_db:g}"
    if protocol.heart_rate:
        dataset.HeartRate = str(round(protocol.heart_rate))


def _towards(direction: tuple[float, float, float]) -> str:
    """A direction as Patient Orientation has it (C.7.6.1.1.1)."""
    parts = [
        (abs(value), names[0] if value > 0 else names[1])
        for value, names in zip(direction, _SIDES, strict=True)
        if abs(value) > _MOST_ASIDE
    ]
    return "".join(name for _, name in sorted(parts, key=lambda part: -part[0]))
