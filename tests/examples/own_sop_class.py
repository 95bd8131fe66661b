"""A SOP Class of one's own: CT images of a private class with a private block, beside those of the table of kinds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pydicom.dataset import Dataset

import modality
from modality.acquisition.ct import CtAcquisition
from modality.iods.image import Image
from modality.iods.images.ct import CT, CT_IMAGE

# From a random number (PS3.5 B.2): a private class needs a UID that nobody else has.
SOP_CLASS_UID = "2.25.199305482735518271930476351204578113306"
CREATOR = "HOSPITAL RESEARCH"


def dose_note(dataset: Dataset, image: Image[CtAcquisition]) -> None:
    """A module of our own: what the research protocol wants to know, in a private block (PS3.5 7.8)."""
    block = dataset.private_block(0x0019, CREATOR, create=True)
    block.add_new(0x01, "DS", f"{image.acquisition.protocol.kvp:g}")


RESEARCH_IMAGE = replace(CT_IMAGE, sop_class_uid=SOP_CLASS_UID, image_modules=(*CT_IMAGE.image_modules, dose_note))
RESEARCH_CT = replace(
    CT,
    name="research-ct",
    sop_class_uid=SOP_CLASS_UID,
    title="Research CT Image",
    iod=RESEARCH_IMAGE,
    describe=lambda acquisition, context: (
        RESEARCH_IMAGE.describe_frame(acquisition, context, frame) for frame in acquisition
    ),
)
"""An entry point of the group "modality.iods" brings it into the table of kinds: see the plugin beside this file."""


def main() -> None:
    """Describe one series in it, and read it back."""
    study = modality.ct(seed=3, slices=2, rows=64, columns=64)
    series = replace(study.series[0], kind=RESEARCH_CT)
    with TemporaryDirectory() as folder:
        assert modality.Folder(Path(folder)).store(series).complete
        for path in sorted(Path(folder).rglob("*.dcm")):
            from pydicom import dcmread

            read = dcmread(path)
            print(read.SOPClassUID, read.private_block(0x0019, CREATOR)[0x01].value, "kV")
            assert (read.SOPClassUID, read.file_meta.MediaStorageSOPClassUID) == (SOP_CLASS_UID, SOP_CLASS_UID)


if __name__ == "__main__":
    main()
