"""C-STORE data sets into files as they come, undecoded: memory stays flat however large an instance is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_messages import C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_STORE

from modality.network.listening import CarefulProvider
from modality.simulated.archive.storage import IncomingFile, InstanceFiles
from modality.transfer.part10 import is_uid, write_meta


class ReceivingProvider(CarefulProvider):
    """The DIMSE provider of one association, which gives each C-STORE request a file.

    pynetdicom does so itself when `_config.STORE_RECV_CHUNKED_DATASET` is set. That flag holds for the whole process,
    other people's servers included, and its files lie in the system's folder for temporary files, where an abort leaves
    them. So the file is handed to the message from here, between command and data set: nothing changes for anybody
    else, the file lies where a rename puts it into its place, and it goes when the association ends before it is whole.

    Args:
        association: whose messages they are.
        files: where new files come from.
    """

    def __init__(self, association: Association, files: Callable[[], InstanceFiles]) -> None:
        super().__init__(association)
        self._files = files
        self._open: dict[str, IncomingFile] = {}
        association.bind(evt.EVT_CONN_CLOSE, self._closed)

    def fragment_received(self) -> None:
        """Give the request whose command has come a file, before its data set comes."""
        message = self.message
        if isinstance(message, C_STORE_RQ) and message._data_set_file is None:
            file = self._new_file(message)
            message._data_set_file = cast(Any, file)
            message._data_set_path = file.path

    def take(self, request: C_STORE) -> IncomingFile:
        """The file of a request, which is the caller's from now on."""
        file = cast(IncomingFile, request._dataset_file)
        self._open.pop(file.name, None)
        return file

    def _new_file(self, message: DIMSEMessage) -> IncomingFile:
        contexts = {context.context_id: context for context in self.assoc.accepted_contexts}
        context = contexts.get(message.context_id)
        # What is no UID stands in no file: the request will be refused for it.
        uids = [str(message.command_set.get(f"AffectedSOP{what}UID") or "") for what in ("Class", "Instance")]
        sop_class, sop_instance = (uid if is_uid(uid) else "" for uid in uids)
        syntax = str(context.transfer_syntax[0]) if context else ""
        calling = str(self.assoc.requestor.ae_title).strip()
        file = self._files().incoming([write_meta(sop_class, sop_instance, syntax, calling)])
        self._open[file.name] = file
        return file

    def _closed(self, _: evt.Event) -> None:
        while self._open:
            self._open.popitem()[1].discard()
