"""WADO-RS: what a person looks at, PNG or JPEG, window and viewport as asked (PS3.18 10.4.1.1.5, 8.3.5)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi, convert_color_space
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from modality.errors import InputError, ModalityError, UnsupportedError
from modality.protocol import multipart
from modality.protocol.matching import UNREADABLE
from modality.simulated.dicomweb import answers, media
from modality.simulated.dicomweb.frames import MOST, numbers, opened
from modality.simulated.dicomweb.pixels import StoredPixels
from modality.simulated.dicomweb.service import Service

JPEG, PNG, GIF = "image/jpeg", "image/png", "image/gif"
_FORMATS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF"}  # PS3.18 Table 8.7.4-1: those that are required of a server
_LARGEST = 8192  # pixels of a side; our choice
_FRAME_MS = 100.0  # of a moving picture that does not say; our choice
_MOST_MOVING = 1000  # frames of a moving picture; our choice
_THUMBNAIL = 128  # pixels of a side; our choice
_ANNOTATIONS = ("patient", "technique")  # PS3.18 8.3.5.1.1
_FUNCTIONS = ("linear", "linear-exact", "sigmoid")  # PS3.18 8.3.5.1.4; PS3.3 C.11.2.1.2, C.11.2.1.3
# Where enhanced images say what a classic one says at the top (PS3.3 C.7.6.16.2.9, .10).
_GROUPS = ("PixelValueTransformationSequence", "FrameVOILUTSequence")


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a frame is to be shown.

    Args:
        window: centre, width and function; None for the image's own.
        viewport: width and height to fit into; None for the frame's own.
        source: left, top, width and height of the part that is shown; None for all. A negative size mirrors.
        quality: of JPEG, 1 to 100.
        unsupported: what was asked for and is not done, for the Warning field.
    """

    window: tuple[float, float, str] | None = None
    viewport: tuple[int, int] | None = None
    source: tuple[float, float, float, float] | None = None
    quality: int = 90
    unsupported: str = ""

    @classmethod
    def asked(cls, request: Request) -> Rendering:
        """What the query parameters say.

        Raises:
            HTTPException: 400, one of them cannot be understood.
        """
        parameters, asked = request.query_params, cls()
        for key in parameters:
            if key not in ("accept", "charset", "window", "viewport", "quality", "annotation", "iccprofile"):
                raise HTTPException(400, f"{key[:40]}: there is accept, window, viewport and quality")
        asked = replace(asked, unsupported=_unsupported(parameters))
        if "window" in parameters:
            parts = parameters["window"].split(",")
            if len(parts) not in (2, 3) or (len(parts) == 3 and parts[2].lower() not in _FUNCTIONS):
                raise HTTPException(400, f"window: CENTRE,WIDTH,FUNCTION, which is one of {', '.join(_FUNCTIONS)}")
            centre, width = (_number("window", text) for text in parts[:2])
            function = parts[2].lower() if len(parts) == 3 else "linear"
            if width <= 0 or (function == "linear" and width < 1):
                raise HTTPException(400, "window: a width of 1 or more, above 0 but for linear")
            asked = replace(asked, window=(centre, width, function))
        if "viewport" in parameters:
            parts = parameters["viewport"].split(",")
            if len(parts) not in (2, 6):
                raise HTTPException(400, "viewport: WIDTH,HEIGHT or WIDTH,HEIGHT,LEFT,TOP,WIDTH,HEIGHT of the source")
            size = [_number("viewport", text) for text in parts[:2]]
            if not all(1 <= side <= _LARGEST and side == int(side) for side in size):
                raise HTTPException(400, f"viewport: sides of 1 to {_LARGEST} pixels")
            asked = replace(asked, viewport=(int(size[0]), int(size[1])))
            if len(parts) == 6:
                left, top, wide, high = (_number("viewport", text or "0") for text in parts[2:])
                asked = replace(asked, source=(left, top, wide, high))
        if "quality" in parameters:
            text = parameters["quality"]
            if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= 100):
                raise HTTPException(400, "quality: 1 to 100")
            asked = replace(asked, quality=int(text))
        return asked


def _unsupported(parameters: QueryParams) -> str:
    """What is asked for and not done, as the Warning field has it (PS3.18 8.3.5.1.1 and 8.3.5.1.5).

    Raises:
        HTTPException: 400, it is not to be passed over.
    """
    if parameters.get("iccprofile", "no") != "no":
        raise HTTPException(400, "iccprofile: no; a profile is not embedded here")
    if "annotation" not in parameters:
        return ""
    values = [one.strip() for one in parameters["annotation"].split(",")]
    if not all(one in _ANNOTATIONS for one in values):
        raise HTTPException(400, f"annotation: {' and '.join(_ANNOTATIONS)}, with a comma between them")
    return f"The following annotation values are not supported: {','.join(values)}"


def _number(what: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise HTTPException(400, f"{what}: {text[:20]!r} is no number") from None
    if not np.isfinite(number) or abs(number) > 1e9:
        raise HTTPException(400, f"{what}: {text[:20]!r} is out of range")
    return number


class Rendered:
    """The rendered resources.

    Args:
        service: whose they are.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def rendered(self, request: Request) -> Response:
        """The frames that a URL names, or those of an instance, a series or a study, as pictures.

        Raises:
            HTTPException: 400, 404 and 406 with the reason.
        """
        self._service.answer_or_refuse(request, "get")
        asked, instances = Rendering.asked(request), self._service.instances(request)
        images = [pixels for one in instances if (pixels := opened(one)).has_pixels]
        if not images:
            raise HTTPException(406, "there are no pixels to render")
        if "frames" in request.path_params:
            chosen = [(pixels, frame) for pixels in images for frame in numbers(request, pixels)]
        elif (count := sum(pixels.frames for pixels in images)) > MOST:
            raise HTTPException(400, f"{count} frames: name at most {MOST} of them")
        else:
            chosen = [(pixels, frame) for pixels in images for frame in range(pixels.frames)]
        return self._pictures(request, chosen, asked)

    def thumbnail(self, request: Request) -> Response:
        """A small picture that stands for an instance, a series or a study: its middle frame's.

        Raises:
            HTTPException: 400, 404 and 406 with the reason.
        """
        self._service.answer_or_refuse(request, "get")
        asked = Rendering.asked(request)
        if asked.window or asked.source or asked.unsupported or {"quality", "iccprofile"} & set(request.query_params):
            raise HTTPException(400, "a thumbnail takes viewport alone (PS3.18 10.4.1.1.6)")
        instances = self._service.instances(request)
        middle = len(instances) // 2
        images = [*instances[middle:], *instances[:middle]]
        pixels = next((found for one in images if (found := opened(one)).has_pixels), None)
        if pixels is None:
            raise HTTPException(406, "there are no pixels to render")
        frames = numbers(request, pixels) if "frames" in request.path_params else [pixels.frames // 2]
        asked = replace(asked, viewport=asked.viewport or (_THUMBNAIL, _THUMBNAIL))
        return self._pictures(request, [(pixels, frames[0])], asked)

    def _pictures(self, request: Request, chosen: list[tuple[StoredPixels, int]], asked: Rendering) -> Response:
        moving = "instance" in request.path_params  # the frames of one image
        for wanted in media.accepted(request):
            media_type = next((one for one in _FORMATS if wanted.takes(one)), "")
            single = not wanted.multipart and (len(chosen) == 1 or (moving and wanted.media_type == GIF))
            if not media_type or wanted.transfer_syntax or not (single or wanted.multipart or wanted.any):
                continue
            if single and len(chosen) > _MOST_MOVING:
                raise HTTPException(400, f"{len(chosen)} frames: a moving picture has at most {_MOST_MOVING}")
            moves = single and len(chosen) > 1
            first = _animated(chosen, asked) if moves else _picture(*chosen[0], asked, media_type)
            self._service.log(request, "WADO-RS", 200, detail=f"{len(chosen)} pictures")
            headers = answers.warning(asked.unsupported) if asked.unsupported else {}
            if single:
                return Response(first, media_type=media_type, headers=headers)
            parts = (
                ({"Content-Type": media_type}, [first if number == 0 else _picture(*one, asked, media_type)])
                for number, one in enumerate(chosen)
            )
            boundary = secrets.token_hex(16)
            return StreamingResponse(
                map(bytes, multipart.written(boundary, parts)),
                headers={**headers, "Content-Type": multipart.content_type(boundary, media_type)},
            )
        raise HTTPException(406, f"there is {', '.join(_FORMATS)} here; several as multipart/related, or one {GIF}")


def _picture(pixels: StoredPixels, frame: int, asked: Rendering, media_type: str) -> bytes:
    out = BytesIO()
    options = {"quality": asked.quality} if media_type == JPEG else {}
    _image(pixels, frame, asked).save(out, _FORMATS[media_type], **options)
    return out.getvalue()


def _animated(chosen: list[tuple[StoredPixels, int]], asked: Rendering) -> bytes:
    """The frames of an image one after the other, as fast as it says."""
    out = BytesIO()
    header = chosen[0][0].header
    try:
        frame_ms = float(header.get("FrameTime") or _FRAME_MS)
    except UNREADABLE:
        frame_ms = _FRAME_MS
    first, *others = (_image(pixels, frame, asked) for pixels, frame in chosen)
    duration_ms = min(max(round(frame_ms), 20), 10_000)  # what browsers follow
    first.save(out, "GIF", save_all=True, append_images=others, duration=duration_ms, loop=0)
    return out.getvalue()


def _image(pixels: StoredPixels, frame: int, asked: Rendering) -> Image.Image:
    image = Image.fromarray(picture(pixels, frame, asked.window))
    left, top, wide, high = asked.source or (0, 0, image.width, image.height)
    right, bottom = left + abs(wide), top + abs(high)
    if asked.source:
        if not (0 <= left < right <= image.width and 0 <= top < bottom <= image.height):
            raise HTTPException(400, f"viewport: the source is not within {image.width} x {image.height}")
        image = image.crop(
            (round(left), round(top), max(round(right), round(left) + 1), max(round(bottom), round(top) + 1))
        )
    if wide < 0:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if high < 0:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if asked.viewport:
        scale = min(asked.viewport[0] / image.width, asked.viewport[1] / image.height)
        size = (max(round(image.width * scale), 1), max(round(image.height * scale), 1))
        image = image.resize(size, Image.Resampling.BILINEAR)
    return image


def picture(pixels: StoredPixels, frame: int, window: tuple[float, float, str] | None = None) -> NDArray[np.uint8]:
    """A frame as 8 bits for a display: (rows, columns), or (rows, columns, 3) in RGB.

    Args:
        pixels: the instance.
        frame: its number, from 0.
        window: centre, width and function, in the units of the modality; None for the image's own window, or its whole
            range where it has none.

    Raises:
        InputError: the pixel data is damaged.
        UnsupportedError: such pixels are not decoded here.
        MissingExtraError: the codec is not installed.
    """
    values, described = pixels.values(frame)
    attributes = _attributes(pixels.header, frame)
    try:
        if described.samples == 3:
            return _colour(values, described.photometric, described.bits_stored)
        if described.photometric == "PALETTE COLOR":
            coloured = apply_color_lut(values, pixels.header)
            return _eight(coloured, 16 if coloured.dtype.itemsize > 1 else 8)
        return _grey(values, attributes, described.photometric, window)
    except ModalityError:
        raise
    except UNREADABLE as error:
        raise InputError(f"frame {frame + 1} cannot be rendered: {error}") from error


def _colour(values: NDArray[Any], photometric: str, bits: int) -> NDArray[np.uint8]:
    if photometric == "RGB":
        return _eight(values, bits)
    if photometric == "YBR_FULL" and values.dtype == np.uint8:
        return _eight(convert_color_space(values, "YBR_FULL", "RGB"), 8)
    raise UnsupportedError(f"{photometric} of {bits} bits is not rendered here")


def _eight(values: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    return (values >> (bits - 8)).astype(np.uint8) if bits > 8 else values.astype(np.uint8)


def _grey(
    values: NDArray[Any], attributes: Dataset, photometric: str, window: tuple[float, float, str] | None
) -> NDArray[np.uint8]:
    modality = np.asarray(apply_modality_lut(values, attributes), dtype=np.float64)
    own = _own_window(attributes)
    if window is None and own is None and attributes.get("VOILUTSequence"):
        shown = np.asarray(apply_voi(apply_modality_lut(values, attributes), attributes), dtype=np.float64)
        low, high = float(shown.min()), float(shown.max())
        levels = (shown - low) / max(high - low, 1.0)
    elif chosen := window or own:
        levels = _windowed(modality, *chosen)
    else:
        low, high = float(modality.min()), float(modality.max())
        levels = (modality - low) / max(high - low, 1e-12)
    dark_high = photometric == "MONOCHROME1" or attributes.get("PresentationLUTShape") == "INVERSE"
    grey = np.rint(np.clip(levels, 0, 1) * 255)
    return (255 - grey if dark_high else grey).astype(np.uint8)


def shown_window(pixels: StoredPixels, frame: int) -> tuple[float, float] | None:
    """Centre and width through which a frame is shown, in the units of the modality; None for one in colour.

    Raises:
        InputError: the pixel data is damaged.
    """
    values, described = pixels.values(frame)
    if described.samples == 3 or described.photometric == "PALETTE COLOR":
        return None
    attributes = _attributes(pixels.header, frame)
    if own := _own_window(attributes):
        return own[:2]
    try:
        modality = np.asarray(apply_modality_lut(values, attributes), dtype=np.float64)
    except UNREADABLE as error:
        raise InputError(f"frame {frame + 1} cannot be rendered: {error}") from error
    low, high = float(modality.min()), float(modality.max())
    return (low + high + 1) / 2, max(high - low + 1, 1.0)


def _own_window(attributes: Dataset) -> tuple[float, float, str] | None:
    """The first of the image's own windows."""
    centre, width = attributes.get("WindowCenter"), attributes.get("WindowWidth")
    if centre in (None, "") or width in (None, ""):
        return None
    first = [float(one if isinstance(one, (int, float, str)) else one[0]) for one in (centre, width)]
    function = str(attributes.get("VOILUTFunction") or "LINEAR").lower().replace("_", "-")
    return (first[0], first[1], function) if first[1] >= 1 and function in _FUNCTIONS else None


def _windowed(values: NDArray[np.float64], centre: float, width: float, function: str) -> NDArray[np.float64]:
    """0 to 1 over the window (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2)."""
    if function == "sigmoid":
        return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    if function == "linear-exact":
        return (values - centre) / width + 0.5
    if width == 1:
        return (values > centre - 0.5).astype(np.float64)
    return (values - (centre - 0.5)) / (width - 1) + 0.5


def _attributes(header: Dataset, frame: int) -> Dataset:
    """The attributes of a frame: those of the data set, under those of its functional groups."""
    flat = Dataset()
    flat.update(header)
    for keyword, at in (("SharedFunctionalGroupsSequence", 0), ("PerFrameFunctionalGroupsSequence", frame)):
        groups = header.get(keyword)
        if not groups or at >= len(groups):
            continue
        for name in _GROUPS:
            for item in (groups[at].get(name) or [])[:1]:
                flat.update(item)
    return flat
