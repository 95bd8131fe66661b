"""PS3.3 C.8.8.1 RT Series."""

from __future__ import annotations

from pydicom.dataset import Dataset

from modality.iods.context import Context
from modality.iods.modules.common.general_series import general_series


def rt_series(dataset: Dataset, context: Context, *, modality: str) -> None:
    """The series: as General Series, but for who worked at it, which may not be missing.

    Args:
        dataset: gets the attributes.
        context: of the series.
        modality: Modality, which the IOD fixes.
    """
    general_series(dataset, context, modality=modality)
    dataset.pop("PerformingPhysicianName", None)
    dataset.pop("ProtocolName", None)
    dataset.OperatorsName = context.series.operators_name
