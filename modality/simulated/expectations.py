"""What a test expects of instances, said as assertions whose messages name each difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from modality.network.comparison import Difference, comparable, differences, same_pixels
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from modality.simulated.archive.archive import SimulatedArchive

_MOST_LINES = 20
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def assert_stored(archive: SimulatedArchive, instances: Iterable[PreparedInstance]) -> None:
    """That an archive keeps each instance, every element and every pixel as it is here.

    Args:
        archive: where they should be.
        instances: a study, or any instances.

    Raises:
        AssertionError: one is missing or differs; the message names each, and what was sent and what is held.
    """
    __tracebackhide__ = True
    kept = {one.sop_instance_uid: one for one in archive.instances()}
    problems: list[str] = []
    for instance in instances:
        found = kept.get(instance.sop_instance_uid)
        if found is None:
            problems.append(f"{instance.sop_instance_uid}: not there")
        else:
            problems += _told(instance, read(found.path))
    if problems:
        raise AssertionError(_message(f"{archive.aet} does not hold what was stored", problems))


def assert_same_pixels(one: Any, other: Any) -> None:
    """That two images, or two series in their order, show the same pixels, whatever they are encoded in.

    Args:
        one: a prepared instance, a pydicom Dataset, a numpy array, or several of them (a study).
        other: likewise.

    Raises:
        AssertionError: they differ, or neither has an image; the message says in which image, how many pixels, and by
            how much at most.
        TypeError: one is nothing that has pixels.
    """
    __tracebackhide__ = True
    problems, number = [], -1
    for number, (mine, theirs) in enumerate(zip_longest(_arrays(one), _arrays(other))):
        if mine is None or theirs is None:
            problems.append(f"image {number}: only one side has it")
        elif mine.shape != theirs.shape:
            problems.append(f"image {number}: {mine.shape} against {theirs.shape}")
        elif told := _apart(mine, theirs):
            problems.append(f"image {number}: {told}")
    if number < 0:
        problems.append("neither side has an image")
    if problems:
        raise AssertionError(_message("the pixels differ", problems))


def _apart(mine: Any, theirs: Any) -> str:
    """How many pixels differ, and by how much; empty when none does. Not a number is like itself."""
    import numpy as np

    differ = (mine != theirs) & ~((mine != mine) & (theirs != theirs))  # noqa: PLR0124 - so is not a number known
    if not differ.any():
        return ""
    whole = all(one.dtype.kind in "iub" and one.dtype != np.uint64 for one in (mine, theirs))
    wide = np.int64 if whole else np.float64
    with np.errstate(invalid="ignore"):
        by = np.where(differ, np.abs(mine.astype(wide) - theirs.astype(wide)), 0)
    worst = tuple(int(at) for at in np.unravel_index(int(by.argmax()), by.shape))
    return (
        f"{np.count_nonzero(differ)} of {differ.size} pixels differ, by {by[worst]} at most, at {worst}: "
        f"{mine[worst]} against {theirs[worst]}"
    )


def _told(mine: PreparedInstance, theirs: PreparedInstance) -> Iterator[str]:
    uid = mine.sop_instance_uid
    encoded_otherwise = mine.transfer_syntax_uid != theirs.transfer_syntax_uid
    transcoded = encoded_otherwise and (mine.syntax.encapsulated or theirs.syntax.encapsulated)
    sent, held = comparable(mine), comparable(theirs)
    for one in differences(uid, sent, held, transcoded=transcoded):
        yield _line(one)
    if not same_pixels(mine, theirs, sent, held):
        try:
            assert_same_pixels(mine, theirs)
            yield f"{uid}: the pixel data differs"
        except (AssertionError, TypeError) as error:
            yield f"{uid}: {str(error).replace(chr(10), '')}"


def _line(one: Difference) -> str:
    if one.held is None:
        return f"{one.uid}: {one.attribute} {one.sent!r} is lost"
    if one.sent is None:
        return f"{one.uid}: {one.attribute} {one.held!r} was added"
    return f"{one.uid}: {one.attribute} {one.sent!r} became {one.held!r}"


def _message(what: str, problems: list[str]) -> str:
    shown = problems[:_MOST_LINES]
    more = [f"... and {len(problems) - len(shown)} more"] if len(problems) > len(shown) else []
    return "\n  ".join([f"{what}:", *shown, *more])


def _plain(instance: PreparedInstance) -> Dataset:
    return transcode(instance, EXPLICIT_LITTLE).dataset() if instance.syntax.encapsulated else comparable(instance)


def _arrays(given: Any) -> Iterator[Any]:
    import numpy as np
    from pydicom.dataset import Dataset

    if isinstance(given, np.ndarray):
        yield given
    elif isinstance(given, PreparedInstance):
        yield from _arrays(_plain(given))
    elif isinstance(given, Dataset):
        if not any(keyword in given for keyword in _PIXELS):
            raise TypeError(f"{given.get('SOPInstanceUID', 'a dataset')}: has no pixels")
        yield given.pixel_array
    elif isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise TypeError(f"{given!r} has no pixels: give instances, datasets, arrays, or a study")
    else:
        for one in given:
            yield from _arrays(one)
