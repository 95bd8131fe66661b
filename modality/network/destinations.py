"""An address to a destination."""

from __future__ import annotations

from pathlib import Path

from modality.errors import UnsupportedError
from modality.network.address import Address, DicomAddress, parse
from modality.network.local import Local
from modality.network.store import DicomArchive
from modality.protocol.negotiation import DEFAULT, Negotiation
from modality.transfer.destination import Destination, Folder


def destination(
    address: Address | str, local: Local, *, negotiation: Negotiation = DEFAULT, look_ahead: int = 0
) -> Destination:
    """What stores instances at an address: an archive over DIMSE, or a folder.

    Raises:
        AddressError: the address does not parse.
        UnsupportedError: nothing here stores at such an address.
    """
    found = parse(address) if isinstance(address, str) else address
    if isinstance(found, DicomAddress):
        return DicomArchive(found, local=local, negotiation=negotiation, look_ahead=look_ahead)
    if isinstance(found, Path):
        return Folder(found)
    raise UnsupportedError(f"{found}: storing over DICOMweb is not part of this version; give dicom://AET@host:port")
