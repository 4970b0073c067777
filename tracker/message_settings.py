"""Settings of what leaves the house: mail, webhooks, push, the sentinel and the heartbeat."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class MessageSettings(BaseSettings):
    """The fields that ``Settings`` takes over. None is needed: without them messages wait and say what is missing."""

    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="mail server: smtp://user:pass@host:port (STARTTLS where offered; ?tls=required), or smtps://…",
    )
    smtp_from: str = Field(default="", description="the sender of mail, as Pump Tracker <pumps@example.org>")
    webhook_allow: str = Field(
        default="",
        description="networks, by commas, that messages may reach besides public ones, as 127.0.0.0/8,10.1.0.0/16",
    )
    push_key: SecretStr = Field(
        default=SecretStr(""), description="private key of web push (PEM); made in the data folder unless set"
    )
    sentinel_url: str = Field(default="", description="where the tracker renews its ladder; empty: no sentinel")
    sentinel_secret: SecretStr = Field(
        default=SecretStr(""), description="shared by tracker and sentinel, at least 32 characters"
    )
    sentinel_dir: Path = Field(default=Path("sentinel"), description="the sentinel's own folder")
    sentinel_host: str = Field(default="127.0.0.1", description="address the sentinel listens on")
    sentinel_port: int = Field(default=8010, ge=1, le=65535, description="port the sentinel listens on")
    heartbeat_url: str = Field(
        default="", description="asked once a minute while all is well, with /fail behind it otherwise; empty: none"
    )
