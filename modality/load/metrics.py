"""The account of a running load for Prometheus, on a port of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from modality.errors import MissingExtraError, UsageError
from modality.load.account import Account
from modality.load.distribution import Distribution
from modality.load.outcome import Fate

_EVERY_S = 1.0
"""How often the account is looked at: copying it costs the engine time (our choice)."""
# Upper bounds in seconds, from a quick archive on the same machine to one that stands still (our choice).
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Serves what `watch` has seen last; a context manager that ends with the load.

    Args:
        port: where; 0 for a free one.
        host: loopback unless told otherwise.

    Raises:
        MissingExtraError: prometheus_client is not installed.
        UsageError: the port cannot be had.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        try:
            from prometheus_client import CollectorRegistry, make_wsgi_app
        except ModuleNotFoundError:
            raise MissingExtraError("the Prometheus endpoint", "load") from None
        self._lock = threading.Lock()
        self._seen: dict[str, Any] = {}
        self._looked = float("-inf")
        registry = CollectorRegistry()
        registry.register(_Seen(self))
        try:
            self._server = make_server(host, port, make_wsgi_app(registry), _Server, _Quiet)
        except OSError as error:
            raise UsageError(f"cannot listen on {host}:{port} for metrics: {error.strerror or error}") from error
        self.port = int(self._server.server_port)
        self.host = host
        self._thread: threading.Thread | None = None

    def watch(self, account: Account, now_s: float, waiting: int) -> None:
        """Look at a load under way; returns at once when it was looked at a moment ago.

        Args:
            account: so far.
            now_s: seconds of the run.
            waiting: requests that wait for an association.
        """
        if self._thread is None:  # not before: a process that is forked for the load would inherit it
            self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
            self._thread.start()
        if time.monotonic() - self._looked < _EVERY_S:
            return
        self.see(account, now_s, waiting)

    def see(self, account: Account, now_s: float, waiting: int) -> None:
        """Look at a load, or at the end of one."""
        self._looked = time.monotonic()
        seen = {
            "scenario": account.scenario,
            "counts": dict(account.counts),
            "statuses": dict(account.statuses),
            "bytes": account.bytes,
            "latency": account.latency.to_plain(),
            "send_lag": account.send_lag.to_plain(),
            "now_s": now_s,
            "waiting": waiting,
            "lost": len(account.lost_uids) if account.verification is not None else None,
        }
        with self._lock:
            self._seen = seen

    def seen(self) -> dict[str, Any]:
        """What was seen last; empty before anything was."""
        with self._lock:
            return self._seen

    def __enter__(self) -> Metrics:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    """A scraper that hangs keeps no other waiting."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Says nothing of each scrape."""

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class _Seen:
    """The metrics as prometheus_client asks for them."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Any]:
        """Every metric, from what was seen last."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        seen = self._metrics.seen()
        if not seen:
            return
        requests = CounterMetricFamily("modality_load_requests", "Requests that are over, by how.", labels=["fate"])
        for fate in Fate:
            requests.add_metric([fate.key], seen["counts"].get(fate, 0))
        yield requests
        statuses = CounterMetricFamily("modality_load_statuses", "Answers, by status.", labels=["status"])
        for status, count in seen["statuses"].items():
            statuses.add_metric([status], count)
        yield statuses
        yield CounterMetricFamily("modality_load_sent_bytes", "Bytes of the data sets sent.", value=seen["bytes"])
        yield GaugeMetricFamily("modality_load_waiting", "Requests waiting for an association.", value=seen["waiting"])
        yield GaugeMetricFamily("modality_load_run_seconds", "Seconds since the run began.", value=seen["now_s"])
        if seen["lost"] is not None:
            yield GaugeMetricFamily("modality_load_lost", "Instances acknowledged and not found.", value=seen["lost"])
        latency = Distribution.from_plain(seen["latency"])
        family = HistogramMetricFamily("modality_load_latency_seconds", "From the planned moment to the answer.")
        family.add_metric([], _buckets(latency), latency.sum_s)
        yield family
        lag = Distribution.from_plain(seen["send_lag"]).percentile_ms(99.0)
        if lag is not None:
            yield GaugeMetricFamily("modality_load_send_lag_p99_seconds", "How late the engine is.", value=lag / 1e3)


def _buckets(latency: Distribution) -> list[tuple[str, float]]:
    """How many took at most so long, as Prometheus counts."""
    bars = latency.bars()
    found = [(f"{bound:g}", float(sum(count for at, count in bars if at <= bound * 1e3))) for bound in _BUCKETS]
    return [*found, ("+Inf", float(latency.count))]
