"""Loops around holes joined with the loops around them, each by a channel without width (PS3.3 C.8.8.6.3, keyhole)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modality.acquisition.radiotherapy.loops import Points, area


def joined(loops: Sequence[Points]) -> list[Points]:
    """One loop for each part of a region, from those around its parts and those around their holes.

    A channel runs from a hole's leftmost vertex to the left, until it meets a loop: the one around the hole, or that of
    another hole, which then lies farther left and is joined in turn.

    Args:
        loops: each of shape (vertices, 2), holes the other way round than the rest; none meets another.
    """
    holes = [number for number, loop in enumerate(loops) if area(loop) < 0.0]
    if not holes:
        return list(loops)
    starts = np.concatenate(list(loops))
    ends = np.concatenate([np.roll(loop, -1, axis=0) for loop in loops])
    owner = np.repeat(np.arange(len(loops)), [len(loop) for loop in loops])
    first = np.cumsum([0, *(len(loop) for loop in loops)])
    # What hangs on an edge of a loop: how far along it, and the vertices of the way there and back.
    hanging: dict[int, dict[int, list[tuple[float, Points]]]] = {}
    leftmost = {number: int(np.lexsort((loops[number][:, 1], loops[number][:, 0]))[0]) for number in holes}
    lost = set()
    for number in sorted(holes, key=lambda hole: (-loops[hole][leftmost[hole], 0], hole)):
        own = leftmost[number]
        x, y = loops[number][own]
        crossed = (starts[:, 1] > y) != (ends[:, 1] > y)
        crossed &= owner != number
        edges = np.flatnonzero(crossed)
        share = (y - starts[edges, 1]) / (ends[edges, 1] - starts[edges, 1])
        at = starts[edges, 0] + share * (ends[edges, 0] - starts[edges, 0])
        edges, share, at = (values[at <= x] for values in (edges, share, at))
        if not len(edges):
            lost.add(number)  # thinning has moved it out of what held it: nothing is left of it
            continue
        nearest = int(np.argmax(at))
        door = np.asarray([[at[nearest], y]])
        around = _whole(loops[number], own, hanging.pop(number, {}))
        way = np.concatenate([door, around, around[:1], door])
        target = int(owner[edges[nearest]])
        edge = int(edges[nearest]) - int(first[target])
        hanging.setdefault(target, {}).setdefault(edge, []).append((float(share[nearest]), way))
    kept = [number for number in range(len(loops)) if number not in leftmost]
    return [_whole(loops[number], 0, hanging.get(number, {})) for number in kept]


def _whole(loop: Points, start: int, hanging: dict[int, list[tuple[float, Points]]]) -> Points:
    """A loop from one of its vertices on, with what hangs on its edges."""
    parts = []
    for step in range(len(loop)):
        edge = (start + step) % len(loop)
        parts.append(loop[edge : edge + 1])
        parts += [way for _, way in sorted(hanging.get(edge, ()), key=lambda one: one[0])]
    return np.concatenate(parts)
