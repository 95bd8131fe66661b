"""What every IOD that is described from a device's data owes: its Types, the validator, and the same bytes again."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from modality.iods import captured
from modality.iods.captured import prepared
from modality.iods.waveforms import twelve_lead_ecg
from modality.transfer.reading import read
from tests.iods.captured_samples import SAMPLES, ecg
from tests.peers.commandline import modality

WORKLISTS = ["full", "grouped", "sparse", "unscheduled"]
# Not in the validator's tables of 2022 (dicom3tools 1.00).
UNKNOWN_TO_DCIODVFY = ("arterial-pulse", "respiratory", "ecg-32", "eeg")
# The content tree: the table merges the types of all value types into one.
NOT_BY_TABLE = ("sr-document-content",)


def describe(name: str, context: Any) -> Dataset:
    pytest.importorskip("PIL") if name in ("photograph", "capture", "pages") else None
    module, make = SAMPLES[name]
    made: Dataset = importlib.import_module(f"modality.iods.{module}").describe(make(), context)
    return made


@lru_cache
def standard(name: str) -> Any:
    """A table of PS3.3, as highdicom has extracted it."""
    pytest.importorskip("highdicom")
    data = pkgutil.get_data("highdicom", f"_standard/{name}.json")
    assert data
    return json.loads(data)


def items_at(dataset: Dataset, path: list[str]) -> Iterator[Dataset]:
    if not path:
        yield dataset
        return
    for item in dataset.get(path[0]) or ():
        yield from items_at(item, path[1:])


def wrong_by_table(dataset: Dataset) -> list[str]:
    """Attributes of the mandatory modules that are missing, or empty where they may not be."""
    iod = standard("sop_class_iod_map")[dataset.SOPClassUID]
    annotated = "WaveformAnnotationSequence" in dataset
    modules = [
        module["key"]
        for module in standard("iod_module_map")[iod]
        if module["usage"] == "M" or (module["key"] == "waveform-annotation" and annotated)
    ]
    return [
        ".".join([module, *attribute["path"], attribute["keyword"]])
        for module in modules
        if module not in NOT_BY_TABLE
        for attribute in standard("module_attribute_map")[module]
        for item in items_at(dataset, attribute["path"])
        if (attribute["type"] == "1" and (attribute["keyword"] not in item or item[attribute["keyword"]].is_empty))
        or (attribute["type"] == "2" and attribute["keyword"] not in item)
    ]


@pytest.mark.parametrize("worklist", WORKLISTS)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_type_1_attribute_has_a_value_and_every_type_2_is_present(name, worklist, make_context):
    assert wrong_by_table(describe(name, make_context(worklist, kind=name))) == []


def test_the_table_would_notice(make_context):
    dataset = describe("arterial-pulse", make_context())
    del dataset.SynchronizationTrigger
    dataset.SoftwareVersions = ""
    del dataset.WaveformSequence[0].ChannelDefinitionSequence[0].WaveformBitsStored
    del dataset.WaveformAnnotationSequence[1].ReferencedWaveformChannels
    assert [name.rpartition(".")[2] for name in wrong_by_table(dataset)] == [
        "SynchronizationTrigger",
        "SoftwareVersions",
        "WaveformBitsStored",
        "ReferencedWaveformChannels",
    ]


@pytest.mark.peer
@pytest.mark.parametrize("worklist", ["full", "sparse"])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_validator_finds_no_error(name, worklist, make_context, tmp_path, dciodvfy):
    path = tmp_path / "one.dcm"
    prepared(describe(name, make_context(worklist, kind=name))).write(path)
    unknown = ["Error - Information Object Not found"] if name in UNKNOWN_TO_DCIODVFY else []
    assert dciodvfy(path) == unknown


@pytest.mark.peer
def test_the_validator_s_one_complaint_of_a_synchronized_recording_is_unfounded(make_context, tmp_path, dciodvfy):
    """Multiplex Group Time Offset is due where the time is synchronized, which it looks for in the wrong data set."""
    path = tmp_path / "one.dcm"
    synchronized = dataclasses.replace(ecg(12), synchronized=True)
    prepared(twelve_lead_ecg.describe(synchronized, make_context())).write(path)
    assert ["MultiplexGroupTimeOffset" in complaint for complaint in dciodvfy(path)] == [True]


@pytest.mark.peer
def test_orthanc_stores_every_one_as_it_is(make_context, tmp_path, orthanc):
    pytest.importorskip("PIL")
    sent = {}
    for name in set(SAMPLES) - {"ecg-32"}:  # a class of 2023, which Debian's Orthanc (1.10.1) does not know
        instance = prepared(describe(name, make_context(kind=name)))
        instance.write(tmp_path / f"{name}.dcm")
        sent[instance.sop_instance_uid] = dcmread(tmp_path / f"{name}.dcm")
    with orthanc() as archive:
        finished = modality("send", *tmp_path.glob("*.dcm"), "--to", archive.address, "--never-transcode", "--json")
        assert (finished.code, finished.document["stored"]) == (0, len(sent)), finished.stderr
        found = {dataset.SOPInstanceUID: dataset for dataset in archive.datasets()}
    assert found == sent
    for uid, dataset in found.items():
        assert dataset.file_meta.TransferSyntaxUID == sent[uid].file_meta.TransferSyntaxUID


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_gives_back_what_was_described(name, make_context, tmp_path: Path):
    dataset = describe(name, make_context(kind=name))
    prepared(dataset).write(tmp_path / "one.dcm")
    again = dcmread(tmp_path / "one.dcm")
    assert again == dataset
    assert b"".join(read(tmp_path / "one.dcm").part10()) == (tmp_path / "one.dcm").read_bytes()


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_measurement_gives_the_same_bytes_and_another_number_another_uid(name, make_context):
    context = make_context(kind=name)
    first, second = (prepared(describe(name, context)) for _ in range(2))
    assert b"".join(first.buffers()) == b"".join(second.buffers())
    module, make = SAMPLES[name]
    other = importlib.import_module(f"modality.iods.{module}").describe(dataclasses.replace(make(), number=2), context)
    assert (other.InstanceNumber, other.SOPInstanceUID != first.sop_instance_uid) == (2, True)
    assert other.SOPInstanceUID == context.identity.uid("instance", 2)


def test_the_table_of_measurements_is_true_and_every_one_has_a_sample():
    rows = re.findall(r"^(\w+\.\w+) +(\w+)\.(\w+)\.(\w+) ", captured.__doc__ or "", re.MULTILINE)
    assert len(rows) == 16
    assert {module for module, *_ in rows} == {module for module, _ in SAMPLES.values()}
    for module, folder, file, measurement in rows:
        described = inspect.signature(importlib.import_module(f"modality.iods.{module}").describe)
        kind = getattr(importlib.import_module(f"modality.iods.{folder}.{file}"), measurement)
        assert [parameter.annotation for parameter in described.parameters.values()] == [measurement, "Context"]
        assert all(isinstance(make(), kind) for used, make in SAMPLES.values() if used == module)
