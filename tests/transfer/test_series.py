import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from modality.errors import UnsupportedError, UsageError
from modality.transfer.encode import prepare
from modality.transfer.series import Template
from modality.transfer.syntaxes import TABLE, syntax

NATIVE = [one for one in TABLE if not one.encapsulated]
UIDS = ("2.25.1", "2.25.22", "2.25.333")


def described(uid, number, position, dose, pixels):
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 100"
    made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, uid
    made.StudyInstanceUID, made.SeriesInstanceUID = "2.25.8", "2.25.9"
    made.PatientName = "Müller^Jörg"
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = "2.25.7"
    inner.SOPInstanceUID = "2.25.6"
    made.ReferencedImageSequence = [inner]
    made.InstanceNumber, made.ImagePositionPatient, made.CTDIvol = number, position, dose
    made.Rows, made.Columns = pixels.shape
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit = (
        8 * pixels.itemsize,
        8 * pixels.itemsize,
        8 * pixels.itemsize - 1,
    )
    made.PixelRepresentation = 0
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    made.add_new("PixelData", "OW", data + b"\0" * (len(data) % 2))
    made.add_new(0xFFFCFFFC, "OB", b"\1\2\3\4")
    return made


def values(uid, number, position, dose):
    return {"SOPInstanceUID": uid, "InstanceNumber": str(number), "ImagePositionPatient": position, "CTDIvol": dose}


@pytest.mark.parametrize("one", NATIVE, ids=lambda s: s.keyword)
@pytest.mark.parametrize("dtype", [np.uint8, np.dtype("<u2"), np.dtype(">u2")], ids=str)
def test_an_instance_from_a_template_is_byte_for_byte_the_one_described_alone(one, dtype):
    rng = np.random.default_rng(1)
    template = None
    for index, uid in enumerate(UIDS):
        pixels = rng.integers(0, 250, (3, 5)).astype(dtype)
        own = (uid, 9 + index, ["1.5", f"{-index}", "10"], 1.25 * index)
        alone = described(*own, pixels)
        template = template or Template(alone, one, values(*own))
        made, expected = template.instance(values(*own), pixels), prepare(alone, one)
        assert b"".join(made.part10()) == b"".join(expected.part10())
        for name in ("sop_class_uid", "sop_instance_uid", "study_uid", "series_uid"):
            assert getattr(made, name) == getattr(expected, name)
        assert made.stamp({"PatientID": "X"} if "PatientID" in alone else {}, {uid: "2.25.4444"}).sop_instance_uid


def test_pixels_go_as_they_are():
    pixels = np.zeros((4, 4), np.uint16)
    own = ("2.25.1", 1, ["0", "0", "0"], 1.0)
    made = Template(described(*own, pixels), syntax("ExplicitVRLittleEndian"), values(*own)).instance(
        values(*own), pixels
    )
    assert any(np.shares_memory(np.frombuffer(part, np.uint8), pixels) for part in made.tail)


def test_what_is_not_there_cannot_be_filled_in():
    own = ("2.25.1", 1, ["0", "0", "0"], 1.0)
    alone = described(*own, np.zeros((2, 2), np.uint16))
    with pytest.raises(UsageError, match="SliceLocation"):
        Template(alone, syntax("ExplicitVRLittleEndian"), ["SOPInstanceUID", "SliceLocation"])
    with pytest.raises(UnsupportedError, match="RLELossless"):
        Template(alone, syntax("RLELossless"), values(*own))
