"""``tracker demo`` as a newcomer meets it: a clinic with a history, ended by Ctrl-C or worse, and there again."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.end_to_end.demo import Demo
from tests.servers import wait_until


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    yield running
    if not running.ended():
        running.stop()


def test_a_demo_comes_up_with_its_history_goes_on_live_and_ends_with_ctrl_c(demo: Demo) -> None:
    demo.start()
    printed = demo.up()
    address = re.search(r"http://127\.0\.0\.1:\d+/", printed)
    assert address, printed
    assert httpx.get(address[0], follow_redirects=True).status_code == 200
    history = demo.count("reading")
    assert history > 300
    wait_until(lambda: demo.count("reading") > history + 12, 30, "live reports")
    family = demo.family()
    assert demo.stop() == 0
    assert [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


def test_after_a_kill_it_starts_again_quickly_with_every_message_that_was_receipted(demo: Demo) -> None:
    demo.start()
    demo.up()
    before = demo.count("reading")
    demo.kill()
    began = time.monotonic()
    demo.start()
    assert "sign in as" in demo.up()
    assert time.monotonic() - began < 60
    assert demo.count("reading") >= before
    wait_until(lambda: demo.count("reading") > before + 12, 40, "live reports after the kill")


def test_a_taken_port_is_one_sentence_with_the_setting_that_changes_it(demo: Demo) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.web_port))
        taken.listen()
        demo.start()
        assert demo.process is not None
        assert demo.process.wait(30) == 1
    printed = demo.printed.read_text().strip()
    assert "TRACKER_WEB_PORT" in printed
    assert len(printed.splitlines()) == 1


def test_the_history_is_not_sent_before_ingest_has_subscribed(demo: Demo) -> None:
    """What is published before that reaches nobody, and is sent again only half a minute later."""

    def named(word: str) -> list[psutil.Process]:
        found = []
        for one in demo.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                if word in one.cmdline():
                    found.append(one)
        return found

    demo.start()
    # the process that ends with the demo, and ingest itself, which still loads its modules by then
    wait_until(lambda: len(named("ingest")) > 1, 120, "ingest to be started")
    held = named("ingest")
    for process in held:
        process.suspend()
    time.sleep(3)
    assert not named("fill")
    for process in held:
        process.resume()
    assert "sign in as" in demo.up()
    assert demo.count("reading") > 300
