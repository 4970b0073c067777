"""``tracker config``: every setting with its value, its default and where the value comes from. Secrets are masked."""

from __future__ import annotations

import json
import os
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tracker.settings import Settings
from tracker.settings_source import PREFIX, Given, address_only, read, secret_fields, without_password

app = typer.Typer(add_completion=False)

_MASK = "****"


@app.command()
def config(
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object, for programs")] = False,
) -> None:
    """List the settings as every process here would take them; one that can't be is named, with exit status 1."""
    settings = Settings()
    given = read(os.environ, Settings.model_fields, secret_fields(Settings))
    rows = [_row(settings, name, field, given.get(name)) for name, field in Settings.model_fields.items()]
    if as_json:
        typer.echo(json.dumps({row["setting"]: row for row in rows}, indent=1))
        return
    for row in rows:
        default = "" if row["origin"] == "default" else f"; default {_words(row['default'])}"
        typer.echo(f"{row['setting']}={_words(row['value'])}  ({row['origin']}{default})")


def _row(settings: Settings, name: str, field: FieldInfo, given: Given | None) -> dict[str, Any]:
    return {
        "setting": PREFIX + name.upper(),
        "value": _shown(name, getattr(settings, name)),
        "default": _shown(name, field.default),
        "origin": "default" if given is None else given.origin,
        "description": field.description,
    }


def _shown(name: str, value: object) -> object:
    """A value fit to be seen: of a URL the part without its password, of any other secret only whether it is set."""
    if name == "mqtt_url" and isinstance(value, SecretStr):
        text = value.get_secret_value()
        account = without_password(text).partition("://")[2].rpartition("@")[0].partition(":")[0]
        return address_only(text).replace("://", f"://{account}:{_MASK}@" if account else "://") if text else ""
    if isinstance(value, SecretStr):
        return _MASK if value.get_secret_value() else ""
    if name in {"database_url", "database_direct_url"}:
        return without_password(str(value))
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _words(value: object) -> str:
    match value:
        case None | "":
            return "none"
        case bool():
            return "true" if value else "false"
    return str(value)
