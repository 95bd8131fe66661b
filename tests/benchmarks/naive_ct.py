"""What one writes without us: a CT series of a water cylinder by bare pydicom, each slice with fresh normal noise.

Run with a folder and a count it writes files; without a folder the data sets are encoded in memory.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SIZE, NOISE_HU = 512, 6.0


def series(count: int) -> Iterator[Dataset]:
    """Data sets with what a CT image cannot do without."""
    rng = np.random.default_rng(1)
    study, one_series, frame = generate_uid(), generate_uid(), generate_uid()
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    body = np.where(x * x + y * y < 200**2, 1024.0, 24.0)
    for index in range(count):
        made = Dataset()
        made.SOPClassUID, made.SOPInstanceUID = CTImageStorage, generate_uid()
        made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = study, one_series, frame
        made.PatientName, made.PatientID, made.PatientBirthDate, made.PatientSex = "Naive^Script", "N1", "19700101", "O"
        made.StudyDate = made.SeriesDate = made.ContentDate = "20240101"
        made.StudyTime = made.SeriesTime = made.ContentTime = "120000"
        made.AccessionNumber, made.ReferringPhysicianName, made.StudyID, made.Modality = "A1", "", "1", "CT"
        made.SeriesNumber, made.InstanceNumber = 1, index + 1
        made.ImagePositionPatient, made.ImageOrientationPatient = [-125, -125, index], [1, 0, 0, 0, 1, 0]
        made.PixelSpacing, made.SliceThickness, made.ImageType = [0.5, 0.5], 1, ["ORIGINAL", "PRIMARY", "AXIAL"]
        made.KVP, made.RescaleIntercept, made.RescaleSlope = 120, -1024, 1
        made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
        made.Rows = made.Columns = SIZE
        made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 12, 11, 0
        noisy = np.rint(body + rng.normal(0.0, NOISE_HU, body.shape))
        made.PixelData = np.clip(noisy, 0, 4095).astype(np.uint16).tobytes()
        made.file_meta = FileMetaDataset()
        made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        yield made


def in_memory(count: int) -> int:
    """Encode a series; gives its bytes."""
    total = 0
    for made in series(count):
        out = BytesIO()
        made.save_as(out, enforce_file_format=True)
        total += out.tell()
    return total


if __name__ == "__main__":
    for number, one in enumerate(series(int(sys.argv[2]))):
        one.save_as(Path(sys.argv[1]) / f"{number:05d}.dcm", enforce_file_format=True)
