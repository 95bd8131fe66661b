"""The encapsulated transfer syntaxes as data: what each carries, and what the data set must say afterwards.

Rows follow PS3.5 Tables 8.2.1-1 (JPEG lossy), 8.2.1-2 (JPEG lossless), 8.2.2-1 (RLE), 8.2.3-1 (JPEG-LS), 8.2.4-1
(JPEG 2000), 8.2.14-1 (HTJ2K) and 8.2.15-1 (JPEG XL), as far as 8 and 16 bits allocated (32 are read where a stream
holds them); UIDs and keywords are those of PS3.6 Table A-1.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from modality.transfer.codecs.encoding import Encoding, Quality

_HERE = "modality.transfer.codecs."
_JPEG_BASELINE, _JPEG_RECOMPRESSION = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.111"
_GREY = {"MONOCHROME1": "MONOCHROME1", "MONOCHROME2": "MONOCHROME2"}
_PALETTE = _GREY | {"PALETTE COLOR": "PALETTE COLOR"}
_AS_IS = _PALETTE | {"RGB": "RGB", "YBR_FULL": "YBR_FULL"}


def _bits(low: int) -> dict[int, tuple[int, int]]:
    return {8: (low, 8), 16: (low, 16)}


TABLE: tuple[Encoding, ...] = (
    Encoding(
        uid="1.2.840.10008.1.2.1.98",
        codec=_HERE + "native:NATIVE",
        bits=_bits(1) | {32: (1, 32)},
        photometric=_AS_IS,
        whole_words=True,
    ),
    Encoding(
        uid="1.2.840.10008.1.2.5",
        codec=_HERE + "rle:RLE",
        bits=_bits(1),
        photometric=_AS_IS,
        whole_words=True,
        planar=1,
    ),
    Encoding(
        uid=_JPEG_BASELINE,
        codec=_HERE + "jpeg:LOSSY",
        bits={8: (8, 8)},
        photometric=_GREY | {"RGB": "YBR_FULL_422", "YBR_FULL": "YBR_FULL_422"},
        quality=Quality(1, 100, 90, "JPEG quality", whole=True),
        method="ISO_10918_1",
        offsets_signed=True,
        packs={_JPEG_RECOMPRESSION: _HERE + "jpegxl:to_jpeg"},
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.51",
        codec=_HERE + "jpeg:LOSSY",
        bits={8: (8, 8), 16: (12, 12)},
        photometric=_GREY,
        quality=Quality(1, 100, 90, "JPEG quality", whole=True),
        method="ISO_10918_1",
        offsets_signed=True,
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.57",
        codec=_HERE + "jpeg:LOSSLESS",
        bits=_bits(2),
        photometric=_AS_IS,
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.70",
        codec=_HERE + "jpeg:LOSSLESS_SV1",
        bits=_bits(2),
        photometric=_AS_IS,
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.80",
        codec=_HERE + "jpegls:JPEG_LS",
        bits=_bits(2),
        photometric=_AS_IS,
        whole_words=True,
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.81",
        codec=_HERE + "jpegls:JPEG_LS",
        bits=_bits(2),
        photometric=_GREY | {"RGB": "RGB", "YBR_FULL": "YBR_FULL"},
        quality=Quality(1, 127, 2, "NEAR, the greatest error of a value", whole=True),
        method="ISO_14495_1",
        offsets_signed=True,
        fills_words=True,
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.90",
        codec=_HERE + "jpeg2000:LOSSLESS",
        bits=_bits(1),
        photometric=_AS_IS | {"RGB": "YBR_RCT"},
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.91",
        codec=_HERE + "jpeg2000:LOSSY",
        bits=_bits(2),
        photometric=_GREY | {"RGB": "YBR_ICT", "YBR_FULL": "YBR_FULL"},
        quality=Quality(20, 100, 50, "PSNR in dB against the range of the values, to the next power of two"),
        method="ISO_15444_1",
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.201",
        codec=_HERE + "htj2k:LOSSLESS",
        bits=_bits(1),
        photometric=_AS_IS | {"RGB": "YBR_RCT"},
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.202",
        codec=_HERE + "htj2k:LOSSLESS_RPCL",
        bits=_bits(1),
        photometric=_AS_IS | {"RGB": "YBR_RCT"},
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.203",
        codec=_HERE + "htj2k:LOSSY",
        bits=_bits(2),
        photometric=_GREY | {"RGB": "YBR_ICT", "YBR_FULL": "YBR_FULL"},
        quality=Quality(0.00001, 0.5, 0.002, "quantization step as a part of the range of the values"),
        method="ISO_15444_15",
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.110",
        codec=_HERE + "jpegxl:LOSSLESS",
        bits=_bits(1),
        photometric=_GREY | {"RGB": "RGB"},
    ),
    Encoding(
        uid=_JPEG_RECOMPRESSION,
        codec=_HERE + "jpegxl:JPEG_RECOMPRESSION",
        bits={8: (8, 8)},
        photometric={"MONOCHROME2": "MONOCHROME2", "RGB": "YBR_FULL_422"},
        method="ISO_10918_1",
        refusal="is made from JPEG baseline streams, not from pixels",
        packs={_JPEG_BASELINE: _HERE + "jpegxl:from_jpeg"},
    ),
    Encoding(
        uid="1.2.840.10008.1.2.4.112",
        codec=_HERE + "jpegxl:LOSSY",
        bits=_bits(2),
        photometric=_GREY | {"RGB": "XYB"},
        quality=Quality(0.01, 15, 0.2, "Butteraugli distance, for the range of the values"),
        method="ISO_18181_1",
        offsets_signed=True,
    ),
)
BY_UID: Mapping[str, Encoding] = MappingProxyType({encoding.uid: encoding for encoding in TABLE})
BY_KEYWORD: Mapping[str, Encoding] = MappingProxyType({encoding.keyword: encoding for encoding in TABLE})
