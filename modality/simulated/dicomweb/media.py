"""What a user agent accepts, and what the archive's transfer syntaxes are called on the web (PS3.18 8.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request

from modality.transfer.syntaxes import EXPLICIT_LITTLE, NATIVE

DICOM = "application/dicom"
JSON = "application/dicom+json"
XML = "application/dicom+xml"
BYTES = "application/octet-stream"
AS_STORED = "*"

# PS3.18 Tables 8.7.3-2 to 8.7.3-5: media types of compressed frames, the default transfer syntax of each first.
# JPEG XL is of supplement 232.
_COMPRESSED: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("4.70", "4.50", "4.51", "4.57"),
    "image/dicom-rle": ("5",),
    "image/jls": ("4.80", "4.81"),
    "image/jp2": ("4.90", "4.91"),
    "image/jpx": ("4.92", "4.93"),
    "image/jphc": ("4.201", "4.202", "4.203"),
    "image/jxl": ("4.110", "4.111", "4.112"),
    "video/mpeg": ("4.100", "4.101"),
    "video/mp4": ("4.102", "4.103", "4.104", "4.105", "4.106"),
    "video/H265": ("4.107", "4.108"),
}
SYNTAXES = {
    media_type: tuple(f"1.2.840.10008.1.2.{ending}" for ending in endings)
    for media_type, endings in _COMPRESSED.items()
}
_MEDIA_TYPES = {uid: media_type for media_type, uids in SYNTAXES.items() for uid in uids}
_ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"

_RANGE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;\s]*)\s*')
_TYPE = re.compile(r"\s*([\w.+*-]+/[\w.+*-]+)\s*")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A media range of an Accept field.

    Args:
        media_type: the type; of the parts where it is multipart/related, and in lower case.
        multipart: the message is to be of parts.
        transfer_syntax: UID, ``*`` for the one stored, or empty for the default.
        quality: its weight, above 0.
        any: everything is accepted (``*/*``).
    """

    media_type: str
    multipart: bool = False
    transfer_syntax: str = ""
    quality: float = 1.0

    @property
    def any(self) -> bool:
        """It says nothing of the type."""
        return self.media_type == "*/*"

    def takes(self, media_type: str) -> bool:
        """Whether a media type is in the range."""
        kind, _, _ = media_type.partition("/")
        return self.media_type in ("*/*", f"{kind}/*".lower(), media_type.lower())


def media_type_of(transfer_syntax_uid: str) -> str:
    """The media type of a frame in a transfer syntax; octets where it is not compressed."""
    return _MEDIA_TYPES.get(transfer_syntax_uid, BYTES)


def uncompressed(transfer_syntax_uid: str) -> bool:
    """Whether a frame in a transfer syntax is a row of samples."""
    return transfer_syntax_uid == _ENCAPSULATED_UNCOMPRESSED or any(transfer_syntax_uid == one.uid for one in NATIVE)


def accepted(request: Request) -> list[Accepted]:
    """What a request accepts, the most wanted first; everything where it does not say (RFC 9110 12.5.1).

    The query parameter goes before the field (PS3.18 8.3.3.1).

    Raises:
        HTTPException: 406, neither names a media type; 400, the charset parameter has none that is ours (8.3.3.2).
    """
    sets = request.query_params.get("charset")
    if sets is not None and not any(_of_charset(one) == "utf-8" for one in sets.split(",")):
        raise HTTPException(400, f"charset={sets[:40]}: there is UTF-8 here")
    texts = [request.query_params[key] for key in ("accept",) if key in request.query_params]
    texts = texts or request.headers.getlist("accept") or ["*/*"]
    found = [one for text in texts for one in _ranges(text)]
    if not found:
        raise HTTPException(406, "the Accept field names no media type")
    return sorted((one for one in found if one.quality > 0), key=lambda one: -one.quality)


def _of_charset(text: str) -> str:
    return text.partition(";")[0].strip().lower().replace("utf8", "utf-8")


def _ranges(text: str) -> Iterator[Accepted]:
    for part in _RANGE.findall(text):
        if not part.strip():
            continue
        head = _TYPE.match(part)
        if head is None:
            continue  # what is not valid is passed over (PS3.18 8.7.7)
        given = {name.lower(): value.strip('"') for name, value in _PARAMETER.findall(part[head.end() :])}
        try:
            quality = float(given.get("q") or 1)
        except ValueError:
            quality = 1.0  # likewise
        media_type = head[1].lower()
        multipart = media_type == "multipart/related"
        media_type = given.get("type", "*/*").lower() if multipart else media_type
        yield Accepted(media_type, multipart, given.get("transfer-syntax", ""), quality)


def require(request: Request, *media_types: str) -> Accepted:
    """The first accepted range that takes one of the media types, in a message of no parts.

    Raises:
        HTTPException: 406, none does.
    """
    for one in accepted(request):
        if not one.multipart and any(one.takes(media_type) for media_type in media_types):
            return one
    raise HTTPException(406, f"there is {' or '.join(media_types)} here")


@dataclass(frozen=True, slots=True)
class Model:
    """In which form data sets are answered (PS3.18 8.7.3.2).

    Args:
        xml: as XML, a document for each; as JSON, all in one document, otherwise.
        multipart: in parts.
    """

    xml: bool = False
    multipart: bool = False


def model(request: Request, *, single: bool) -> Model:
    """The form that a request accepts first; JSON where it takes anything.

    Args:
        request: who asks.
        single: there is one data set by the nature of the request, which needs no parts.

    Raises:
        HTTPException: 406, it takes neither.
    """
    for one in accepted(request):
        if not one.multipart and (one.takes(JSON) or one.takes("application/json")):
            return Model()
        if one.takes(XML) and (one.multipart or single):
            return Model(xml=True, multipart=one.multipart)
    alone = f" or {XML}" if single else ""
    raise HTTPException(406, f'there is {JSON}, or multipart/related; type="{XML}"{alone}, here')


def instance_syntaxes(wanted: Accepted, stored: str) -> list[str]:
    """The transfer syntaxes in which an instance may be given, the preferred first; nothing when in none.

    Without the parameter it is Explicit VR Little Endian (PS3.18 8.7.3.5.2); who accepts everything also takes what is
    stored, where that cannot be decoded.
    """
    if not wanted.takes(DICOM):
        return []
    if wanted.transfer_syntax == AS_STORED:
        return [stored]
    if wanted.transfer_syntax:
        return [wanted.transfer_syntax]
    return [EXPLICIT_LITTLE.uid, stored] if wanted.any else [EXPLICIT_LITTLE.uid]


def frame_syntaxes(wanted: Accepted, stored: str) -> list[str]:
    """The transfer syntaxes in which frames may be given, the preferred first; nothing when in none.

    A media type without the parameter takes any of its syntaxes: the one stored, else its default.
    """
    if wanted.transfer_syntax == AS_STORED:
        return [stored] if wanted.takes(media_type_of(stored)) else []
    if wanted.transfer_syntax:
        uid = wanted.transfer_syntax
        return [uid] if wanted.takes(media_type_of(uid)) else []
    if wanted.takes(BYTES):
        return [EXPLICIT_LITTLE.uid, stored] if wanted.any else [EXPLICIT_LITTLE.uid]
    defaults = [uids[0] for media_type, uids in SYNTAXES.items() if wanted.takes(media_type)]
    return [stored] if wanted.takes(media_type_of(stored)) else defaults
