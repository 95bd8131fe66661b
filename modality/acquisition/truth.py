"""The truth of an acquisition as plain data, ready for truth.json, and as a map of labels."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TypedDict, cast

import numpy as np

from modality.acquisition import sampling
from modality.acquisition.frames import Acquisition
from phantoms.phantom import Labels, StructureTruth

_ASSUMED_KVP = 120.0
_ASSUMED_FIELD_T = 1.5


class Truth(TypedDict):
    """What was scanned."""

    seed: int
    phantom: str
    structures: list[StructureTruth]


def truth(acquisition: Acquisition) -> Truth:
    """What lies where in an acquisition, in the patient coordinates (LPS, mm) of its images.

    Args:
        acquisition: a scan. CT numbers are those at its tube voltage and relaxation times those at its field strength;
            what the modality does not see is listed for 120 kV and 1.5 T.
    """
    protocol = acquisition.protocol
    structures = acquisition.phantom.truth(
        kvp=getattr(protocol, "kvp", _ASSUMED_KVP),
        field_strength_t=getattr(protocol, "field_strength_t", _ASSUMED_FIELD_T),
    )
    for structure in structures:
        # Keys of a scan's own, beside those that every phantom's structures have.
        cast("dict[str, float]", structure["properties"]).update(acquisition.properties(structure["label"]))
    return {"seed": acquisition.seed, "phantom": acquisition.phantom.name, "structures": structures}


def label_maps(acquisition: Acquisition) -> Iterator[Labels]:
    """The structure at the centre of each voxel, slice by slice.

    Args:
        acquisition: a scan.

    Yields:
        uint8 of shape (rows, columns) for each slice, stack by stack: 0 for air, else a structure's `label` of the
        truth or that of a structure which the truth does not list.
    """
    for geometry in acquisition.stacks:
        shape = (geometry.rows, geometry.columns)
        for index in range(geometry.slices):
            labels = acquisition.phantom.labels(*sampling.coordinates(geometry, index, (0.0, 0.0, 0.0)))
            yield np.broadcast_to(labels, shape)


def label_file(acquisition: Acquisition) -> Iterator[bytes]:
    """The label maps of all slices as a file of numpy's: an array of uint8, (slices, rows, columns), in C order.

    Args:
        acquisition: a scan.

    Yields:
        The header, then slice by slice.
    """
    geometry = acquisition.geometry
    slices = sum(stack.slices for stack in acquisition.stacks)
    header = BytesIO()
    described = {"descr": "|u1", "fortran_order": False, "shape": (slices, geometry.rows, geometry.columns)}
    np.lib.format.write_array_header_1_0(header, described)
    yield header.getvalue()
    for labels in label_maps(acquisition):
        yield labels.tobytes()
