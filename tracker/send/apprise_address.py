"""Any Apprise address: SMS gateways, Teams, Slack, ntfy, Pushover, PagerDuty and others. Short words, never a dose.

The library connects by itself, so each message is handed to a child process that refuses connections to addresses
inside, knows none of this installation's secrets, and is ended where a service hangs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Final

from tracker.reachable_networks import Network
from tracker.records.contact_point import ContactPoint
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Outcome, Sent

WITHIN_S: Final = 20.0
_PASSED_ON: Final = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "PYTHONPATH", "HOME", "TMPDIR")


def send(letter: Letter, point: ContactPoint, allowed: tuple[Network, ...]) -> Outcome:
    """Hand it to the service. What the library says of a failure is the reason."""
    given = {
        "target": point.target,
        "title": letter.brief_subject,
        "body": letter.short(),
        "urgent": letter.data.get("priority") == "high",
        "allowed": [str(network) for network in allowed],
        "parent": os.getpid(),
    }
    try:
        child = subprocess.run(
            [sys.executable, "-m", "tracker.send.apprise_child"],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
        )
        answer = json.loads(child.stdout)
    except subprocess.TimeoutExpired:
        return Failed(f"the service did not answer within {WITHIN_S:g} s")
    except (OSError, ValueError):
        return Failed("the service could not be asked: the child process ended early")
    if answer["sent"]:
        return Sent(delivered=False, detail="taken by the service")
    return Failed(str(answer["said"])[:400] or "the service did not take it")
