"""The budgets that the settings give every pump."""

from __future__ import annotations

from typing import Final, NamedTuple

from tracker.settings import Settings


class Limits(NamedTuple):
    """The most of each kind in one window."""

    messages: int
    sessions: int
    epochs: int
    refused_bytes: int


class Budget(NamedTuple):
    """A pump's limits in a minute and in a day, and how many long refused messages are stored whole a day."""

    minute: Limits
    day: Limits
    whole_refused_per_day: int


def budget_of(settings: Settings) -> Budget:
    """The budget that the settings give every pump."""
    return Budget(
        Limits(
            settings.budget_messages_per_minute,
            settings.budget_sessions_per_minute,
            settings.budget_epochs_per_minute,
            settings.budget_refused_bytes_per_minute,
        ),
        Limits(
            settings.budget_messages_per_day,
            settings.budget_sessions_per_day,
            settings.budget_epochs_per_day,
            settings.budget_refused_bytes_per_day,
        ),
        settings.rejected_whole_per_day,
    )


def _default(window: str) -> Limits:
    kinds = ("messages", "sessions", "epochs", "refused_bytes")
    return Limits(*(Settings.model_fields[f"budget_{kind}_per_{window}"].default for kind in kinds))


DEFAULT: Final = Budget(_default("minute"), _default("day"), Settings.model_fields["rejected_whole_per_day"].default)
