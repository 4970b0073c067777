"""Where the settings come from: variables with the prefix ``TRACKER_``, and files that a variable names.

A secret may stand in a file, as container platforms and systemd hand secrets on: ``TRACKER_SECRET_KEY_FILE`` names the
file that holds ``TRACKER_SECRET_KEY``. A variable that the program does not know stops the start, since a misspelt
setting would otherwise look like one that was taken.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from tracker.errors import StartupFault

PREFIX: Final = "TRACKER_"
ENVIRONMENT: Final = "environment"
_IN_A_FILE: Final = "_FILE"
_LARGEST_SECRET = 64 * 1024
_MASK: Final = "****"
_HARMLESS: Final = frozenset(
    {"application_name", "channel_binding", "connect_timeout", "mode", "sslcert", "sslmode", "sslrootcert"}
)
"""Parameters of a URL whose values are shown; of any other, in any spelling, only the name."""

#: What Kubernetes sets by itself in every pod beside a service named "tracker…", and Docker for its links.
_OF_A_PLATFORM = re.compile(r"TRACKER_(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")


class Given(NamedTuple):
    """The text that was given for one setting, and where: ``environment``, or ``file PATH``."""

    text: str
    origin: str


class Environment(PydanticBaseSettingsSource):
    """The settings' one source. Raises ``StartupFault`` for a name or a file that can't be right."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Part of the interface; ``__call__`` reads all fields at once."""
        del field
        given = self._given().get(field_name)
        return (None if given is None else given.text), field_name, False

    def __call__(self) -> dict[str, Any]:
        """What was given, as text, by the field's name; empty text counts as not given."""
        return {name: given.text for name, given in self._given().items()}

    def _given(self) -> dict[str, Given]:
        return read(os.environ, self.settings_cls.model_fields, secret_fields(self.settings_cls))


def secret_fields(settings: type[BaseSettings]) -> frozenset[str]:
    """The fields that hold a secret: those of the type ``SecretStr``, and those that are marked ``secret``."""
    return frozenset(
        name
        for name, field in settings.model_fields.items()
        if field.annotation is SecretStr
        or (isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("secret") is True)
    )


def read(environment: Mapping[str, str], known: Collection[str], secrets: Collection[str]) -> dict[str, Given]:
    """What the variables give for each known setting. Raises ``StartupFault``, a sentence that names the variable."""
    by_variable = {PREFIX + name.upper(): name for name in known}
    in_files = {PREFIX + name.upper() + _IN_A_FILE: name for name in secrets}
    given: dict[str, Given] = {}
    named: dict[str, tuple[str, str]] = {}
    for written, text in environment.items():
        variable = written.upper()
        if not variable.startswith(PREFIX):
            continue
        if variable in by_variable:
            if text:
                given[by_variable[variable]] = Given(text, ENVIRONMENT)
        elif variable in in_files:
            if text:
                named[in_files[variable]] = (written, text)
        elif not (_OF_A_PLATFORM.fullmatch(variable) or (variable == "TRACKER_PORT" and "://" in text)):
            raise _unknown(written, [*by_variable, *in_files])
    for name, (variable, path) in named.items():
        if name in given:
            raise StartupFault(f"{variable} and {PREFIX}{name.upper()} are both set: set one of them")
        given[name] = Given(_text_of(Path(path), variable), f"file {path}")
    return given


def without_password(url: str) -> str:
    """A URL fit to be shown: user, host, name and harmless parameters; what may be a password is left out."""
    if not url:
        return ""
    if "://" not in url:
        return _MASK  # it can't be read, so nobody knows which part of it is the password
    hidden = re.sub(r"(?<=://)([^:@/?]*):.*@", rf"\1:{_MASK}@", url, flags=re.DOTALL)
    shown, _, behind = hidden.partition("#")
    shown, mark, parameters = shown.partition("?")
    named = (one.partition("=") for one in parameters.split("&"))
    kept = "&".join(f"{name}{sign}{value if name in _HARMLESS or not value else _MASK}" for name, sign, value in named)
    return f"{shown}{mark}{kept}{'#' + _MASK if behind else ''}"


def address_only(url: str) -> str:
    """Scheme, host and port of a URL: what stands before the last "@" and behind the address is left out."""
    found = re.match(r"([a-z0-9+.-]+)://(?:.*@)?([^/?#@]*)", url, flags=re.DOTALL | re.IGNORECASE)
    return f"{found[1]}://{found[2]}" if found else _MASK


def _unknown(variable: str, known: list[str]) -> StartupFault:
    near = difflib.get_close_matches(variable.upper(), known, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else "docs/operations.md lists the settings"
    return StartupFault(f"there is no setting {variable[:80]}: {hint}")


def _text_of(path: Path, variable: str) -> str:
    """The secret in a file, without the line end that editors add."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET + 1)
        text = content.decode().strip()
    except UnicodeDecodeError:
        raise StartupFault(f"{variable}: {path} holds no text") from None
    except OSError as fault:
        raise StartupFault(f"{variable}: {path} can't be read: {fault.strerror}") from None
    if len(content) > _LARGEST_SECRET:
        raise StartupFault(f"{variable}: {path} is too long for a secret")
    if not text:
        raise StartupFault(f"{variable}: {path} is empty")
    return text
