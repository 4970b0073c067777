"""The settings of a rehearsal: those that the case gives, and nothing of the environment that it runs in."""

from __future__ import annotations

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tracker.settings import Settings


class RehearsalSettings(Settings):
    """The product's settings, from the case alone: it plays the same on every machine."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What the case gives."""
        return (init_settings,)
