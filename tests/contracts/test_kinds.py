"""What every kind of the table owes, in every transfer syntax that can carry it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from inspect import signature
from pathlib import Path

import numpy as np
import pytest

from modality.errors import UnsupportedError, UsageError
from modality.load.exams.material import Material
from modality.load.exams.plan import PlannedStudy
from modality.load.scenario import Exam, Scenario
from modality.registry import KINDS
from modality.station.study import Study, generate, load_phantom
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE, TABLE, TransferSyntax
from modality.transfer.syntaxes import syntax as named
from phantoms.phantom import Phantom

# Without pixels: only syntaxes that are not for pixels carry them.
DOCUMENTS = ("ecg", "kos", "pdf", "rdsr", "rtplan", "rtstruct", "sr")
EVERY = [
    pytest.param(kind, syntax, id=f"{kind}-{syntax.keyword}")
    for kind in KINDS.entries
    for syntax in TABLE
    if not (kind in DOCUMENTS and syntax.encapsulated)
]
# From pixels, of 12 bits or of colour: not what these are for.
RECOMPRESSION = {"JPEGXLJPEGRecompression": "JPEG baseline streams"}
GREY_REFUSED = RECOMPRESSION | {"JPEGBaseline8Bit": "8 bits"}
SIXTEEN_BITS_REFUSED = GREY_REFUSED | {"JPEGExtended12Bit": "12 bits"}
COLOUR_REFUSED = RECOMPRESSION | {"JPEGExtended12Bit": "RGB"}
SLIDE = {"rows": 96, "columns": 80, "tile_size": 64, "mpp": 4.0, "levels": 2}
SLICES = {"rows": 96, "columns": 80, "slices": 2}
# What is no stack of slices, and what changes it; reports are of a scan that shows something.
OPTIONS = {
    "ecg": {"seconds": 2.0, "form": "general"},
    "op": {"rows": 96, "columns": 80},
    **{
        report: {"rows": 96, "columns": 80, "slices": 6}
        for report in ("kos", "pdf", "rdsr", "rtplan", "rtstruct", "sc", "sr")
    },
    "rtdose": {"rows": 96, "columns": 80, "slices": 6, "grid_mm": 4.0, "beams": 2},
    **{key: {"rows": 96, "columns": 80} for key in ("cr", "dx", "mg", "nm")},
    **{key: {"rows": 96, "columns": 80, "frames": 2} for key in ("xa", "rf", "us")},
}
VARIED = {
    **dict.fromkeys(("cr", "dx"), ("grid", (True, False))),
    "mg": ("view", ("CC", "MLO")),
    "nm": ("frame_s", (60.0, 90.0)),
    **dict.fromkeys(("xa", "rf", "us"), ("frames", (2, 3))),
    "sm": ("levels", (1, 2)),
    "ecg": ("seconds", (2.0, 3.0)),
    "op": ("drusen", (0, 3)),
}
COLOURED = ("sm", "op", "sc")
OF_8_BITS = ("us",)
OF_16_BITS = ("nm", "pt", "rtdose")
# Greatest value, and PSNR in dB against it that a lossy default must reach; what was lost may not be noticed.
TWELVE_BITS, EIGHT_BITS, SIXTEEN_BITS = (4095, 45.0), (255, 28.0), (32767, 45.0)
# Debian's dciodvfy knows neither deflation nor these; DCMTK inflates, and of the rest our decoded twin is judged.
UNKNOWN_TO_DCIODVFY = ("HTJ2K", "JPEGXL", "EncapsulatedUncompressed")


def small(kind: str, syntax: TransferSyntax = EXPLICIT_LITTLE) -> Study:
    if syntax.encoding and syntax.keyword != "RLELossless":
        pytest.importorskip("imagecodecs")
    slide = KINDS.load(kind).slides is not None
    options = SLIDE if slide else OPTIONS.get(kind, SLICES)
    grey_refused = SIXTEEN_BITS_REFUSED if kind in OF_16_BITS else GREY_REFUSED
    grey_refused = RECOMPRESSION if kind in OF_8_BITS else grey_refused
    refused = COLOUR_REFUSED if kind in COLOURED else grey_refused
    if slide:
        pytest.importorskip("segno")
    if kind == "sr":
        pytest.importorskip("highdicom")
    if syntax.keyword in refused:
        with pytest.raises(UnsupportedError, match=refused[syntax.keyword]):
            list(generate(kind, scanned(kind), seed=4, transfer_syntax=syntax, **options))
        pytest.skip("refused, as it has to be")
    return generate(kind, scanned(kind), seed=4, transfer_syntax=syntax, **options)


@cache
def scanned(kind: str) -> Phantom | None:
    """What is scanned: for reports and radiographs something whose truth is quick to count."""
    if kind == "nm":
        return load_phantom("nema-pet")
    if kind == "mg":
        return load_phantom("breast", seed=4, microcalcifications=0)
    return load_phantom("spheres") if KINDS.load(kind).reports or kind in ("cr", "dx", "rf", "us", "xa") else None


def values(instance: PreparedInstance) -> np.ndarray:
    """The samples of the pixels, or else of everything that is no pixel."""
    if "PixelData" not in instance.dataset():
        plain = transcode(instance, EXPLICIT_LITTLE)
        return np.frombuffer(b"".join(map(bytes, (plain.head, *plain.tail))), np.uint8).astype(np.int32)
    found: np.ndarray = transcode(instance, EXPLICIT_LITTLE).dataset().pixel_array.astype(np.int32)
    return found


@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_pixels_and_uids_do_not_depend_on_the_transfer_syntax(kind: str, syntax: TransferSyntax) -> None:
    for one, plain in zip(small(kind, syntax), small(kind), strict=True):
        assert one.transfer_syntax_uid == syntax.uid
        assert one.sop_instance_uid == plain.sop_instance_uid
        found, expected = values(one), values(plain)
        if syntax.lossless:
            assert np.array_equal(found, expected)
            assert one.dataset().get("LossyImageCompression", "00") == "00"
        else:
            error = float(np.mean((found - expected) ** 2))
            bits = {8: EIGHT_BITS, 16: SIXTEEN_BITS}
            greatest, psnr_db = bits.get(one.dataset().BitsStored, TWELVE_BITS)
            assert error == 0 or 10 * np.log10(greatest**2 / error) >= psnr_db
            assert one.dataset().LossyImageCompression == "01"
            assert one.dataset().LossyImageCompressionRatio > 1


@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_a_file_gives_back_the_instance(kind: str, syntax: TransferSyntax, tmp_path: Path) -> None:
    for one in small(kind, syntax):
        one.write(tmp_path / "one.dcm")
        again = read(tmp_path / "one.dcm")
        assert again.dataset() == one.dataset()
        assert b"".join(again.part10()) == (tmp_path / "one.dcm").read_bytes()


@pytest.mark.peer
@pytest.mark.parametrize(("kind", "syntax"), EVERY)
def test_the_validator_finds_no_error(
    kind: str, syntax: TransferSyntax, tmp_path: Path, dciodvfy: Callable[[Path], list[str]]
) -> None:
    for index, one in enumerate(small(kind, syntax)):
        path = tmp_path / f"{index}.dcm"
        unknown = syntax.keyword.startswith(UNKNOWN_TO_DCIODVFY)
        (transcode(one, EXPLICIT_LITTLE) if unknown else one).write(path)
        if syntax.deflated:
            subprocess.run(["/usr/bin/dcmconv", "+te", path, path], check=True)
        assert dciodvfy(path) == []


@pytest.mark.parametrize("kind", KINDS.entries)
def test_one_seed_is_one_study_and_other_options_are_another(kind: str) -> None:
    name, some = VARIED.get(kind, ("slices", (2, 3)))
    size = {} if kind == "ecg" else {"rows": 128, "columns": 112}
    uids = {
        scan.uid if scan.kind.reports else made.uid  # a report joins the study that it is about
        for seed in (1, 2)
        for value in some
        for assignments in ({}, {"StudyDescription": "X"})
        for made in (generate(kind, scanned(kind), seed=seed, **{**size, name: value}, assignments=assignments),)
        for scan in made.series
    }
    assert len(uids) == 8
    assert small(kind).uid == small(kind).uid


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_what_has_no_pixels_is_refused_a_syntax_for_pixels(kind: str) -> None:
    with pytest.raises(UnsupportedError, match="is for pixel data"):
        list(small(kind, named("RLELossless")))
    assert "PixelData" not in next(iter(small(kind))).dataset()


REPORTS = [kind for kind in KINDS.entries if KINDS.load(kind).reports]


@pytest.mark.parametrize("kind", REPORTS)
def test_a_report_joins_the_study_of_its_scan_and_shares_no_uid_with_it(kind: str) -> None:
    (report,) = small(kind)
    found, about, images = report.dataset(), KINDS.load(kind).reports, []
    while about:  # a report may be about another one, and so on
        taken = signature(KINDS.load(about).acquire).parameters
        options = {name: value for name, value in OPTIONS[kind].items() if name in taken}
        images = [one.dataset() for one in generate(about, scanned(kind), seed=4, **options)] + images
        about = KINDS.load(about).reports
    for keyword in ("StudyInstanceUID", "StudyID", "StudyDate", "StudyDescription", "AccessionNumber", "PatientID"):
        assert {found[keyword].value} == {one[keyword].value for one in images}
    assert found.SeriesNumber not in {one.SeriesNumber for one in images}
    assert report.series_uid not in {one.SeriesInstanceUID for one in images}
    if "FrameOfReferenceUID" in found:
        assert found.FrameOfReferenceUID == images[0].FrameOfReferenceUID
    named = {element.value for element in found.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
    named.discard(found.StudyInstanceUID)  # RT Referenced Study Sequence has it there
    assert named <= {one.SOPInstanceUID for one in images}
    assert named


@pytest.mark.parametrize("kind", [kind for kind in KINDS.entries if not KINDS.load(kind).labels])
def test_what_has_no_slices_has_a_truth_of_its_own_and_no_segmentation(kind: str) -> None:
    made = small(kind)
    (scan,) = made.series
    assert json.loads(json.dumps(scan.truth()))["seed"] == 4
    with pytest.raises(UsageError, match="no segmentation"):
        list(scan.segmentations())
    assert made.contexts == list({(one.sop_class_uid, one.transfer_syntax_uid): None for one in made})


@pytest.mark.parametrize("kind", KINDS.entries)
def test_a_load_sends_it_as_new_studies(kind: str) -> None:
    if kind == "sr":
        pytest.importorskip("highdicom")
    phantom = {"nm": "nema-pet", "mg": "breast"}.get(kind, "spheres" if scanned(kind) else "")
    options = SLIDE if KINDS.load(kind).slides else OPTIONS.get(kind, SLICES)
    exam = Exam("exam", kind, phantom=phantom, options=options)
    material = Material(Scenario("one", (exam,)), seed=4)
    studies = [PlannedStudy(number, exam, 1, 0, 4, "run", 0.0) for number in range(2)]
    made = [[material.instance(study, index).dataset() for index in range(material.sizes["exam"])] for study in studies]
    for study, instances in zip(studies, made, strict=True):
        assert {one.StudyInstanceUID for one in instances} == {study.uid}
        assert {one.PatientID for one in instances} == {study.patient.patient_id}
        assert {one.AccessionNumber for one in instances} == {study.accession_number}
    uids = [one.SOPInstanceUID for instances in made for one in instances]
    assert len(set(uids)) == len(uids) == 2 * material.sizes["exam"]
