"""Instances of one series that differ in a few elements and in their pixels: what they share is encoded once."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from modality.errors import UnsupportedError, UsageError
from modality.transfer.deflation import deflated_tail
from modality.transfer.elements import Buffer, Place, replace, scan
from modality.transfer.encode import around_pixels, pixel_element
from modality.transfer.instance import PreparedInstance
from modality.transfer.pixels import PixelElement
from modality.transfer.syntaxes import TransferSyntax

Value = str | list[str] | float

_SHARED = {"sop_class_uid": "SOPClassUID", "study_uid": "StudyInstanceUID", "series_uid": "SeriesInstanceUID"}


class Template:
    """The encoded data set of a series, with the places where its instances differ.

    Args:
        dataset: the first instance's; its Pixel Data may be of any.
        syntax: a native one: there pixels go as they are.
        keywords: the elements at the top of the data set that each instance fills in; SOPInstanceUID is one.

    Raises:
        UnsupportedError: the syntax encapsulates pixels.
        UsageError: an element is not in the data set.
    """

    def __init__(self, dataset: Dataset, syntax: TransferSyntax, keywords: Iterable[str]) -> None:
        if syntax.encapsulated:
            raise UnsupportedError(f"{syntax.keyword} holds no native pixels: each instance has to be prepared alone")
        self._syntax = syntax
        # The mere presence of pixels parts what stands before them from what stands behind.
        self._head, self._after = around_pixels(dataset, syntax, PixelElement([b""]))
        tags = {int(Tag(keyword)): keyword for keyword in keywords}
        layout = scan(self._head, explicit=syntax.explicit, little_endian=syntax.little_endian, top=tags)
        self._places: dict[str, tuple[Place, str]] = {
            tags[place.tag]: (place, dictionary_VR(place.tag))
            for place in layout.places
            if place.depth == 0 and place.tag in tags
        }
        missing = [keyword for keyword in tags.values() if keyword not in self._places]
        if missing:
            raise UsageError(f"the first instance has no {', '.join(missing)} for the others to fill in")
        self._shared = {name: str(dataset[keyword].value) for name, keyword in _SHARED.items()}

    def instance(self, values: Mapping[str, Value], pixels: npt.NDArray[np.generic]) -> PreparedInstance:
        """One instance.

        Args:
            values: what it fills in, by keyword: text, several texts, or a number of VR FD.
            pixels: its native samples, in any byte order; not copied where they can go as they are.
        """
        little = self._syntax.little_endian
        edits = [
            (self._places[keyword][0], self._encoded(self._places[keyword][1], v)) for keyword, v in values.items()
        ]
        head = replace(self._head, edits, little_endian=little)
        plain = np.ascontiguousarray(pixels, dtype=pixels.dtype.newbyteorder("<"))
        samples = plain.reshape(-1).view(np.uint8).data
        tail: list[Buffer] = [*pixel_element(samples, pixels.itemsize, self._syntax), *self._after]
        if self._syntax.deflated:
            tail = [deflated_tail(tail)]
        known = {**self._shared, "sop_instance_uid": str(values["SOPInstanceUID"])}
        return PreparedInstance(self._syntax.uid, head, tail, known=known)

    def _encoded(self, vr: str, value: Value) -> bytes:
        if isinstance(value, float):
            return struct.pack("<d" if self._syntax.little_endian else ">d", value)
        text = (value if isinstance(value, str) else "\\".join(value)).encode("ascii")
        return text + (b"\0" if vr == "UI" else b" ") * (len(text) % 2)
