"""An address to a destination."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from modality.errors import UsageError
from modality.network.address import Address, DicomAddress, WebAddress, parse
from modality.network.local import Local
from modality.network.store import DicomArchive
from modality.protocol.negotiation import DEFAULT, Negotiation
from modality.transfer.destination import Destination, Folder

if TYPE_CHECKING:
    from modality.network.dicomweb.archive import WebArchive


def destination(
    address: Address | str, local: Local, *, negotiation: Negotiation = DEFAULT, look_ahead: int = 0
) -> Destination:
    """What stores instances at an address: an archive over DIMSE or DICOMweb, or a folder.

    Args:
        address: where.
        local: who calls.
        negotiation: what is proposed to an archive over DIMSE; over DICOMweb nothing is negotiated.
        look_ahead: see `DicomArchive`.

    Raises:
        AddressError: the address does not parse.
    """
    found = parse(address) if isinstance(address, str) else address
    if isinstance(found, DicomAddress):
        return DicomArchive(found, local=local, negotiation=negotiation, look_ahead=look_ahead)
    if isinstance(found, WebAddress):
        from modality.network.dicomweb.archive import WebArchive  # loads TLS, which a plain send does without

        return WebArchive(found, local=local)
    return Folder(found)


def archive(
    address: Address | str, *, local: Local | None = None, negotiation: Negotiation = DEFAULT, look_ahead: int = 0
) -> DicomArchive | WebArchive:
    """An archive that takes instances: over DIMSE at ``dicom://`` and ``dicoms://``, over DICOMweb at ``http(s)://``.

    Args:
        address: where it is.
        local: who calls.
        negotiation: what is proposed over DIMSE.
        look_ahead: see `DicomArchive`.

    Raises:
        AddressError: the address does not parse.
        UsageError: it is of a folder, or something is to be negotiated over DICOMweb.
    """
    found = parse(address) if isinstance(address, str) else address
    if isinstance(found, Path):
        raise UsageError(f"{found}: no archive but a folder: see modality.Folder")
    if isinstance(found, WebAddress):
        if negotiation != DEFAULT or look_ahead:
            raise UsageError(f"{found}: nothing is negotiated over DICOMweb: leave out negotiation and look_ahead")
        from modality.network.dicomweb.archive import WebArchive  # loads TLS, which a plain send does without

        return WebArchive(found, local=local)
    return DicomArchive(found, local=local, negotiation=negotiation, look_ahead=look_ahead)
