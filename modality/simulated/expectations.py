"""What a test expects of instances, said as assertions whose messages name each difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from modality.network.comparison import Difference, differences, same_pixels
from modality.transfer.encode import transcode
from modality.transfer.instance import PreparedInstance
from modality.transfer.reading import read
from modality.transfer.syntaxes import EXPLICIT_LITTLE

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from modality.simulated.archive.archive import SimulatedArchive

_MOST_LINES = 20


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
        AssertionError: they differ; the message says in which image, how many pixels, and by how much at most.
    """
    import numpy as np

    __tracebackhide__ = True
    problems = []
    for number, (mine, theirs) in enumerate(zip_longest(_arrays(one), _arrays(other))):
        if mine is None or theirs is None:
            problems.append(f"image {number}: only one side has it")
        elif mine.shape != theirs.shape:
            problems.append(f"image {number}: {mine.shape} against {theirs.shape}")
        else:
            apart = np.abs(mine.astype(np.int64) - theirs.astype(np.int64))
            if apart.any():
                worst = tuple(int(at) for at in np.unravel_index(int(apart.argmax()), apart.shape))
                problems.append(
                    f"image {number}: {np.count_nonzero(apart)} of {apart.size} pixels differ, by {apart.max()} at "
                    f"most, at {worst}: {mine[worst]} against {theirs[worst]}"
                )
    if problems:
        raise AssertionError(_message("the pixels differ", problems))


def _told(mine: PreparedInstance, theirs: PreparedInstance) -> Iterator[str]:
    uid = mine.sop_instance_uid
    encoded_otherwise = mine.transfer_syntax_uid != theirs.transfer_syntax_uid
    transcoded = encoded_otherwise and (mine.syntax.encapsulated or theirs.syntax.encapsulated)
    sent, held = mine.dataset(), theirs.dataset()
    for one in differences(uid, sent, held, transcoded=transcoded):
        yield _line(one)
    if not same_pixels(mine, theirs, sent, held):
        try:
            assert_same_pixels(mine, theirs)
            yield f"{uid}: the pixel data differs"
        except AssertionError as error:
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
    return (transcode(instance, EXPLICIT_LITTLE) if instance.syntax.encapsulated else instance).dataset()


def _arrays(given: Any) -> Iterator[Any]:
    import numpy as np

    if isinstance(given, np.ndarray):
        yield given
    elif isinstance(given, PreparedInstance):
        yield _plain(given).pixel_array
    elif hasattr(given, "PixelData"):
        yield given.pixel_array
    else:
        for one in given:
            yield from _arrays(one)
