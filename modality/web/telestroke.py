"""The page of a tele-stroke case: vital signs, the score with its items, and the images, in one file by itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from pydicom.dataset import Dataset

from modality.errors import MissingExtraError
from modality.fhir.terminology import LOINC, observables, stroke_scale
from modality.station.contact_sheet import ContactSheet, windowed
from modality.transfer.instance import PreparedInstance
from modality.web.report import render

# Window Center and Width in HU; our choice, as such are used for the brain and for early infarcts.
_WINDOWS = (("brain", 40.0, 80.0), ("stroke", 36.0, 30.0), ("bone", 500.0, 2000.0))
_SIDE = 512  # pixels of the longer side of an image; a larger one is scaled down
_MOST = 200  # images of a series that are shown, evenly spread; our choice


class Hop(Protocol):
    """One exchange on the way."""

    origin: str
    target: str
    transaction: str
    detail: str
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table: what, its value, and its code."""

    what: str
    value: str
    code: str
    score: str = ""


@dataclass(frozen=True, slots=True)
class Stack:
    """The images of a series.

    Args:
        title: for people.
        total: how many the series has.
        windows: name of each window, and the images through it as data URLs.
        sheet: all of them small, as PNG.
    """

    title: str
    total: int
    windows: list[tuple[str, list[str]]]
    sheet: bytes


def page(
    patient: Mapping[str, Any],
    study: Mapping[str, Any],
    observations: Sequence[Mapping[str, Any]],
    series: Mapping[str, Sequence[PreparedInstance]],
    endpoint: str,
    hops: Sequence[Hop],
) -> bytes:
    """The page, as UTF-8.

    Args:
        patient: the Patient.
        study: the ImagingStudy.
        observations: vital signs and score.
        series: the images by Series Instance UID.
        endpoint: where they came from.
        hops: how they came.

    Raises:
        MissingExtraError: what draws is not installed.
    """
    score = next((one for one in observations if stroke_scale().total in _codes(one)), None)
    signs = [one for one in observations if one is not score]
    described = {str(one.get("uid")): str(one.get("description", "")) for one in study.get("series", [])}
    return render(
        "telestroke.html",
        name=_name(patient),
        born=patient.get("birthDate", ""),
        gender=patient.get("gender", ""),
        identifiers=[str(one.get("value", "")) for one in patient.get("identifier", [])],
        study=study,
        signs=[row for one in signs for row in _rows(one)],
        total=_value(score) if score else "",
        total_code=stroke_scale().total,
        items=list(_items(score)) if score else [],
        when=str((score or {}).get("effectiveDateTime", "")),
        stacks=[_stack(described.get(uid, ""), images) for uid, images in series.items()],
        endpoint=endpoint,
        hops=hops,
    )


def _name(patient: Mapping[str, Any]) -> str:
    """The patient's names, each as people write it."""
    written = []
    for one in patient.get("name", []):
        parts = [*one.get("prefix", []), *one.get("given", []), one.get("family", ""), *one.get("suffix", [])]
        written.append(" ".join(str(part) for part in parts if part) or str(one.get("text", "")))
    return " / ".join(filter(None, written)) or "(no name)"


def _codes(one: Mapping[str, Any]) -> list[str]:
    found = one.get("code", {}).get("coding", [])
    return [str(code.get("code")) for code in found if code.get("system") == LOINC]


def _called(one: Mapping[str, Any]) -> str:
    """What was observed, as the observation itself or LOINC says it."""
    concept = one.get("code", {})
    for code in _codes(one):
        if code in observables():
            return observables()[code].display
    return str(concept.get("text") or next((code.get("display") for code in concept.get("coding", [])), ""))


def _value(one: Mapping[str, Any]) -> str:
    if quantity := one.get("valueQuantity"):
        unit = str(quantity.get("unit", ""))
        return f"{quantity.get('value')} {unit}".strip() if not unit.startswith("{") else str(quantity.get("value"))
    if "valueInteger" in one:
        return str(one["valueInteger"])
    answers = one.get("valueCodeableConcept", {}).get("coding", [])
    if answers:
        return str(answers[0].get("display") or answers[0].get("code", ""))
    return "not known"


def _rows(one: Mapping[str, Any]) -> Iterator[Row]:
    """An observation, or its components where it is a panel."""
    for part in one.get("component") or [one]:
        yield Row(_called(part), _value(part), " ".join(_codes(part)))


def _items(score: Mapping[str, Any]) -> Iterator[Row]:
    """The items of the NIH Stroke Scale, each with its answer and what it counts."""
    items = {item.loinc: item for item in stroke_scale().item}
    for part in score.get("component", []):
        code = next(iter(_codes(part)), "")
        chosen = [one.get("code") for one in part.get("valueCodeableConcept", {}).get("coding", [])]
        counted = ""
        if code in items:
            answer = next((one for one in items[code].choices() if one.code in chosen), None)
            counted = "" if answer is None else "UN" if answer.score is None else str(answer.score)
        name = items[code].display.removesuffix(" [NIH Stroke Scale]") if code in items else _called(part)
        yield Row(name, _value(part), code, counted)


def _stack(title: str, images: Sequence[PreparedInstance]) -> Stack:
    sheet = ContactSheet(title, tiles=18, tile_px=144)
    step = max(1, -(-len(images) // _MOST))
    shown: dict[str, list[str]] = {}
    for number, one in enumerate(images):
        sheet.add(one)
        if number % step:
            continue
        dataset = one.dataset()
        pixels = dataset.pixel_array
        windows = _WINDOWS if dataset.get("Modality") == "CT" else (("own", None, None),)
        for name, centre, width in windows:
            shown.setdefault(name, []).append(_jpeg(_through(dataset, centre, width), pixels))
    return Stack(title, len(images), list(shown.items()), sheet.png())


def _through(dataset: Dataset, centre: float | None, width: float | None) -> Dataset:
    """What says how an image is shown, with another window than its own."""
    if centre is None:
        return dataset
    said = Dataset()
    for keyword in ("PhotometricInterpretation", "RescaleSlope", "RescaleIntercept", "PixelSpacing"):
        if keyword in dataset:
            said[keyword] = dataset[keyword]
    said.WindowCenter, said.WindowWidth = centre, width
    return said


def _jpeg(dataset: Dataset, pixels: Any) -> str:
    """An image as a data URL, in the proportions of its field of view."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("the page", "web") from error
    image = Image.fromarray(windowed(dataset, pixels))
    down, across = map(float, dataset.get("PixelSpacing") or (1, 1))
    height, width = image.height * down, image.width * across
    scale = min(_SIDE, max(image.size)) / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    out = BytesIO()
    (image if size == image.size else image.resize(size, Image.Resampling.BILINEAR)).save(out, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(out.getvalue()).decode("ascii")
