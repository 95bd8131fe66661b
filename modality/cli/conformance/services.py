"""SOP Classes with their roles, and what the application entities propose and accept (PS3.4, PS3.8)."""

from __future__ import annotations

from dataclasses import fields

from pydicom.uid import UID

from modality.cli.conformance.document import Section, Table
from modality.network import association, query
from modality.network.local import Timeouts
from modality.network.retrieve import get, move
from modality.protocol import availability, commitment, negotiation, performed_step, worklist
from modality.protocol.extended import QuerySupport, StorageSupport
from modality.protocol.upper_layer import pdu, requestor
from modality.protocol.ups import workitem
from modality.registry import KINDS
from modality.simulated.archive import SimulatedArchive
from modality.simulated.archive.index import LEVELS
from modality.simulated.archive.queries import MADE_HERE
from modality.simulated.peer import SimulatedPeer
from modality.simulated.ris import SimulatedRis
from modality.transfer import part10, syntaxes


def _uses() -> list[tuple[str, str, str]]:
    """What the modality asks of others: SOP Class UID, the verb that does, and by which messages."""
    return [
        (worklist.MODALITY_WORKLIST_FIND, "worklist, perform", "C-FIND (IHE RAD-5)"),
        (performed_step.PERFORMED_STEP, "perform", "N-CREATE, N-SET (IHE RAD-6, RAD-7)"),
        (commitment.STORAGE_COMMITMENT, "perform", "N-ACTION, N-EVENT-REPORT (IHE RAD-10)"),
        (query.STUDY_ROOT_FIND, "verify, migrate, perform", "C-FIND at study, series and image level"),
        (get.STUDY_ROOT_GET, "verify, migrate", "C-GET, by role selection"),
        (move.STUDY_ROOT_MOVE, "verify, migrate", "C-MOVE, with a C-STORE listener of its own"),
        (performed_step.PERFORMED_STEP_RETRIEVE, "(Python: get_step)", "N-GET"),
        (performed_step.PERFORMED_STEP_NOTIFICATION, "(Python: NotificationListener)", "N-EVENT-REPORT, received"),
        (workitem.UPS_PULL, "worklist --ups, perform --ups", "C-FIND, N-GET, N-SET, N-ACTION (change of state)"),
        (workitem.UPS_PUSH, "(Python: create_workitem)", "N-CREATE, N-ACTION (request to cancel)"),
        (workitem.UPS_WATCH, "(Python: subscribe)", "N-ACTION (subscription)"),
        (requestor.VERIFICATION, "negotiate", "C-ECHO"),
    ]


def _archive_opens() -> list[tuple[str, str, str]]:
    """For what the embedded archive opens associations itself: SOP Class, its UID, and what it sends."""
    return [
        ("Storage SOP Classes, as below", "", "C-STORE to the destination of a C-MOVE"),
        (
            name_of(commitment.STORAGE_COMMITMENT),
            commitment.STORAGE_COMMITMENT,
            "N-EVENT-REPORT, in the role of the SCP, where it reports on another association",
        ),
        (
            name_of(availability.INSTANCE_AVAILABILITY),
            availability.INSTANCE_AVAILABILITY,
            "N-CREATE to those that it is told to notify",
        ),
    ]


def _ris_opens() -> list[tuple[str, str, str]]:
    """Likewise of the embedded RIS."""
    step, event = performed_step.PERFORMED_STEP_NOTIFICATION, workitem.UPS_EVENT
    return [
        (name_of(step), step, "N-EVENT-REPORT of each change of a performed step, in the role of the SCP"),
        (name_of(event), event, "N-EVENT-REPORT to who subscribes to a workitem, in the role of the SCP"),
    ]


def name_of(uid: str) -> str:
    """What PS3.6 calls a UID; the UID where pydicom does not know it."""
    return UID(uid).name


def accepted(peer: SimulatedPeer) -> dict[str, list[str]]:
    """The SOP Classes that an embedded peer accepts, with their transfer syntaxes, as its listener has them."""
    return {str(one.abstract_syntax): [str(ts) for ts in one.transfer_syntax] for one in peer.listener.contexts}


def overview() -> Section:
    """What is made, sent and served, in three tables."""
    made = [
        (name, kind.modality, kind.title, name_of(kind.sop_class_uid), str(kind.sop_class_uid), "SCU", "SCP (archive)")
        for name, kind in ((name, KINDS.load(name)) for name in KINDS.names())
    ]
    used = [(name_of(uid), uid, "SCU", verb, how) for uid, verb, how in _uses()]
    archive, ris = accepted(SimulatedArchive()), accepted(SimulatedRis([]))
    stored = [uid for uid in archive if _is_storage(uid)]
    served = [(name_of(uid), uid, "SCP", "archive") for uid in archive if uid not in stored]
    served += [(name_of(uid), uid, "SCP", "RIS") for uid in ris]
    return Section(
        "Overview: content and transfer, query and retrieve, workflow management",
        (
            (
                "The program plays an acquisition modality (application entity MODALITY), and embeds the peers that a "
                "modality talks to (application entities ARCHIVE and RIS). Instances that others made are stored and "
                "served whatever their SOP Class."
            ),
        ),
        (
            Table(
                "Composite instances made here",
                ("Kind", "Modality", "Title", "SOP Class", "SOP Class UID", "Storage as user", "Storage as provider"),
                made,
            ),
            Table("Services used by MODALITY", ("SOP Class", "SOP Class UID", "Role", "Command", "Messages"), used),
            Table("Associations that ARCHIVE opens", ("SOP Class", "SOP Class UID", "Messages"), _archive_opens()),
            Table("Associations that RIS opens", ("SOP Class", "SOP Class UID", "Messages"), _ris_opens()),
            Table("Services provided by ARCHIVE and RIS", ("SOP Class", "SOP Class UID", "Role", "By"), served),
            Table(
                f"Storage SOP Classes that ARCHIVE provides ({len(stored)})",
                ("SOP Class", "SOP Class UID"),
                [(name_of(uid), uid) for uid in stored],
            ),
        ),
    )


def _is_storage(uid: str) -> bool:
    from pynetdicom.presentation import AllStoragePresentationContexts

    return any(str(one.abstract_syntax) == uid for one in AllStoragePresentationContexts)


def associations() -> Section:
    """How associations are opened, accepted and limited."""
    default = negotiation.DEFAULT
    proposed = [
        (str(place), ", ".join("the instance's own" if one == negotiation.OWN else _syntax(one) for one in context))
        for place, context in enumerate(default.propose, 1)
    ]
    archive, ris = SimulatedArchive().listener.ae, SimulatedRis([]).listener.ae
    window = "not negotiated" if default.async_window is None else str(default.async_window)
    policy = [
        ("Implementation Class UID", part10.IMPLEMENTATION_CLASS_UID),
        ("Implementation Version Name", part10.IMPLEMENTATION_VERSION_NAME),
        ("Application context", pdu.APPLICATION_CONTEXT),
        ("Maximum length of a PDU received, as requestor", f"{association.MAXIMUM_PDU} bytes"),
        ("Maximum length of a PDU sent where the peer sets no limit", f"{pdu.LARGEST_PDU} bytes"),
        ("Maximum length of a PDU received, ARCHIVE", f"{archive.maximum_pdu_size} bytes"),
        ("Maximum length of a PDU received, RIS", f"{ris.maximum_pdu_size} bytes"),
        ("Associations at a time, ARCHIVE", str(archive.maximum_associations)),
        ("Associations at a time, RIS", str(ris.maximum_associations)),
        ("Presentation contexts in one association", str(negotiation.MOST_CONTEXTS)),
        ("Asynchronous operations window", f"{window} by default; --async-window asks for one"),
        ("Transcoding where the peer does not take an instance as it is", f"{default.transcode} by default"),
        ("Called AE title, as acceptor", "any is answered"),
        ("Role selection", "SCP role proposed for storage with C-GET; both roles accepted with storage commitment"),
    ]
    waits = [(one.name, f"{one.default:g} s") for one in fields(Timeouts)]
    extended = [("Storage", f"{one.name}", str(one.default)) for one in fields(StorageSupport)] + [
        ("Query/Retrieve", one.name, str(one.default).lower()) for one in fields(QuerySupport)
    ]
    return Section(
        "Association policies",
        (
            (
                "An association is opened for each task and released after it. What a peer sends that PS3.8 does not "
                "allow ends the association with A-ABORT."
            ),
        ),
        (
            Table("Limits and identification", ("What", "Value"), policy),
            Table("Timeouts by default; `--timeout` sets them", ("Timeout", "Value"), waits),
            Table(
                "Presentation contexts proposed for an instance, in order", ("Context", "Transfer syntaxes"), proposed
            ),
            Table(
                "Transfer syntaxes proposed for other services",
                ("Transfer syntax", "UID"),
                [(_syntax(uid), uid) for uid in negotiation.FALLBACKS],
            ),
            Table(
                "SOP Class extended negotiation asked of a peer that is probed (`modality negotiate`)",
                ("Service", "Field", "Value of an SCU"),
                extended,
            ),
        ),
    )


def _syntax(uid: str) -> str:
    return syntaxes.syntax_name(uid)


def queries() -> Section:
    """What the archive matches and returns, level by level."""
    rows = [(level, keyword, "kept") for level, keywords in LEVELS.items() for keyword in keywords]
    rows += [(level, keyword, "computed") for level, keywords in MADE_HERE.items() for keyword in keywords]
    return Section(
        "Query/Retrieve attributes of ARCHIVE",
        (
            (
                "Keys of the level asked for and of the levels above are matched and returned; others are ignored "
                "(PS3.4 C.2.2.1.3)."
            ),
        ),
        (Table("Keys", ("Level", "Attribute", "Origin"), rows),),
    )


def transfer_syntaxes() -> Section:
    """What is read and written."""
    rows = []
    for one in syntaxes.TABLE:
        encoding = one.encoding
        written = "yes" if encoding is None or not encoding.refusal else f"no: {encoding.refusal}"
        quality = encoding.quality if encoding else None
        scale = f"{quality.meaning}, {quality.low:g} to {quality.high:g}, {quality.default:g}" if quality else ""
        bits = (
            "; ".join(f"{low} to {high} in {allocated}" for allocated, (low, high) in encoding.bits.items())
            if encoding
            else "any"
        )
        extra = "codecs" if encoding and _needs_extra(encoding.codec) else ""
        rows.append((one.keyword, one.uid, "yes", written, "no" if one.lossless else "yes", bits, scale, extra))
    return Section(
        "Transfer syntaxes",
        ("Whatever else pydicom knows is stored and passed on as it is, and is not decoded.",),
        (
            Table(
                "Transfer syntaxes read and written by the codecs",
                ("Transfer syntax", "UID", "Read", "Written from pixels", "Lossy", "Bits stored", "Quality", "Extra"),
                rows,
            ),
        ),
    )


def _needs_extra(codec: str) -> bool:
    """Whether a codec is one of imagecodecs': its module then takes the library's functions."""
    import importlib

    module = importlib.import_module(codec.partition(":")[0])
    return any(
        getattr(value, "__module__", "") == "modality.transfer.codecs.library" for value in vars(module).values()
    )
