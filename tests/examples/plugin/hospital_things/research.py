"""CT images of a private SOP Class."""

from __future__ import annotations

from dataclasses import replace

from modality.iods.images.ct import CT, CT_IMAGE

SOP_CLASS_UID = "2.25.199305482735518271930476351204578113306"
_IMAGE = replace(CT_IMAGE, sop_class_uid=SOP_CLASS_UID)

RESEARCH_CT = replace(
    CT, name="research-ct", sop_class_uid=SOP_CLASS_UID, title="Research CT Image", default_phantom="wedge", iod=_IMAGE,
    describe=lambda acquisition, context: (_IMAGE.describe_frame(acquisition, context, frame) for frame in acquisition),
)  # fmt: skip
