"""Where the slices of a series lie."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from pydicom.dataset import Dataset

from modality.station.consistency.case import Case
from modality.station.consistency.rule import Rule
from modality.station.consistency.values import Finding, Part, against, compare, number, numbers, sequence, text

# A DS has 16 characters, and machines round: our choice.
_UNIT = 1e-3
_SAME_MM = 1e-3
_GRID = (
    "Rows", "Columns", "PixelSpacing", "SliceThickness", "PhotometricInterpretation", "BitsAllocated",
    "BitsStored", "PixelRepresentation",
)  # fmt: skip
_PART, _MM = 0.02, 0.05

Vector = tuple[float, float, float]


class Plane(NamedTuple):
    """A slice.

    Args:
        part: the image it is of.
        series: Series Instance UID.
        row: direction of a row.
        column: direction of a column.
        position: centre of the first pixel, in mm.
        spacing_mm: Spacing Between Slices; None where it is not told.
    """

    part: Part
    series: str
    row: Vector
    column: Vector
    position: Vector | None
    spacing_mm: float | None

    @property
    def normal(self) -> Vector:
        """The direction across the slice."""
        (a, b, c), (d, e, f) = self.row, self.column
        return (b * f - c * e, c * d - a * f, a * e - b * d)


def _along(one: Vector, other: Vector) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _minus(one: Vector, other: Vector) -> Vector:
    a, b, c = (x - y for x, y in zip(one, other, strict=True))
    return (a, b, c)


def _length(one: Vector) -> float:
    return math.sqrt(_along(one, one))


def _planes(case: Case) -> Iterator[Plane]:
    for image in case.images:
        dataset = image.part.dataset
        shared = sequence(dataset, "SharedFunctionalGroupsSequence")
        frames = sequence(dataset, "PerFrameFunctionalGroupsSequence")
        if not frames:
            yield from _plane(image.part, image.series, dataset, dataset, dataset)
        for frame in frames:
            orientation, position, measures = (
                next((found[0] for group in (frame, *shared) if (found := sequence(group, keyword))), Dataset())
                for keyword in ("PlaneOrientationSequence", "PlanePositionSequence", "PixelMeasuresSequence")
            )
            yield from _plane(image.part, image.series, orientation, position, measures)


def _plane(part: Part, series: str, orientation: Dataset, position: Dataset, measures: Dataset) -> Iterator[Plane]:
    vectors, at = numbers(orientation, "ImageOrientationPatient"), numbers(position, "ImagePositionPatient")
    if len(vectors) == 6:
        a, b, c, d, e, f = vectors
        place = (at[0], at[1], at[2]) if len(at) == 3 else None
        yield Plane(part, series, (a, b, c), (d, e, f), place, number(measures, "SpacingBetweenSlices"))


def _orthonormal(case: Case) -> Iterator[Finding]:
    for plane in _planes(case):
        lengths, dot = (_length(plane.row), _length(plane.column)), _along(plane.row, plane.column)
        held = all(abs(one - 1) <= _UNIT for one in lengths) and abs(dot) <= _UNIT
        shown = f"lengths {lengths[0]:.6g} and {lengths[1]:.6g}, product {dot:.6g}"
        yield against("ImageOrientationPatient", plane.part, shown, "lengths 1 and 1, product 0", held)


def stacks(case: Case) -> Iterator[list[Plane]]:
    """The slices of a series and an orientation, in order across them, each place once; at least three."""
    found: dict[tuple[object, ...], list[Plane]] = {}
    for plane in _planes(case):
        if plane.position is not None:
            key = (plane.series, *(round(one, 3) + 0.0 for one in (*plane.row, *plane.column)))
            found.setdefault(key, []).append(plane)
    for planes in found.values():
        stack: list[Plane] = []
        for plane in sorted(planes, key=depth):
            if not stack or _length(_minus(plane.position, stack[-1].position)) > _SAME_MM:  # type: ignore[arg-type]
                stack.append(plane)
        if len(stack) >= 3:
            yield stack


def depth(plane: Plane) -> float:
    """How far a slice lies along its normal, in mm."""
    assert plane.position is not None
    return _along(plane.position, plane.normal)


def _gaps(stack: list[Plane]) -> list[float]:
    return [depth(after) - depth(before) for before, after in pairwise(stack)]


def _even(case: Case) -> Iterator[Finding]:
    for stack in stacks(case):
        gaps = _gaps(stack)
        usual = sorted(gaps)[len(gaps) // 2]
        for gap, plane in zip(gaps, stack[1:], strict=True):
            held = abs(gap - usual) <= max(_PART * abs(usual), _MM)
            yield Finding("ImagePositionPatient", plane.part.source, f"{gap:.4g} mm from its neighbour", "series",
                          f"{usual:.4g} mm", held)  # fmt: skip


def _straight(case: Case) -> Iterator[Finding]:
    """A stack is a prism: its first pixels lie on one line, along the normal or, with a tilted gantry, aslant."""
    for stack in stacks(case):
        first, last = stack[0].position, stack[-1].position
        assert first is not None
        assert last is not None
        across = depth(stack[-1]) - depth(stack[0])
        if abs(across) <= _SAME_MM:
            continue
        for plane in stack[1:-1] if len(stack) > 3 else stack:
            assert plane.position is not None
            part = (depth(plane) - depth(stack[0])) / across
            a, b, c = (x + part * (y - x) for x, y in zip(first, last, strict=True))
            off = _length(_minus(plane.position, (a, b, c)))
            yield against("ImagePositionPatient", plane.part, f"{off:.4g} mm off the stack's line", "0 mm", off <= _MM)


def _spacing(case: Case) -> Iterator[Finding]:
    for stack in stacks(case):
        gaps = sorted(_gaps(stack))
        usual = gaps[len(gaps) // 2]
        for plane in stack:
            if plane.spacing_mm is not None:
                held = abs(abs(plane.spacing_mm) - usual) <= max(_PART * usual, _MM)
                yield Finding("SpacingBetweenSlices", plane.part.source, f"{plane.spacing_mm:g}", "positions",
                              f"{usual:.4g}", held)  # fmt: skip


def _one_grid(case: Case) -> Iterator[Finding]:
    first: dict[tuple[str, tuple[float, ...]], Part] = {}
    for image in case.images:
        vectors = numbers(image.part.dataset, "ImageOrientationPatient")
        if len(vectors) != 6:
            continue
        one = first.setdefault((image.series, tuple(round(value, 3) for value in vectors)), image.part)
        if one is not image.part:
            for keyword in _GRID:
                yield from compare(keyword, image.part, one)
    yield from _one_orientation(case)


def _one_orientation(case: Case) -> Iterator[Finding]:
    """Of axial CT slices (PS3.3 C.8.2.1.1.1): they are made one after the other along the table."""
    first: dict[str, Part] = {}
    for image in case.images:
        if text(image.part.dataset, "Modality") == "CT" and "AXIAL" in text(image.part.dataset, "ImageType"):
            ours = numbers(image.part.dataset, "ImageOrientationPatient")
            one = first.setdefault(image.series, image.part)
            theirs = numbers(one.dataset, "ImageOrientationPatient")
            if len(ours) == len(theirs) == 6:
                held = all(abs(a - b) <= _UNIT for a, b in zip(ours, theirs, strict=True))
                yield Finding("ImageOrientationPatient", image.part.source, f"{ours}", one.source, f"{theirs}", held)


def _positive(case: Case) -> Iterator[Finding]:
    for image in case.images:
        for keyword in ("PixelSpacing", "SliceThickness"):
            values = numbers(image.part.dataset, keyword)
            if values:
                shown = ", ".join(f"{value:g}" for value in values)
                yield against(keyword, image.part, shown, "above 0", min(values) > 0)


RULES = (
    Rule("R74", "Rows and columns are at right angles, their directions of length 1", "PS3.3 C.7.6.2.1.1", "images",
         _orthonormal),
    Rule("R75", "Slices are evenly spaced", "our choice: PS3.3 C.7.6.2 allows other, and a slice may be missing",
         "positions of a series and orientation", _even),
    Rule("R76", "Slices lie behind each other", "our choice; PS3.3 C.7.6.2.1.1",
         "positions of a series and orientation", _straight),
    Rule("R77", "Spacing Between Slices is that of the positions", "PS3.3 C.7.6.2.1.1, C.8.3.1", "images", _spacing),
    Rule("R78", "Slices of a stack have one grid", "our choice", "images of a series and orientation", _one_grid),
    Rule("R79", "Pixels have a size", "PS3.3 10.7.1.3, C.7.6.2", "images", _positive),
)  # fmt: skip
