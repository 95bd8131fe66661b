"""Which character set a data set is to declare."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from modality.protocol.repertoire import character_set_for


def nested(name: str) -> Dataset:
    inner, outer = Dataset(), Dataset()
    inner.PatientName = name
    outer.ScheduledProcedureStepSequence = [inner]
    return outer


@pytest.mark.parametrize(
    ("name", "preferred", "expected"),
    [
        ("Smith^John", None, None),
        ("Müller^Jörg", None, "ISO_IR 192"),
        ("Müller^Jörg", "ISO_IR 100", "ISO_IR 100"),
        ("Διονυσίου^Ελένη", "ISO_IR 126", "ISO_IR 126"),
        ("Διονυσίου^Ελένη", "ISO_IR 100", "ISO_IR 192"),
        ("Hong^Gildong=洪^吉洞=홍^길동", ["", "ISO 2022 IR 149"], ["", "ISO 2022 IR 149"]),
        ("Hong^Gildong=洪^吉洞=홍^길동", "\\ISO 2022 IR 149", ["", "ISO 2022 IR 149"]),
        ("Müller^Jörg", "ISO_IR 999", "ISO_IR 192"),
        ("Müller^Jörg", ["", "ISO 2022 IR 149"], "ISO_IR 192"),  # an empty first value is ASCII, and no Latin-1
    ],
)
def test_the_preferred_set_is_kept_when_it_holds_every_text_at_any_depth(name, preferred, expected):
    assert character_set_for(nested(name), preferred) == expected


def test_text_that_no_character_set_governs_is_left_out():
    dataset = Dataset()
    dataset.PatientID, dataset.Modality, dataset.StudyInstanceUID = "A1", "CT", "1.2.3"
    assert character_set_for(dataset, None) is None
