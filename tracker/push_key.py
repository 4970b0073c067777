"""The key by which the tracker's pushes are known to browsers (VAPID, RFC 8292): as set, or made in the data folder."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from webpush.vapid import VAPID

from tracker.errors import StartupFault
from tracker.private_files import private_text


def push_key(setting: str, folder: Path) -> ec.EllipticCurvePrivateKey:
    """The private key. Raises ``StartupFault`` for a setting that is no such key."""
    given = setting.strip().replace("\\n", "\n")  # a file of environment variables has each value on one line
    pem = given or private_text(folder / "push_key", _new_key())
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        where = "TRACKER_PUSH_KEY" if given else str(folder / "push_key")
        raise StartupFault(f"{where} is no private key of the curve P-256 in PEM, without a password")
    return key


def browser_key(key: ec.EllipticCurvePrivateKey) -> str:
    """What the page gives to ``pushManager.subscribe`` as ``applicationServerKey``, in base64url."""
    return str(VAPID.get_application_server_key(key.public_key()))


def _new_key() -> str:
    return str(VAPID.generate_keys()[0], "ascii")
