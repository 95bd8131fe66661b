"""Types of directory records: pydicom's own file-set finds the same for every kind that we make."""

from __future__ import annotations

import pytest
from pydicom.fileset import DIRECTORY_RECORDERS, FileSet

from modality.pytest_plugin import _DEFAULTS
from modality.registry import KINDS
from modality.station.composing.directory import Directory
from modality.station.composing.record_types import PREFIXES, record_type
from modality.station.study import generate, load_phantom


@pytest.mark.parametrize("kind", KINDS.names())
def test_every_kind_has_the_record_that_pydicom_would_give_it(kind):
    options = dict(_DEFAULTS[kind])
    named = options.pop("phantom", None)
    instance = next(iter(generate(kind, load_phantom(named) if named else None, seed=3, **options)))
    dataset = instance.dataset()
    dataset.StudyID = "1"  # of Type 2 in an instance, and needed in a record (PS3.3 F.5.2)
    theirs = FileSet()
    try:
        found = theirs.add(dataset).node.record_type
    finally:
        theirs._stage["t"].cleanup()  # its folder, which it offers no other way to remove
    assert record_type(dataset) == found
    place = Directory().add(dataset)
    assert [part[:2] for part in place.parts] == [PREFIXES[one] for one in ("PATIENT", "STUDY", "SERIES", found)]


def test_no_two_types_of_record_begin_alike_and_each_can_be_written():
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    assert set(PREFIXES) <= set(DIRECTORY_RECORDERS)
