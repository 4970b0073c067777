"""All stories by name. A story is added by its file and two lines here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from simulators.stories import (
    alarm_unattended,
    battery_reaches_eri,
    clock_drift,
    drug_withdrawn,
    end_of_service,
    floods,
    goes_silent,
    late_refill,
    loses_memory,
    motor_stalls,
    motor_stalls_and_recovers,
    mri,
    refill_finds_too_little,
    refill_not_logged,
    refill_not_seen,
    repeats_itself,
    reprogrammed_unlogged,
    reservoir_runs_low,
    routine,
    routine_constant_flow,
    runs_dry,
    sends_garbage,
    stopped_after_session,
    unknown_programmer,
)
from simulators.story import Story

STORIES: Final[tuple[Story, ...]] = (
    routine.STORY,
    routine_constant_flow.STORY,
    battery_reaches_eri.STORY,
    end_of_service.STORY,
    reservoir_runs_low.STORY,
    runs_dry.STORY,
    late_refill.STORY,
    motor_stalls.STORY,
    motor_stalls_and_recovers.STORY,
    mri.STORY,
    stopped_after_session.STORY,
    drug_withdrawn.STORY,
    refill_finds_too_little.STORY,
    refill_not_logged.STORY,
    refill_not_seen.STORY,
    reprogrammed_unlogged.STORY,
    unknown_programmer.STORY,
    alarm_unattended.STORY,
    goes_silent.STORY,
    clock_drift.STORY,
    repeats_itself.STORY,
    loses_memory.STORY,
    sends_garbage.STORY,
    floods.STORY,
)

CATALOGUE: Final[Mapping[str, Story]] = MappingProxyType({story.name: story for story in STORIES})
"""Every story by its name."""
