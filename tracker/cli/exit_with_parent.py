"""A child process that never outlives the one that started it, however that one ends.

``python -m tracker.cli.exit_with_parent COMMAND …`` runs the command and watches its own standard input, which the
parent holds open. When the parent is gone, even by ``kill -9``, the input ends and the command is told to stop. This
works on every system alike, and imports next to nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_S = 10.0


def main(command: list[str]) -> int:
    """Run the command until it ends by itself or the parent is gone; its exit status is ours."""
    # A terminal sends Ctrl-C to the whole group; who stops when is the parent's to say.
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    watcher = threading.Thread(target=_watch, args=(child,), daemon=True)
    watcher.start()
    return child.wait()


def _watch(child: subprocess.Popen[bytes]) -> None:
    while True:
        try:
            if not os.read(0, 4096):
                break
        except OSError:
            break
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
