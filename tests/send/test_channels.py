"""A kind of contact point is known to all who must know it: records, sender, action, API and page."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from tracker.actions.messages import contacts
from tracker.records import contact_point
from tracker.send.channels import channels
from tracker.settings import Settings
from tracker.web.api.messages import NewContact
from tracker.web.pages import notifications

BY_BROWSER = {"push"}
"""Made by a press in the browser that is to be reached, not typed in."""


def test_every_kind_of_contact_point_has_a_channel_and_no_channel_stands_without_one(tmp_path: Path) -> None:
    assert set(channels(Settings(data_dir=tmp_path))) == set(contact_point.KINDS)


def test_every_kind_that_a_person_types_in_is_offered_by_action_api_and_page() -> None:
    typed = set(contact_point.KINDS) - BY_BROWSER
    assert set(contacts.KINDS) == typed
    assert set(get_args(NewContact.model_fields["kind"].annotation)) == typed
    assert {kind for kind, _ in notifications.KINDS} == typed
