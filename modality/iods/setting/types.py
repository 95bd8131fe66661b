"""Attributes that an IOD does not let be without a value (PS3.5 7.4.1, 7.4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from pydicom.dataset import Dataset

from modality import config

Names = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AttributeTypes:
    """What `configs/attribute_types.toml` holds.

    Args:
        iod_of: SOP Class UID to the name of its IOD.
        mandatory: IOD to its mandatory modules.
        optional: IOD to its user option and conditional modules.
        type_1: module to its Type 1 attributes at the top of the data set, by keyword.
        type_1c: module to those of Type 1C.
    """

    iod_of: Mapping[str, str] = field(default_factory=dict)
    mandatory: Names = field(default_factory=dict)
    optional: Names = field(default_factory=dict)
    type_1: Names = field(default_factory=dict)
    type_1c: Names = field(default_factory=dict)


@lru_cache(maxsize=1)
def attribute_types() -> AttributeTypes:
    """The table, read when it is first needed."""
    return config.load(config.shipped("attribute_types.toml"), AttributeTypes)


def needs_value(dataset: Dataset, keyword: str) -> str:
    """Why an attribute of a data set has to have a value.

    What an optional module asks for counts where the module is there: with all of its Type 1 attributes.

    Args:
        dataset: has its SOP Class UID, else nothing is known of it.
        keyword: of an attribute at its top.

    Returns:
        Type, module and IOD, or nothing when it may be empty.
    """
    types = attribute_types()
    iod = types.iod_of.get(str(dataset.get("SOPClassUID", "")), "")
    there = [
        module
        for module in types.optional.get(iod, ())
        if (needed := types.type_1.get(module)) and all(dataset.get(one) not in (None, "") for one in needed)
    ]
    for module in (*types.mandatory.get(iod, ()), *there):
        if keyword in types.type_1.get(module, ()):
            return f"Type 1 in the {module} module of the {iod} IOD (PS3.3)"
    # Where the condition does not hold it is not there; empty it is never.
    filled = keyword in dataset and dataset[keyword].value not in (None, "")
    for module in (*types.mandatory.get(iod, ()), *there) if filled else ():
        if keyword in types.type_1c.get(module, ()):
            return f"Type 1C in the {module} module of the {iod} IOD (PS3.3)"
    return ""


def has_module(sop_class_uid: str, module: str) -> bool:
    """Whether a module, by its name in the table (image-pixel), is mandatory in the IOD of a SOP Class."""
    types = attribute_types()
    return module in types.mandatory.get(types.iod_of.get(sop_class_uid, ""), ())


def may_need_value(sop_class_uid: str, keyword: str) -> bool:
    """Whether an attribute is of Type 1 or 1C in any module of the IOD of a SOP Class."""
    types = attribute_types()
    iod = types.iod_of.get(sop_class_uid, "")
    modules = (*types.mandatory.get(iod, ()), *types.optional.get(iod, ()))
    return any(keyword in (*types.type_1.get(one, ()), *types.type_1c.get(one, ())) for one in modules)
