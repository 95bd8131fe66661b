"""DICOMweb, character sets and security, from the tables of the code."""

from __future__ import annotations

from typing import Any

from pydicom.charset import python_encoding

from modality.cli.conformance.document import Section, Table
from modality.network.upper_layer import tls
from modality.protocol.repertoire import TEXT_VRS, UTF_8
from modality.protocol.upper_layer.user_information import IdentityType
from modality.simulated.archive import SimulatedArchive

_METHODS = {"GET": "retrieve or search", "POST": "store (STOW-RS)"}


def routes() -> list[tuple[str, str]]:
    """Path and method of every resource that the web server has; none where its extra is not installed."""
    try:
        from modality.simulated.dicomweb.application import application
    except ImportError:
        return []
    from modality.simulated.dicomweb.web import Web

    served: Any = application(SimulatedArchive(), Web(), {})
    while not hasattr(served, "routes"):
        served = served._application
    found = []
    for mount in served.routes:
        for route in mount.routes:
            found += [(f"{mount.path}{route.path}", method) for method in sorted(route.methods - {"HEAD"})]
    return found


def media_types() -> list[tuple[str, str]]:
    """Media types of compressed frames, with their transfer syntaxes, the default first."""
    try:
        from modality.simulated.dicomweb.media import SYNTAXES
    except ImportError:
        return []
    return [(media_type, ", ".join(uids)) for media_type, uids in SYNTAXES.items()]


def dicomweb() -> Section:
    """The web services, as origin server and as user agent (PS3.18)."""
    client = [
        ("Store Instances", "POST /studies", "send, perform (https:// addresses)"),
        ("Search for Studies, Instances", "GET /studies, /studies/{study}/instances", "verify, migrate"),
        ("Retrieve Series", "GET /studies/{study}/series/{series}", "verify, migrate"),
    ]
    return Section(
        "DICOMweb",
        (
            (
                "The archive's web server (extra `web`) works on the same store as its DIMSE side. Metadata and "
                "search results are in the DICOM JSON Model. Storing by STOW-RS is not IHE's RAD-8."
            ),
        ),
        (
            Table(
                "Resources of the origin server",
                ("Resource", "Method", "Service"),
                [(path, method, _METHODS.get(method, method)) for path, method in routes()],
            ),
            Table(
                "Media types of compressed frames",
                ("Media type", "Transfer syntaxes, the default first"),
                media_types(),
            ),
            Table("Requests of the user agent", ("Transaction", "Request", "Command"), client),
        ),
    )


def character_sets() -> Section:
    """Which character sets are read and written (PS3.3 C.12.1.1.2)."""
    rows = [(term or "(none: ISO-IR 6)", str(codec)) for term, codec in python_encoding.items() if term != UTF_8]
    rows.append((UTF_8, "utf-8, written where the set preferred does not hold every text"))
    return Section(
        "Support of character sets",
        (
            (
                f"Texts ({', '.join(sorted(TEXT_VRS))}) are decoded by the character set declared; one beyond ASCII "
                "without a declared set is read as ISO_IR 100, and reported. An instance is written in the set that "
                "its order came in where that holds every text."
            ),
        ),
        (Table("Character sets", ("Defined term", "Codec"), rows),),
    )


def security() -> Section:
    """TLS and user identity (PS3.15, PS3.7)."""
    context = tls.client_context()
    rows = [("Oldest protocol", context.minimum_version.name.replace("TLSv", "TLS ").replace("_", "."))]
    rows += [("Cipher suite of TLS 1.2", suite) for suite in tls.CIPHERS]
    rows += [
        ("Peer's certificate", "verified, with its host name (--tls-no-hostname leaves the name out)"),
        ("Own certificate", "given to a peer that asks (--tls-cert, --tls-key)"),
    ]
    identities = [(str(int(one)), one.name.replace("_", " ").lower()) for one in IdentityType]
    return Section(
        "Security",
        (
            (
                "The BCP 195 RFC 8996, 9325 TLS Secure Transport Connection Profile (PS3.15 B.12) on `dicoms://` "
                "addresses; the embedded DIMSE peers have no TLS. DICOMweb: https, basic and bearer authentication, "
                "client certificates. Nothing is de-identified, signed or audited."
            ),
        ),
        (
            Table("Secure transport", ("What", "Value"), rows),
            Table("User identity negotiated as requestor (PS3.7 D.3.3.7)", ("Type", "Identity"), identities),
        ),
    )
