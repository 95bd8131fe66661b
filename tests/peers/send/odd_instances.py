"""Instances with what archives like to lose: private blocks, sequences of undefined length, names in many scripts."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset
from pydicom.sequence import Sequence

from modality.transfer.encode import prepare
from modality.transfer.syntaxes import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from tests.transfer.datasets import image

NAMES = {
    "ISO_IR 100": "Müller^Jörg",
    "ISO_IR 144": "Люкceмбypг",
    "\\ISO 2022 IR 87": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "\\ISO 2022 IR 149": "Hong^Gildong=洪^吉洞=홍^길동",
    "ISO_IR 192": "Wang^XiaoDong=王^小东",
    "GB18030": "王^小东",
}
STUDY_UID = "1.2.826.0.1.3680043.2.1"
PRIVATE_CREATOR = "MODALITY TEST"


def odd(charset: str, number: int) -> Dataset:
    """One instance, its name in a character set, its sequences of undefined length."""
    dataset = image(
        StudyInstanceUID=STUDY_UID,
        SeriesInstanceUID=f"{STUDY_UID}.{number % 2}",
        SOPInstanceUID=f"{STUDY_UID}.9.{number}",
        Modality="CT",
    )
    dataset.SpecificCharacterSet = charset.split("\\")
    dataset.PatientName = NAMES[charset]
    dataset.PatientComments = f"Comment of {NAMES[charset].replace('=', ' ')}"
    dataset["ReferencedImageSequence"].is_undefined_length = True
    dataset.ReferencedImageSequence[0].is_undefined_length_sequence_item = True
    block = dataset.private_block(0x0009, PRIVATE_CREATOR, create=True)
    block.add_new(1, "LO", "private text")
    block.add_new(2, "DS", ["1.5", "2.50"])
    block.add_new(3, "OB", bytes(range(10)))
    block.add_new(4, "US", 513)
    item = Dataset()
    item.private_block(0x0011, PRIVATE_CREATOR, create=True).add_new(1, "SH", "deep")
    item.CodeValue = "C1"
    item.is_undefined_length_sequence_item = True
    block.add_new(5, "SQ", Sequence([item, Dataset()]))
    block[5].is_undefined_length = True
    return dataset


def write_odd_instances(folder: Path) -> list[Path]:
    """An instance for each character set in Implicit and in Explicit VR, as files of two series of one study.

    In Implicit VR the private elements have no value representation.
    """
    files = []
    for number, charset in enumerate(NAMES):
        for offset, syntax in ((0, IMPLICIT_LITTLE), (100, EXPLICIT_LITTLE)):
            files.append(folder / f"{number + offset}.dcm")
            prepare(odd(charset, number + offset), syntax).write(files[-1])
    return files
