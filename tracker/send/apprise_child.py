"""Hand one message to one Apprise address, in a process of its own: JSON on standard input, JSON on standard output.

Each connection is looked at when it is made, by the address that it goes to: a name that changes, a redirect and an
address written in another way all end there.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from typing import Any, Final

from tracker.reachable_networks import Network, allowed_networks, may_reach

_CONNECTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_STARTS: Final = frozenset({"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"})
_LOOK_S: Final = 0.2


class _Refused(OSError):
    """A connection or a process that a message must not make."""


def main() -> None:
    """Read, send, answer. What was refused is said before what the library made of it."""
    given = json.load(sys.stdin)
    threading.Thread(target=_end_with, args=(given["parent"],), daemon=True).start()
    import apprise  # noqa: PLC0415 - it takes half a second, which the watch over the parent need not wait for

    apprise.Apprise()  # its services are found before the guard stands
    refused = _guard(allowed_networks(",".join(given["allowed"])))
    plugin = apprise.Apprise.instantiate(given["target"], suppress_exceptions=True)
    if plugin is None:
        _answer(sent=False, said="this is no Apprise address")
        return
    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]  # the library has no types
        kind = apprise.NotifyType.FAILURE if given["urgent"] else apprise.NotifyType.INFO
        taken = plugin.notify(body=given["body"], title=given["title"], notify_type=kind)
        words = " ".join(str(log.getvalue()).split())
    _answer(sent=bool(taken), said="; ".join([*refused[:1], words]).strip("; "))


def _guard(allowed: tuple[Network, ...]) -> list[str]:
    """From now on refuse what may not be reached; the list fills with what was refused."""
    refused: list[str] = []

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CONNECTS and len(arguments) > 1 and arguments[1] is not None:
            where = arguments[1]
            host = str(where[0]) if isinstance(where, tuple) else ""
            try:
                is_open = may_reach(host, allowed)
            except ValueError:  # a name instead of an address, or a socket in the file system
                is_open = False
            if not is_open:
                refused.append(f"{host or 'a local socket'} is not a public address; TRACKER_WEBHOOK_ALLOW can name it")
                raise _Refused(refused[-1])
        elif event in _STARTS:
            refused.append("this service starts programs on this machine")
            raise _Refused(refused[-1])

    sys.addaudithook(look)
    return refused


def _answer(*, sent: bool, said: str) -> None:
    sys.stdout.write(json.dumps({"sent": sent, "said": said}))
    sys.stdout.flush()


def _end_with(parent: int) -> None:
    """A message whose sender died is sent again by another: this attempt must not last."""
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os._exit(1)


if __name__ == "__main__":
    main()
