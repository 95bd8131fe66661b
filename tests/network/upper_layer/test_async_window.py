"""The asynchronous operations window over a real socket, against a sink of our own: no archive at hand grants one."""

from __future__ import annotations

import pytest

from modality.network.store import DicomArchive
from modality.protocol.negotiation import Negotiation
from tests.network.conftest import LOCAL, series
from tests.network.scripted import peer
from tests.network.upper_layer.sink import Sink


@pytest.mark.parametrize(("asked", "granted", "most"), [(4, 4, 4), (8, 3, 3), (4, 1, 1), (None, 4, 1)])
def test_as_many_requests_are_out_as_the_peer_grants(asked: int | None, granted: int, most: int) -> None:
    sent = series(10)
    sink = Sink(granted, len(sent))
    with peer(sink.serve) as address:
        negotiation = Negotiation(async_window=asked)
        receipt = DicomArchive(address, local=LOCAL, negotiation=negotiation, look_ahead=4).store(iter(sent))
    assert receipt.complete, receipt.failed
    assert sorted(receipt.stored) == sorted(one.sop_instance_uid for one in sent)
    assert sink.most == most


def test_a_response_out_of_order_is_of_the_instance_that_it_names() -> None:
    sent = series(10)
    sink = Sink(4, len(sent), refused={2, 7})
    with peer(sink.serve) as address:
        receipt = DicomArchive(address, local=LOCAL, negotiation=Negotiation(async_window=4)).store(sent)
    assert sorted(receipt.refused[0xA700]) == ["1.2.3.1.1", "1.2.3.1.6"]
    assert sorted(receipt.retryable) == ["1.2.3.1.1", "1.2.3.1.6"]
    assert len(receipt.stored) == 8


def test_nothing_is_asked_by_default() -> None:
    sink = Sink(4, 1)
    with peer(sink.serve) as address:
        assert DicomArchive(address, local=LOCAL).store(series(1)).complete
    assert b"\x53\0\0\4" not in sink.requests[0]
