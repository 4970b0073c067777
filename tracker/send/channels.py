"""The channels, by the kind of contact point. A channel is added by its file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parseaddr
from typing import Final

from tracker.push_key import push_key
from tracker.reachable_networks import allowed_networks
from tracker.records.contact_point import ContactPoint
from tracker.send import apprise_address, webhook
from tracker.send.letter import Letter
from tracker.send.mail import MailServer
from tracker.send.outcome import Failed, Outcome
from tracker.send.push import PushSender
from tracker.settings import Settings

Channel = Callable[[Letter, ContactPoint], Outcome]
NO_SERVER: Final = "no mail server is set: the administrator sets TRACKER_SMTP_URL"


def channels(settings: Settings) -> Mapping[str, Channel]:
    """Each kind's channel, with this installation's settings. Raises ``StartupFault`` for one that can't be read."""
    allowed = allowed_networks(settings.webhook_allow)
    url = settings.smtp_url.get_secret_value()
    server = MailServer(url, settings.smtp_from) if url else None
    subscriber = parseaddr(settings.smtp_from)[1] or "administrator@pump-tracker.invalid"
    key = push_key(settings.push_key.get_secret_value(), settings.data_dir)
    return {
        "email": server.send if server else _no_server,
        "webhook": lambda letter, point: webhook.send(letter, point, allowed),
        "apprise": lambda letter, point: apprise_address.send(letter, point, allowed),
        "push": PushSender(key, subscriber, allowed).send,
    }


def _no_server(_letter: Letter, _point: ContactPoint) -> Outcome:
    return Failed(NO_SERVER)
