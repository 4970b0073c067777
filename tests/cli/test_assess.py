"""The two commands over files and pipes: every line answered in its place, strictly read, and a quiet end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tracker.cli.assess import assess, code, main

GOOD = b'{"id": 1, "question": "replacement", "facts": {"impending_failure_notice": true, "abuse_or_neglect": false}}'
COMMAND = [sys.executable, "-c", "import sys; from tracker.cli.assess import main; sys.exit(main(sys.argv[1:]))"]


@pytest.fixture
def asked(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Any:
    def ask(content: bytes, command: str = "assess") -> tuple[int, list[dict[str, Any]]]:
        file = tmp_path / "lines.jsonl"
        file.write_bytes(content)
        status = main([command, str(file)])
        out, err = capsysbinary.readouterr()
        assert err == b""
        assert out == b"" or out.endswith(b"\n")
        return status, [json.loads(line) for line in out.splitlines()]

    return ask


def test_good_lines_are_answered_in_their_order(asked: Any) -> None:
    lines = b"".join(b'{"id": %d, "question": "trial"}\n' % number for number in range(1000))
    status, answers = asked(lines)
    assert status == 0
    assert [answer["id"] for answer in answers] == list(range(1000))


def test_a_bad_line_is_answered_in_its_place_and_the_rest_still_run(asked: Any) -> None:
    status, answers = asked(b"\n".join([GOOD, b"not json", b"", GOOD, b"[]", b'{"id": 5, "question": "?"}', GOOD]))
    assert status == 2
    assert ["error" in answer for answer in answers] == [False, True, True, False, True, True, False]
    assert [answer["id"] for answer in answers] == [1, None, None, 1, None, 5, 1]


@pytest.mark.parametrize("command", ["assess", "code"])
def test_empty_input_gives_nothing_and_all_is_well(asked: Any, command: str) -> None:
    assert asked(b"", command) == (0, [])


def test_the_last_line_may_lack_its_end(asked: Any) -> None:
    assert asked(GOOD) == asked(GOOD + b"\n")


def test_windows_line_ends_and_a_byte_order_mark_are_no_fault(asked: Any) -> None:
    status, answers = asked(b"\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD + b"\r\n")
    assert status == 0
    assert len(answers) == 2


@pytest.mark.parametrize("content", [b"\n", b"  \n", b"\r\n", GOOD + b"\n\n", GOOD + b"\n \t"])
def test_a_blank_line_is_an_error_line(asked: Any, content: bytes) -> None:
    status, answers = asked(content)
    assert status == 2
    assert answers[-1]["id"] is None
    assert "blank" in answers[-1]["error"]


def test_only_a_line_feed_ends_a_line(asked: Any) -> None:
    line = '{"id": "a\u2028b\u0085c", "question": "trial"}'.encode()
    status, answers = asked(line)
    assert status == 0
    assert answers[0]["id"] == "a\u2028b\u0085c"


def test_a_line_longer_than_what_is_read_at_once_is_one_line(asked: Any) -> None:
    long = b'{"id": "%s", "question": "trial"}\n' % (b"x" * 300_000)
    status, answers = asked(long + GOOD + b"\n" + long)
    assert status == 0
    assert [len(str(answer["id"])) for answer in answers] == [300_000, 1, 300_000]


def test_the_codes_command_answers_acts(asked: Any) -> None:
    status, answers = asked(b'{"id": "v", "act": {"kind": "remove_device"}}\n{"id": "w", "act": {}}\n', "code")
    assert status == 2
    assert answers[0]["codes"] == ["62365"]
    assert "kind" in answers[1]["error"]


@pytest.mark.parametrize("run", [assess, code])
@pytest.mark.parametrize("path", ["no/such/file.jsonl", "bad\0name", "", "lone\udcff"])
def test_a_file_that_is_not_there_is_one_sentence_and_exit_1(
    run: Any, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(path) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "can't be read" in err


def test_a_folder_is_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert assess(str(tmp_path)) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("words", [[], ["a", "b"], ["--fast"], ["-x", "a"]])
def test_words_that_make_no_sense_show_how_to_ask(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", *words]) == 2
    assert "usage: tracker assess FILE" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["assess", "code"])
def test_help_explains_the_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"usage: tracker {command} FILE" in capsys.readouterr().out


def test_standard_input_is_answered_while_it_is_still_open() -> None:
    with subprocess.Popen([*COMMAND, "assess", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):
            process.stdin.write(GOOD + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["outcome"] == "medically_necessary"
        process.stdin.write(b"nonsense")
        process.stdin.close()
        assert json.loads(process.stdout.readline())["id"] is None
        assert process.wait(30) == 2


def test_a_reader_that_goes_away_ends_the_work_without_a_word(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes((GOOD + b"\n") * 5000)
    command = [*COMMAND, "assess", str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        process.wait(30)


def test_a_full_disk_is_one_sentence_and_exit_1(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full, a device of Linux that is always full")
    file = tmp_path / "one.jsonl"
    file.write_bytes(GOOD)
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device, handed on as it is
        done = subprocess.run(
            [*COMMAND, "assess", str(file)], stdout=full, stderr=subprocess.PIPE, check=False, timeout=30
        )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_a_closed_standard_input_is_one_sentence_and_exit_1() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *COMMAND, "assess", "-"],
        stdin=reading,
        capture_output=True,
        check=False,
        timeout=30,
    )
    os.close(reading)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_the_evaluators_start_without_the_libraries_of_the_rest() -> None:
    script = (
        "import sys; from tracker.cli.assess import main; main(['assess', '/dev/null']); main(['code', '/dev/null']);"
        "print([name for name in ('pydantic', 'typer', 'sqlmodel', 'fastapi', 'rich', 'click') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, timeout=30)
    assert done.stdout == b"[]\n"
