"""An association to a simulated peer, and real files to send it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pydicom.data
import pytest
from pydicom import Dataset, dcmread
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import Verification

from modality.network.upper_layer.reactor import Entity

FILES = Path(pydicom.data.__file__).parent / "test_files"


def example(name: str) -> Dataset:
    """One of pydicom's bundled files."""
    return dcmread(FILES / name)


def context_of(dataset: Dataset) -> PresentationContext:
    """The presentation context that an instance is stored in."""
    return build_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)


@contextmanager
def associate(
    peer: Any, contexts: Sequence[PresentationContext] = (), *, aet: str = "CT01", **options: Any
) -> Iterator[Association]:
    """An association that is released at the end."""
    entity = Entity(ae_title=aet)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = 30
    association = entity.associate(
        peer.host, peer.port, contexts=[build_context(Verification), *contexts], ae_title=peer.aet, **options
    )
    try:
        yield association
    finally:
        if association.is_established:
            association.release()
        if association.ident:
            association.join(30)


@pytest.fixture
def store() -> Callable[..., list[int | None]]:
    """Stores data sets over one association; gives the status of each, None where none came."""

    def send(peer: Any, *datasets: Dataset, **options: Any) -> list[int | None]:
        contexts = {(cx.abstract_syntax, tuple(cx.transfer_syntax)): cx for cx in map(context_of, datasets)}
        with associate(peer, list(contexts.values()), **options) as association:
            statuses: list[int | None] = []
            for dataset in datasets:
                statuses.append(association.send_c_store(dataset).get("Status"))
                if statuses[-1] is None:
                    break
            return statuses

    return send
