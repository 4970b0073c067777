"""A kind of contact point is known to all who must know it: records, sender, API and page."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from tracker.records import contact_point
from tracker.send.channels import channels
from tracker.settings import Settings
from tracker.web.api.contacts import NewContact
from tracker.web.pages import notifications


def test_every_kind_of_contact_point_has_a_channel_and_no_channel_stands_without_one(tmp_path: Path) -> None:
    assert set(channels(Settings(data_dir=tmp_path))) == set(contact_point.KINDS)


def test_every_kind_of_contact_point_is_offered_by_the_api_and_on_the_page() -> None:
    assert set(get_args(NewContact.model_fields["kind"].annotation)) == set(contact_point.KINDS)
    assert {kind for kind, _ in (*notifications.KINDS, notifications.PUSH)} == set(contact_point.KINDS)
