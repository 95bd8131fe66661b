"""Branching vessels: a tree that grows towards points strewn in a region, with radii after Murray's law."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from phantoms.combined import Union
from phantoms.solids import Capsule, Coordinates, Mask, Vector
from phantoms.variation import Variation

Region = Callable[[Coordinates, Coordinates, Coordinates], Mask]

_LEAF_MM = 0.95  # radius of the smallest branches


def strewn(
    variation: Variation, name: str, count: int, low_mm: Vector, high_mm: Vector, accepted: Region
) -> list[Vector]:
    """Points in a box, evenly random, that a region accepts.

    Args:
        variation: of the individual.
        name: of the draw.
        count: how many points to try; fewer come back.
        low_mm: least corner of the box.
        high_mm: greatest corner.
        accepted: which points belong to the region.
    """
    tried = [
        [variation.uniform(f"{name} {axis} {number}", low_mm[axis], high_mm[axis]) for number in range(count)]
        for axis in range(3)
    ]
    x, y, z = (np.asarray(values) for values in tried)
    return [(tried[0][i], tried[1][i], tried[2][i]) for i in np.flatnonzero(accepted(x, y, z)).tolist()]


def grown(root_mm: Vector, targets_mm: list[Vector]) -> Union:
    """A tree from a root to every target.

    Each target, nearest to the root first, joins the node that makes the shorter way, counting a share of the way
    already gone. Where branches meet, the cube of the parent's radius is the sum of the cubes of the children's
    (C. D. Murray, Proc. Natl. Acad. Sci. 12:207, 1926).

    Args:
        root_mm: where the tree enters.
        targets_mm: what it reaches.
    """
    nodes: list[Vector] = [root_mm]
    parents = [0]
    gone = [0.0]
    for target in sorted(targets_mm, key=lambda p: (math.dist(p, root_mm), p)):
        ways = [math.dist(target, node) + 0.35 * way for node, way in zip(nodes, gone, strict=True)]
        parent = ways.index(min(ways))
        nodes.append(target)
        parents.append(parent)
        gone.append(gone[parent] + math.dist(target, nodes[parent]))
    cubes = [0.0] * len(nodes)
    for node in range(len(nodes) - 1, 0, -1):
        cubes[node] = max(cubes[node], _LEAF_MM**3)
        cubes[parents[node]] += cubes[node]
    return Union(
        tuple(
            Capsule(nodes[parents[node]], nodes[node], round(cubes[node] ** (1.0 / 3.0), 6))
            for node in range(1, len(nodes))
            if nodes[node] != nodes[parents[node]]
        ),
        shape="tree",
    )
