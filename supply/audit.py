"""Look the locked packages up in a database of known weaknesses: ``python -m supply.audit``.

Exit status 0: none is known, or the database can't be reached, which is said; 1: some are, each named; 2: it failed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent
_LOCKS = ("requirements/app.lock", "requirements/dev.lock", "requirements/clients.lock")
_AWAY = re.compile(
    "ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|SSLError|Max retries exceeded|Connection refused|timed out|"
    "Failed to resolve|Network is unreachable|Could not connect|Forbidden|Service Unavailable|Bad Gateway"
)


def main() -> int:
    """Audit both lock files; the exit status."""
    words = [one for lock in _LOCKS for one in ("--requirement", str(_ROOT / lock))]
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--vulnerability-service", "osv"]
    try:
        done = subprocess.run(
            [*command, "--progress-spinner", "off", "--format", "json", *words],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _not_reached("it did not answer within five minutes")
    return judge(done.stdout, done.stderr)


def judge(answer: str, complaint: str) -> int:
    """The exit status for what pip-audit printed, with the words for it on standard output."""
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        if _AWAY.search(complaint):
            return _not_reached(complaint.strip().splitlines()[-1][:200])
        print(complaint, file=sys.stderr)
        return 2
    found = [(one["name"], one["version"], weakness) for one in packages for weakness in one.get("vulns", [])]
    for name, version, weakness in found:
        better = ", ".join(weakness.get("fix_versions", [])) or "no release"
        print(f"{name} {version}: {weakness['id']}, fixed in {better}")
    print(f"{len(packages)} packages looked up, {len(found)} known weaknesses")
    return 1 if found else 0


def _not_reached(why: str) -> int:
    print(f"NOT CHECKED: the database of known weaknesses can't be reached from here ({why})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
