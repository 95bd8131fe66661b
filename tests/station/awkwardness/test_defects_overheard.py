"""What the validators and dumpers of the field say of each defect, and do not say without it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from modality.transfer.defects.table import DEFECTS
from modality.transfer.instance import PreparedInstance
from tests.peers.process import program
from tests.station.awkwardness.made import broken, options_of

# What dciodvfy, dcmdump or dcentvfy say, where they notice.
OVERHEARD = {
    "no-sop-class-uid": "missing SOPClassUID",
    "no-sop-instance-uid": "Missing attribute Type 1 Required Element=<SOPInstanceUID>",
    "other-sop-class": "MediaStorageSOPClassUID different from SOPClassUID",
    "other-sop-instance": "MediaStorageSOPInstanceUID different from SOPInstanceUID",
    "no-study-uid": "Missing attribute Type 1 Required Element=<StudyInstanceUID>",
    "empty-study-uid": "Empty attribute (no value) Type 1 Required Element=<StudyInstanceUID>",
    "no-series-uid": "Missing attribute Type 1 Required Element=<SeriesInstanceUID>",
    "no-modality": "Missing attribute Type 1C Conditional Element=<Modality>",
    "empty-type-1": "Empty attribute (no value) Type 1C Conditional Element=<Modality>",
    "not-enumerated": "Unrecognized enumerated value <X> for value 1 of attribute <Patient's Sex>",
    "impossible-value": "Not permitted to be < 1 unless VOILUTFunction is LINEAR_EXACT or SIGMOID",
    "no-type-2": "Missing attribute Type 2 Required Element=<PatientID>",
    "long-uid": "(0x0020,0x000d) UI Study Instance UID",
    "letters-in-uid": "(0x0020,0x000e) UI Series Instance UID",
    "leading-zero-in-uid": "(0x0020,0x000e) UI Series Instance UID",
    "empty-uid-component": "(0x0020,0x000e) UI Series Instance UID",
    "space-padded-uid": "Series Instance UID  UI - Trailing character invalid",
    "odd-length": "Length of element (0010,0020) is odd",
    "long-value": "(0x0010,0x0020) LO Patient ID",
    "too-many-values": "Bad attribute Value Multiplicity 2 (1 Required by Dictionary) Element=<PatientID>",
    "null-padded-text": "Study Description  LO - Trailing character invalid",
    "bad-date": "DA Study Date  DA [1] = <20261399>",
    "old-date": "DA Study Date  DA [1] = <2026.11.26>",
    "bad-time": "TM Study Time  TM [1] = <256100>",
    "iso-date-time": "DT Acquisition DateTime",
    "bad-age": "AS Patient's Age  AS [1] = <47>",
    "bad-number": "IS Instance Number  IS [1] = <two>",
    "decimal-comma": "DS Patient's Weight  DS [1] = <72,5>",
    "long-decimal": "DS Patient's Weight",
    "lower-case-code": "CS Modality  CS [1] = <ct>",
    "control-characters": "(0x0010,0x0020) LO Patient ID",
    "unknown-character-set": "(0x0010,0x0010) PN Patient's Name",
    "undeclared-character-set": "(0x0010,0x0010) PN Patient's Name",
    "unknown-vr": "Non-standard VR 'ZZ'",
    "wrong-vr": "Invalid Value Representation US (PN Required) Element=<PatientName>",
    "no-rows": "Missing attribute Type 1 Required Element=<Rows>",
    "wrong-rows": "PixelData has incorrect value length - expected 4096 dec - got 2048 dec",
    "bits-stored": "Bits Stored = 99 exceeds",
    "unknown-photometric": "Unrecognized enumerated value <GREY>",
    "no-pixel-data": "Missing attribute Type 1C Conditional Element=<PixelData>",
    "wrong-frames": "PixelData has incorrect value length - expected 6144 dec - got 4096 dec",
    "short-pixels": "PixelData has incorrect value length - expected 2048 dec - got 1024 dec",
    "long-pixels": "PixelData has incorrect value length - expected 2048 dec - got 2112 dec",
    "odd-pixels": "Length of element (7fe0,0010) is odd",
    "no-fragments-end": "Reached end of stream before the end of sequence PixelData",
    "fragment-beyond-end": "premature end of stream",
    "odd-fragment": "Length of item in sequence PixelData (7fe0,0010) is odd",
    "defined-length-fragments": "Found explicit length Pixel Data in top level dataset",
    "out-of-order": "Dataset not in ascending tag order",
    "twice": "Element (0010,0020) found twice",
    "forbidden-group": "Bad group - (0x0003,0x0010)",
    "command-element": "Tags out of order",
    "file-meta": "Invalid Element (0002,0010) found in data set",
    "unterminated-sequence": "Reached end of stream before the end of sequence ReferencedImageSequence",
    "no-item-tag": "Parse error in sequence (0008,1140), found (0008,1150)",
    "item-beyond-sequence": "Dicom dataset read failed",
    "negative-item-length": "Dicom dataset read failed",
    "implicit-item": "while parsing element (0008,1150)",
    "explicit-in-un": "Length of element (0008,1150) is odd",
    "length-beyond-end": "PixelData (7fe0,0010) larger (6144) than remaining bytes in file",
    "truncated": "PixelData (7fe0,0010) larger (2048) than remaining bytes (1024)",
    "rubbish": "Dicom dataset read failed",
    "missing": "missing SOPInstanceUID",
    "wrong-prefix": "Dicom dataset read failed",
    "wrong-meta-length": "Group Length of Meta Information Header has incorrect value",
    "no-meta-syntax": "doesn't contain Transfer Syntax UID",
    "wrong-meta-syntax": "Dicom dataset read failed",
    "other-meta-instance": "MediaStorageSOPInstanceUID different from SOPInstanceUID",
    "two-patients": "PatientID",
    "two-birth-dates": "PatientBirthDate",
    "two-studies": "StudyInstanceUID",
    "two-modalities": "Modality",
    "same-sop-instance-uid": "SOPInstanceUID",
}


def heard(instances: tuple[PreparedInstance, ...], folder: Path, *, series: bool) -> str:
    paths = [folder / f"{number}.dcm" for number in range(len(instances))]
    for path, one in zip(paths, instances, strict=True):
        one.write(path)
    commands = [["dcentvfy", *paths]] if series else [["dciodvfy", paths[-1]], ["dcmdump", paths[-1]]]
    said = ""
    for name, *arguments in commands:
        run = [program(f"/usr/bin/{name}"), *map(str, arguments)]
        output = subprocess.run(run, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=100, check=False).stdout
        lines = output.decode("utf-8", "replace").splitlines()
        said += "\n".join(line for line in lines if series or line.startswith(("Error", "W:", "E:", "F:")))
    return said


@pytest.mark.peer
@pytest.mark.parametrize("name", OVERHEARD)
def test_the_tools_of_the_field_notice_it(name: str, tmp_path: Path) -> None:
    kind, options = options_of(name)
    syntax, series = options.get("transfer_syntax", ""), DEFECTS[name].scope == "series"
    assert OVERHEARD[name] in heard(broken(kind, syntax, name), tmp_path / "broken", series=series)
    assert OVERHEARD[name] not in heard(broken(kind, syntax), tmp_path / "whole", series=series)
