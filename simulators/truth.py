"""The truth beside the messages: what each pump really held and what really happened, as JSON Lines.

Forecasts and findings are checked against it; nothing of it goes over the wire.
"""

from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from simulators.status_messages import Event, Fact, Said


class TruthFile:
    """Appends one line per event: `state` for each message (true volume and charge), else the name of what happened.

    With no path it writes nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._file: IO[bytes] | None = None if path is None else path.open("ab")
        self._encode = msgspec.json.Encoder(decimal_format="string").encode

    def __enter__(self) -> Self:
        """The file, to be closed at the end."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _fault: BaseException | None, _at: TracebackType | None
    ) -> None:
        """Closes the file, whatever happened."""
        if self._file is not None:
            self._file.close()

    def write(self, event: Event) -> None:
        """One line, if the event has a truth to tell."""
        if self._file is None:
            return
        line: dict[str, object]
        if isinstance(event, Said):
            line = {
                "what": "state",
                "serial": event.serial,
                "at": event.at,
                "reservoir_ml": round(event.true_ml, 4),
                "battery_percent": None if event.true_percent is None else round(event.true_percent, 4),
            }
        elif isinstance(event, Fact):
            line = {"what": event.what, "serial": event.serial, "at": event.at, **event.detail}
        else:
            line = {"what": type(event).__name__, "serial": event.serial, "at": event.at}
        self._file.write(self._encode(line) + b"\n")
