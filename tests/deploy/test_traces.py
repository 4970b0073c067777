"""Traces that reach a receiver by OTLP over HTTP: what ran, never for whom."""

from __future__ import annotations

import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Product, installed, report
from tests.servers import end, free_port, listens, wait_until

_EXTRA = "opentelemetry.sdk"


@pytest.fixture
def extra() -> None:
    """The packages of the extra ``otlp``, which the development environment has."""
    if importlib.util.find_spec(_EXTRA) is None:
        if os.environ.get("CI") == "true":
            pytest.fail("this test needs the packages of requirements/dev.lock: run `make setup`")
        pytest.skip("this test needs the packages of requirements/dev.lock: run `make setup`")


class Receiver:
    """What a collector was sent: each span with its attributes, and the bytes as they came."""

    def __init__(self) -> None:
        self.raw = b""
        self.spans: list[tuple[str, Any]] = []
        self.port = 0

    def take(self, body: bytes) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        message = ExportTraceServiceRequest.FromString(body)
        self.raw += body
        for of_one_process in message.resource_spans:
            names = {one.key: one.value.string_value for one in of_one_process.resource.attributes}
            for scope in of_one_process.scope_spans:
                self.spans += [(names["service.name"], span) for span in scope.spans]

    def named(self, service: str, name: str) -> list[Any]:
        return [span for told, span in self.spans if told == service and span.name == name]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """An OTLP receiver on a port of loopback."""
    taken = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.path == "/v1/traces"
            taken.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


@pytest.mark.usefixtures("extra")
def test_requests_statements_batches_and_jobs_are_traced_and_no_trace_names_a_pump_or_a_person(tmp_path: Path) -> None:
    serial = "TRACED-PUMP-7"
    with receiver() as collector:
        where = f"http://127.0.0.1:{collector.port}"
        with (
            installed(tmp_path, "broker", "ingest", "web", "schedule", TRACKER_OTLP_ENDPOINT=where) as product,
            product.client() as api,
        ):
            password = product.enrol(serial)
            payload = json.dumps(report(1, alarms=["motor_stall"])).encode()
            assert product.publish(f"pumps/{serial}/telemetry", payload, serial, password) == 0
            address = f"/api/v1/pumps/{serial}/delivery"
            wait_until(lambda: api.get(address).json()["received"] == 1, 120, "the report")
            headers = {"tracestate": f"patient={serial}", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
            assert api.get(f"/api/v1/pumps/{serial}?note=Jane-Doe", headers=headers).status_code < 500
            api.get("/nowhere/Jane-Doe")
            pages = "GET /api/v1/pumps/{serial}"
            wait_until(lambda: collector.named("tracker-web", pages), 60, "the request")
            wait_until(lambda: collector.named("tracker-ingest", "ingest batch"), 60, "the batch")
            wait_until(lambda: collector.named("tracker-schedule", "job evaluate"), 60, "the job")
            token = api.headers["Authorization"].removeprefix("Bearer ")
        request = collector.named("tracker-web", pages)[-1]
        told = attributes(request)
        assert told["http.route"] == "/api/v1/pumps/{serial}"
        assert told["http.response.status_code"] == 200
        assert request.trace_id.hex() == "a" * 32, "the caller's trace goes on"
        statements = [span for span in collector.named("tracker-web", "SELECT") if span.trace_id == request.trace_id]
        assert statements, "the request's statements belong to it"
        assert all("SELECT" in attributes(span)["db.query.text"] for span in statements)
        batch = collector.named("tracker-ingest", "ingest batch")[0]
        assert attributes(batch)["messaging.batch.message_count"] == 1
        for secret in (
            serial,
            "Jane-Doe",
            "nurse@clinic.example",
            token,
            password,
            "url.path",
            "url.query",
            "/nowhere",
        ):
            assert secret.encode() not in collector.raw, secret


@pytest.mark.usefixtures("extra")
def test_a_receiver_that_is_not_there_holds_up_neither_pages_nor_their_end(tmp_path: Path) -> None:
    with installed(tmp_path, "web", TRACKER_OTLP_ENDPOINT=f"http://127.0.0.1:{free_port()}") as product:
        with product.client() as api:
            begun = time.monotonic()
            assert api.get("/api/v1/pumps").status_code == 200
            assert time.monotonic() - begun < 20
        end(product.processes.pop("web"), signal.SIGTERM, 60)
        wait_until(lambda: not listens(product.web_port), 5, "the end")


def test_without_the_packages_the_start_names_the_extra(tmp_path: Path) -> None:
    product = Product(tmp_path, TRACKER_OTLP_ENDPOINT="http://127.0.0.1:4318")
    product.tracker("db", "upgrade")
    started = (
        f"import sys; sys.modules[{_EXTRA!r}] = None; sys.argv[1:] = ['web']\nfrom tracker.cli.main import main\nmain()"
    )
    done = subprocess.run(
        [sys.executable, "-c", started], env=product.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'pump-tracker[otlp]'" in done.stderr


@pytest.mark.parametrize("address", ["collector:4318", "http://", "ftp://collector", "http://me:secret@collector"])
def test_an_address_that_cannot_be_is_named_at_the_start(tmp_path: Path, address: str) -> None:
    product = Product(tmp_path, TRACKER_OTLP_ENDPOINT=address)
    product.tracker("db", "upgrade")
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", "web"],
        env=product.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "TRACKER_OTLP_ENDPOINT" in done.stderr
    assert "secret" not in done.stderr
