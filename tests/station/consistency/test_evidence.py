"""Evidence of any origin is read; what is none is named, and never crashed on."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from modality.errors import InputError
from modality.station.consistency.case import Case
from modality.station.consistency.evidence import performed_steps, read_image, read_parts, worklist_items
from modality.station.consistency.table import check
from modality.station.consistency.values import Part

QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_step_in_one_piece_is_its_messages_merged(evidence, tmp_path):
    paths = evidence.write(tmp_path / "case")
    (step,) = performed_steps(read_parts(paths["--mpps"]), {})
    assert (step.state, step.uid, len(step.changes)) == ("COMPLETED", evidence.uid, 1)
    whole = tmp_path / f"{evidence.uid}.json"
    whole.write_text(step.part.dataset.to_json())
    (again,) = performed_steps(read_parts(whole), {})
    assert (again.uid, again.created) == (evidence.uid, None)
    assert [uid for *_, uid in again.listed()] == [uid for *_, uid in step.listed()]


def test_messages_of_two_steps_are_told_apart_by_the_uid_they_are_for(evidence):
    parts = []
    for uid in ("1.2.3", "1.2.4"):
        created, end = Dataset(), Dataset()
        created.update(evidence.created)
        end.update(evidence.end)
        created.AffectedSOPInstanceUID, end.RequestedSOPInstanceUID = uid, uid
        parts.append((Part(f"create {uid}", created), Part(f"set {uid}", end)))
    (first_created, first_end), (second_created, second_end) = parts
    steps = performed_steps([first_created, second_created, second_end, first_end], {})
    assert [(step.uid, step.changes[0].source) for step in steps] == [("1.2.3", "set 1.2.3"), ("1.2.4", "set 1.2.4")]


def test_what_is_no_step_or_item_is_named_and_the_rest_goes_on(evidence):
    problems: dict[str, str] = {}
    end = Part("set.dcm", evidence.end)
    assert performed_steps([end, Part("x.dcm", Dataset())], problems) == []
    assert problems["set.dcm"] == "set.dcm: an N-SET without its N-CREATE, which has to come before it"
    assert "x.dcm: not a performed step" in problems["x.dcm"]
    good = Part("item", evidence.items[0])
    assert worklist_items([Part("y.dcm", Dataset()), good], problems) == [good]
    assert "no ScheduledProcedureStepSequence" in problems["y.dcm"]


def test_pixels_are_measured_and_not_kept(evidence, tmp_path):
    big = evidence.images[0]
    big.Rows, big.Columns, big.PixelData = 512, 512, bytes(512 * 512 * 2)
    big.save_as(tmp_path / "big.dcm")
    image = read_image(tmp_path / "big.dcm")
    assert (image.pixel_bytes, "PixelData" in image.part.dataset) == (512 * 512 * 2, False)


def test_an_image_without_file_meta_information_is_read(evidence, tmp_path):
    bare = Dataset()
    bare.update(evidence.images[0])
    bare.save_as(tmp_path / "bare.dcm", implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert read_image(tmp_path / "bare.dcm").uid == evidence.images[0].SOPInstanceUID


@pytest.mark.parametrize(
    "content", [b"", b"not DICOM at all", b"{", b"[1, 2]", b'{"00100010": 3}', b"[[]]", b'{"steps": [7]}', b"[" * 5000]
)
def test_rubbish_is_named(tmp_path, content):
    path = tmp_path / "rubbish"
    path.write_bytes(content)
    for read in (read_image, read_parts):
        if read is read_parts and content.startswith(b"not"):
            continue  # pydicom makes a data set of it, which is then no step, item or result
        with pytest.raises(InputError, match="rubbish"):
            read(path)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path):
    with pytest.raises(InputError, match="empty folder"):
        read_parts(tmp_path)
    for read in (read_image, read_parts):
        with pytest.raises(InputError, match="absent"):
            read(tmp_path / "absent")


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_give_a_data_set_or_an_input_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(content)
    for read in (read_image, read_parts):
        with suppress(InputError):
            read(path)


@QUICK
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=6))
def test_a_damaged_image_is_judged_or_named(
    performed_once, tmp_path_factory: pytest.TempPathFactory, at: int, bad: bytes
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "one.dcm"
    performed_once.images[0].save_as(path)
    content = bytearray(path.read_bytes())
    place = at % len(content)
    content[place : place + len(bad)] = bad
    path.write_bytes(content)
    with suppress(InputError):
        assert len(check(Case([read_image(path)]))) > 40


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["00400100", "00100010", "vr", "Value", "steps", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@QUICK
@given(JSON)
def test_any_json_gives_data_sets_or_an_input_error(tmp_path: Path, document: object) -> None:
    path = tmp_path / "any.json"
    path.write_text(json.dumps(document))
    problems: dict[str, str] = {}
    with suppress(InputError):
        parts = read_parts(path)
        worklist_items(parts, problems)
        performed_steps(parts, problems)


def test_a_worklist_item_as_deep_as_others_write_it_is_read(evidence, tmp_path):
    """Explicit, implicit, with and without file meta information, and JSON give one item."""
    item = evidence.items[0]
    item.save_as(tmp_path / "a.wl", implicit_vr=True, little_endian=True)
    item.save_as(tmp_path / "b.wl", implicit_vr=False, little_endian=True)
    (tmp_path / "c.wl").write_text(item.to_json())
    names = {str(part.dataset.PatientName) for part in worklist_items(read_parts(tmp_path), {})}
    assert names == {str(item.PatientName)}
    assert isinstance(pydicom.dcmread(tmp_path / "a.wl", force=True), Dataset)
