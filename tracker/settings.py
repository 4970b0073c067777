"""Settings: read once from the environment (prefix ``TRACKER_``) at a process's edge and passed on as a value."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from tracker.errors import StartupFault
from tracker.listening_address import is_loopback, reachable
from tracker.message_settings import MessageSettings
from tracker.private_files import private_text
from tracker.public_address import public_address
from tracker.settings_source import Environment, address_only, without_password

SHORTEST_KEY: Final = 32
MQTT_URL_FAULT: Final = (
    "TRACKER_MQTT_URL must look like mqtt://user:password@host:1883 or mqtts://…, with anything but letters and digits "
    "in the password written as %XX"
)


class Settings(MessageSettings):
    """How this installation runs. Every field is one environment variable; none is needed for the demo."""

    model_config = SettingsConfigDict(env_prefix="TRACKER_", extra="ignore")

    data_dir: Path = Field(default=Path("data"), description="folder for the database, the broker's store and secrets")
    database_url: str = Field(
        default="",
        repr=False,
        json_schema_extra={"secret": True},
        description="SQLAlchemy URL; SQLite in the data folder unless set",
    )
    database_wait_s: float = Field(
        default=4.0, ge=0.5, le=600, description="pages wait so long for an answer of PostgreSQL, then say it is down"
    )
    database_direct_url: str = Field(
        default="",
        repr=False,
        json_schema_extra={"secret": True},
        description="PostgreSQL's own address, past a pooler that TRACKER_DATABASE_URL names, for `tracker db`",
    )
    mqtt_url: SecretStr = Field(
        default=SecretStr(""), description="mqtt://user:pass@host:port or mqtts://; the tracker's own account"
    )
    mqtt_client_id: str = Field(default="tracker-ingest", description="fixed client id of the persistent session")
    mqtt_ca_file: Path | None = Field(default=None, description="authority that signed the broker's certificate")
    mqtt_cert_file: Path | None = Field(default=None, description="the tracker's client certificate")
    mqtt_key_file: Path | None = Field(default=None, description="its key")
    ingest_group: str = Field(default="", description="share name, on brokers with shared subscriptions ($share)")
    ingest_partition: int | None = Field(default=None, ge=0, description="this worker's partition, counted from 0")
    ingest_partitions: int = Field(
        default=1, ge=1, le=256, description="how many partitions the broker's mapping makes"
    )
    ingest_batch: int = Field(default=4000, ge=1, le=20_000, description="messages in one transaction at the most")
    metrics_host: str = Field(default="127.0.0.1", description="address at which a process shows its figures")
    metrics_port: int = Field(
        default=0, ge=0, le=65535, description="port at which a process shows all its figures to Prometheus; 0: nowhere"
    )
    rejected_per_pump: int = Field(
        default=1000,
        ge=1,
        description="rejected messages without a readable number kept per pump; more of those are counted",
    )
    rejected_whole_per_day: int = Field(
        default=200,
        ge=0,
        description="rejected messages over 1 KiB kept whole per pump and day; of more, the first KiB",
    )
    rejected_keep_days: int = Field(
        default=365, ge=0, description="days that rejected messages are kept after they were settled; 0 keeps all"
    )
    budget_messages_per_minute: int = Field(
        default=20_000,
        ge=1,
        description="reports and sessions of one pump stored in a minute; more wait on its communicator",
    )
    budget_messages_per_day: int = Field(default=200_000, ge=1, description="the same of a day (UTC)")
    budget_sessions_per_minute: int = Field(
        default=500, ge=1, description="programmer sessions of one pump stored in a minute"
    )
    budget_sessions_per_day: int = Field(default=2_000, ge=1, description="the same of a day")
    budget_epochs_per_minute: int = Field(
        default=30, ge=1, description="new epochs of one pump in a minute: each is a loss of its memory"
    )
    budget_epochs_per_day: int = Field(default=300, ge=1, description="the same of a day")
    budget_refused_bytes_per_minute: int = Field(
        default=8 * 1024**2, ge=1, description="bytes of one pump's refused messages in a minute"
    )
    budget_refused_bytes_per_day: int = Field(default=32 * 1024**2, ge=1, description="the same of a day")
    broker_host: str = Field(default="127.0.0.1", description="address the embedded broker listens on")
    broker_port: int = Field(default=1883, ge=1, le=65535, description="port of the embedded broker")
    broker_binary: Path | None = Field(default=None, description="a nats-server to run instead of the packaged one")
    broker_store_bytes: int = Field(
        default=8 * 1024**3, ge=1024**2, description="the most that the embedded broker stores"
    )
    broker_cert_file: Path | None = Field(
        default=None, description="the embedded broker's certificate; set, it takes encrypted connections alone"
    )
    broker_key_file: Path | None = Field(default=None, description="the key of that certificate")
    broker_client_ca_file: Path | None = Field(
        default=None, description="authority whose client certificate every client must then show"
    )
    web_host: str = Field(default="127.0.0.1", description="address of the pages and the API")
    web_port: int = Field(default=8000, ge=1, le=65535, description="port of the pages and the API")
    web_connections: int = Field(
        default=1000, ge=10, le=100_000, description="connections that the pages hold open at the most"
    )
    web_connections_per_address: int = Field(
        default=500,
        ge=0,
        le=100_000,
        description="of these, from one client address; 0: no bound of its own, for a proxy in front",
    )
    live_pages_per_person: int = Field(
        default=12, ge=1, le=1000, description="pages of one person that hear of changes at once; the oldest gives way"
    )
    public_url: str = Field(
        default="", description="where browsers reach the pages, as https://pumps.example.org: for links and redirects"
    )
    web_https: bool = Field(default=False, description="cookies marked Secure and HSTS sent: set behind TLS")
    allowed_hosts: str = Field(
        default="", description="names by which browsers may reach the pages, by commas; *.example.org for all below"
    )
    proxies: str = Field(
        default="", description="addresses or networks of the proxies whose X-Forwarded-For is believed, by commas"
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs cookies and cursors, at least 32 characters; made in the data folder unless set",
    )
    idle_minutes: int = Field(default=15, ge=1, description="staff are signed off after so long without a click")
    audit_dir: Path | None = Field(
        default=None,
        description="folder of the audit trail's checkpoints and their key, apart from database and pages",
    )
    audit_syslog: str = Field(default="", description="where checkpoints go too: HOST:PORT (UDP) or /dev/log")
    otlp_endpoint: str = Field(
        default="", description="where traces are sent by OTLP over HTTP, as http://127.0.0.1:4318; empty: nowhere"
    )
    log_format: Literal["auto", "text", "json"] = Field(
        default="auto", description="text, or json, one object a line; auto: text on a terminal, json elsewhere"
    )
    log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="info", description="the least urgent lines that are logged"
    )
    readings_keep_months: int = Field(default=0, ge=0, description="months of readings kept; 0 keeps all")
    password_sign_in: bool = Field(
        default=True, description="false: staff sign in at the OpenID Connect provider alone, and sign there again"
    )
    oidc_issuer: str = Field(default="", description="OpenID Connect issuer; empty turns it off")
    oidc_client_id: str = Field(default="", description="the tracker's client id at that issuer")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="its secret there")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What a caller gives comes first, then the environment; there are no other sources."""
        return init_settings, Environment(settings_cls)

    @field_validator("log_format", "log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, given: object) -> object:
        return given.strip().lower() if isinstance(given, str) else given

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        self.data_dir = self.data_dir.expanduser().absolute()
        if not self.database_url:
            self.database_url = f"sqlite:///{self.data_dir / 'tracker.db'}"
        if self.public_url:
            self.public_url = public_address(self.public_url)
            https = self.public_url.startswith("https:")
            if "web_https" in self.model_fields_set and self.web_https != https:
                raise StartupFault(
                    f"TRACKER_PUBLIC_URL is {self.public_url} and TRACKER_WEB_HTTPS is {str(self.web_https).lower()}: "
                    "leave the second out, the first says it"
                )
            self.web_https = https
        if not self.password_sign_in and not self.oidc_issuer:
            raise StartupFault(
                "TRACKER_PASSWORD_SIGN_IN is false and TRACKER_OIDC_ISSUER is not set: nobody could sign in"
            )
        return self

    @property
    def broker_dir(self) -> Path:
        """Where the embedded broker keeps its store, its configuration and its users."""
        return self.data_dir / "broker"

    @property
    def anchors_dir(self) -> Path:
        """Where the audit trail's checkpoints are kept, with the key that signs them."""
        return self.audit_dir or self.data_dir / "audit"

    def signing_key(self) -> str:
        """The secret behind cookies and cursors: as set, or made once and kept in the data folder.

        Raises ``StartupFault`` for one that is short enough to be guessed from a cookie.
        """
        given = self.secret_key.get_secret_value()
        if given and len(given) < SHORTEST_KEY:
            raise StartupFault(
                f"TRACKER_SECRET_KEY has {len(given)} characters and needs {SHORTEST_KEY}: set a random one, such as "
                "`openssl rand -base64 32` prints, or leave it unset"
            )
        return given or private_text(self.data_dir / "secret_key")

    def hosts(self) -> frozenset[str]:
        """The names by which the pages may be reached: those set, this machine's loopback, and the address itself."""
        own = self.web_host.lower().strip("[]")
        named = {one.strip().lower() for one in self.allowed_hosts.split(",") if one.strip()}
        if self.public_url:
            named.add(urlsplit(self.public_url).hostname or "")
        return frozenset(named | {"localhost", "127.0.0.1", "::1"} | ({own} - {"0.0.0.0", "::", ""}))  # noqa: S104 - compared

    def named_proxies(self) -> list[str]:
        """The proxies that are believed. Raises ``StartupFault`` for what is neither an address nor a network."""
        named = [one.strip() for one in self.proxies.split(",") if one.strip()]
        for one in named:
            try:
                network = ipaddress.ip_network(one, strict=False)
            except ValueError:
                raise StartupFault(
                    f"TRACKER_PROXIES names {one[:60]!r}, which is neither an address nor a network"
                ) from None
            if network.prefixlen == 0:
                raise StartupFault("TRACKER_PROXIES names every address: name the proxy's own, such as 10.0.0.5")
        return named

    def require_safe_web(self) -> None:
        """Refuse to serve pages that a stranger on the network could read along, or sign cookies for.

        Raises ``StartupFault``, a sentence that names the setting.
        """
        self.signing_key()
        proxies = self.named_proxies()
        if not (is_loopback(self.web_host) or self.web_https or proxies):
            raise StartupFault(
                f"TRACKER_WEB_HOST={self.web_host} is reached from other machines, where passwords would cross the "
                "network unencrypted: put a proxy with TLS in front, then set TRACKER_WEB_HTTPS=true and "
                "TRACKER_PROXIES to the proxy's address; or set TRACKER_WEB_HOST=127.0.0.1"
            )

    def broker_password(self) -> str:
        """The password of the tracker's own account on the embedded broker: the one in ``mqtt_url``, or one made."""
        given = _split(self.mqtt_url.get_secret_value()).password
        return unquote(given) if given else private_text(self.data_dir / "broker_password")

    def mqtt_address(self) -> SplitResult:
        """The parts of ``tracker_mqtt_url``; ``StartupFault`` where it has none."""
        return _split(self.tracker_mqtt_url())

    def shown_database(self) -> str:
        """The database's URL without its password, for logs and sentences."""
        return without_password(self.database_url)

    def shown_broker(self) -> str:
        """Where ingest connects, without account and password; ``StartupFault`` where that can't be read.

        It makes nothing, unlike ``tracker_mqtt_url``.
        """
        given = self.mqtt_url.get_secret_value()
        _split(given)
        scheme = "mqtts" if self.broker_cert_file else "mqtt"
        return address_only(given) if given else f"{scheme}://{reachable(self.broker_host)}:{self.broker_port}"

    def tracker_mqtt_url(self) -> str:
        """Where ingest connects: as set, or the embedded broker with the account made for it."""
        given = self.mqtt_url.get_secret_value()
        scheme = "mqtts" if self.broker_cert_file else "mqtt"
        return given or f"{scheme}://tracker:{self.broker_password()}@{reachable(self.broker_host)}:{self.broker_port}"


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # a bracket in the password is taken for an IPv6 address
        raise StartupFault(MQTT_URL_FAULT) from None
