"""DICOMweb, HL7, character sets and security, from the tables of the code."""

from __future__ import annotations

from typing import Any

from pydicom.charset import python_encoding

from modality.cli.conformance.document import Section, Table
from modality.errors import MissingExtraError
from modality.network.upper_layer import tls
from modality.protocol.repertoire import TEXT_VRS, UTF_8
from modality.protocol.upper_layer.user_information import IdentityType
from modality.simulated.archive import SimulatedArchive
from modality.simulated.ris import SimulatedRis

_METHODS = {
    "GET": "retrieve or search",
    "POST": "store (STOW-RS)",
}
_WORKITEMS = "/workitems"


def routes() -> list[tuple[str, str]]:
    """Path and method of every resource that the web servers have; none where their extra is not installed."""
    try:
        from modality.simulated.dicomweb.application import application
        from modality.simulated.dicomweb.web import Web
        from modality.simulated.upsrs.application import application as worklist_application
    except ImportError:
        return []
    served: list[Any] = [
        application(SimulatedArchive(), Web(), {}), worklist_application(SimulatedRis([]), Web(), {}),
    ]  # fmt: skip
    found = []
    for one in served:
        while not hasattr(one, "routes"):
            one = one._application  # noqa: PLW2901 - what guards it
        for mount in one.routes:
            for route in mount.routes:
                methods = sorted(getattr(route, "methods", {"WebSocket"}) - {"HEAD"})
                found += [(f"{mount.path}{route.path}", method) for method in methods]
    return found


def _service(path: str, method: str) -> str:
    if method == "WebSocket":
        return "event reports of workitems (UPS-RS)"
    return "workitems (UPS-RS)" if _WORKITEMS in path else _METHODS.get(method, method)


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
        ("Search for Workitems", "GET /workitems", "worklist --ups, perform --ups (http(s):// addresses)"),
        ("Retrieve Workitem", "GET /workitems/{workitem}", "perform --ups, where a request is refused"),
        ("Update Workitem", "POST /workitems/{workitem}", "perform --ups"),
        ("Change Workitem State", "PUT /workitems/{workitem}/state", "perform --ups"),
        ("Subscribe", "POST /workitems/{workitem}/subscribers/{aet}", "perform --ups"),
        ("Open Notification Connection", "WebSocket /subscribers/{aet}", "perform --ups"),
    ]
    return Section(
        "DICOMweb",
        (
            (
                "The archive's web server (extra `web`) works on the same store as its DIMSE side, the RIS's on the "
                "same workitems. Metadata, search results, workitems and answers to STOW-RS are in the DICOM JSON "
                "Model, or in the Native DICOM Model (XML) to who accepts that alone; payloads of workitems are taken "
                "in both. Person names are matched by likeness with fuzzymatching=true (by their beginnings, in any "
                "order, or by American Soundex). Storing by STOW-RS is not IHE's RAD-8."
            ),
        ),
        (
            Table(
                "Resources of the origin server",
                ("Resource", "Method", "Service"),
                [(path, method, _service(path, method)) for path, method in routes()],
            ),
            Table(
                "Media types of compressed frames",
                ("Media type", "Transfer syntaxes, the default first"),
                media_types(),
            ),
            Table("Requests of the user agent", ("Transaction", "Request", "Command"), client),
        ),
    )


def hl7() -> Section:
    """HL7 v2 messages that the RIS takes."""
    from modality.protocol.hl7 import mllp
    from modality.protocol.hl7.charsets import NAMES

    return Section(
        "HL7 v2",
        (
            (
                "The RIS takes messages of HL7 v2 (extra `hl7`) over MLLP, plain or in TLS (`serve ris --hl7-port`, "
                "--hl7-cert). Orders become worklist items and workitems (as in IHE's RAD-4), patient updates and "
                "merges change them (as in RAD-12), results are kept. An acknowledgment says what was refused and "
                "where. It sends no message by itself."
            ),
        ),
        (
            Table("Messages", ("Message", "Trigger events", "What comes of it"), messages()),
            Table("Versions, sizes", ("What", "Value"), [
                ("Versions (MSH-12)", "2.1 to 2.8"),
                ("Longest message", f"{mllp.MESSAGE_LIMIT} bytes"),
            ]),
            Table("Character sets (MSH-18)", ("Named", "Specific Character Set of the worklist item"), [
                (name or "(none)", " and ".join(filter(None, said)) or "none") for name, said in NAMES.items()
            ]),
        ),
    )  # fmt: skip


_OUTCOMES = {
    "ORM": "a worklist item scheduled, changed, cancelled or discontinued",
    "OMI": "likewise",
    "ADT": "items of the patient changed, or moved to another (A40)",
    "ORU": "a result kept",
}


def messages() -> list[tuple[str, str, str]]:
    """Message types, their trigger events, and what comes of each; none where HL7's parser is not installed."""
    from modality.identity import system_clock
    from modality.simulated.events import EventLog
    from modality.simulated.hl7.desk import OrderDesk
    from modality.simulated.ris.steps import Department

    try:
        desk = OrderDesk(Department([]), clock=system_clock, events=EventLog())
    except MissingExtraError:
        return []
    return [(kind, " ".join(events), _OUTCOMES.get(kind, "")) for kind, events in desk.takes.items()]


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
