"""Traces by OpenTelemetry, where TRACKER_OTLP_ENDPOINT names a receiver: requests, statements, batches, jobs.

A trace leaves the machine for a service that is not made for patients' data. So spans go out with a list of attributes
that can't name a patient and with nothing else: no address of a page (its pattern alone), no text of an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import urlsplit

from opentelemetry import trace

from tracker.errors import StartupFault

SENT: Final = frozenset(
    {
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "url.scheme",
        "network.protocol.version",
        "error.type",
        "db.system.name",
        "db.operation.name",
        "db.query.text",
        "messaging.batch.message_count",
        "tracker.job",
    }
)
"""The attributes that go out. FastAPI's own would also tell the path, which names the pump, and the query."""
_ANSWERS_S: Final = 5
_INSTALL: Final = "pip install 'pump-tracker[otlp]'"


@contextmanager
def traced(endpoint: str, process: str) -> Iterator[None]:
    """Send this process's spans for as long as the block lasts; nothing without an endpoint.

    Begin it before the first ``Database`` is made. A receiver that is down or hangs holds nothing up: spans are kept in
    memory, 2,048 at the most, then dropped. Raises ``StartupFault`` for an address that can't be, or missing packages.
    """
    if not endpoint:
        yield
        return
    provider = _provider(endpoint, process)
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()


def _provider(endpoint: str, process: str) -> Any:
    parts = urlsplit(endpoint)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise StartupFault(
            "TRACKER_OTLP_ENDPOINT is no address of an OTLP receiver over HTTP: write it like http://127.0.0.1:4318, "
            "without a password"
        )
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as fault:
        raise StartupFault(
            f"TRACKER_OTLP_ENDPOINT is set, and what sends traces is not installed: {_INSTALL}, or leave it unset"
        ) from fault
    address = endpoint.rstrip("/") + ("" if parts.path.rstrip("/").endswith("/v1/traces") else "/v1/traces")
    names = {"service.name": f"tracker-{process}", "service.version": version("pump-tracker")}
    provider: Any = TracerProvider(resource=Resource(names), shutdown_on_exit=False)
    outlet: Any = _WithoutPatients(OTLPSpanExporter(endpoint=address, timeout=_ANSWERS_S))
    provider.add_span_processor(BatchSpanProcessor(outlet))
    return provider


class _WithoutPatients:
    """An exporter that hands spans on with what may leave the machine, and nothing else."""

    def __init__(self, outlet: Any) -> None:
        self._outlet = outlet

    def export(self, spans: Sequence[Any]) -> Any:
        """Send these spans."""
        return self._outlet.export([_bare(span) for span in spans])

    def shutdown(self) -> None:
        """Send no more."""
        self._outlet.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return bool(self._outlet.force_flush(timeout_millis))


def _bare(span: Any) -> Any:
    from opentelemetry.sdk.trace import ReadableSpan

    return ReadableSpan(
        name=span.name,
        context=_without_state(span.context),
        parent=None if span.parent is None else _without_state(span.parent),
        resource=span.resource,
        attributes={name: value for name, value in (span.attributes or {}).items() if name in SENT},
        kind=span.kind,
        status=trace.Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _without_state(context: trace.SpanContext) -> trace.SpanContext:
    """Its numbers alone: the state comes with a request and may hold anything."""
    return trace.SpanContext(context.trace_id, context.span_id, context.is_remote, context.trace_flags)
