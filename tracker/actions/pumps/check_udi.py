"""Hold a barcode against the record that it is kept with: one check for the form, the list, the API and the command."""

from __future__ import annotations

from devices.identifiers import parse_udi
from devices.serials import serial_key
from devices.topics import is_serial
from devices.udi import Udi, UdiError
from tracker.errors import Invalid


def check_udi(serial: str, udi: str) -> Udi:
    """What the barcode says, if it is this pump's. Raises `Invalid` naming the field at fault, udi or serial.

    Of lot and dates what a person enters counts before what the barcode says: it may have been read from the package.
    A barcode that can't be read is refused too: kept beside a record it would look as if it had been checked.
    """
    try:
        said = parse_udi(udi)
    except UdiError as fault:
        raise Invalid(str(fault), field="udi") from fault
    _check_serial(serial, said)
    return said


def _check_serial(serial: str, said: Udi) -> None:
    typed = serial_key(serial)
    if said.serials:
        run_together = [one for one in said.serials if serial_key(one) == typed]
        if said.serial is None and not run_together and _starts_with_one(typed, said.serials):
            raise Invalid(
                f"the barcode may have lost a separator; its serial can be {' or '.join(said.serials)}, not {serial}",
                field="serial",
            )
        if run_together or said.serial is None:
            return
    if said.serial is not None and is_serial(said.serial) and serial_key(said.serial) != typed:
        raise Invalid(
            f"the barcode says {said.serial}; read the barcode of this very pump, or begin without one", field="serial"
        )


def _starts_with_one(typed: str, serials: tuple[str, ...]) -> bool:
    """Whether the serial is one of those with more behind it: the run-together value itself, taken for the serial."""
    return any(typed.startswith(serial_key(one)) for one in serials)
