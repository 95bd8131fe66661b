"""PS3.3 C.8.13.5.7 MR Receive Coil Macro and C.8.13.5.8 MR Transmit Coil Macro."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.acquisition.mr import MrAcquisition
from modality.acquisition.mr.field import LOOPS
from modality.iods.multi_frame import Place


def mr_receive_coil(item: Dataset, place: Place[MrAcquisition]) -> None:
    """The body coil, or the loops of the array around the patient."""
    name = place.acquisition.protocol.coil
    coil = Dataset()
    coil.ReceiveCoilName = name
    coil.ReceiveCoilManufacturerName = place.context.equipment.manufacturer
    coil.ReceiveCoilType = "BODY" if name == "BODY" else "MULTICOIL"
    coil.QuadratureReceiveCoil = "YES" if name == "BODY" else "NO"
    if name != "BODY":
        coil.MultiCoilDefinitionSequence = [_element(number) for number in range(1, LOOPS + 1)]
    item.MRReceiveCoilSequence = [coil]


def _element(number: int) -> Dataset:
    element = Dataset()
    element.MultiCoilElementName = f"LOOP {number}"
    element.MultiCoilElementUsed = "YES"
    return element


def mr_transmit_coil(item: Dataset, place: Place[MrAcquisition]) -> None:
    """The body coil."""
    coil = Dataset()
    coil.TransmitCoilName = "BODY"
    coil.TransmitCoilManufacturerName = place.context.equipment.manufacturer
    coil.TransmitCoilType = "BODY"
    item.MRTransmitCoilSequence = [coil]
