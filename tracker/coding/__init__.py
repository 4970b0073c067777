"""Procedure codes: from what was done to the code that stands for it. Pure: no clock, no database, no network."""

from tracker.coding.codes import BY_NUMBER, CODES, ONE_A_DAY, Act, Code, Device, Region
from tracker.coding.line import code_act, code_line
from tracker.coding.select_code import CodingError, CodingResult, code_catheter, code_device, code_trial, code_visit

__all__ = [
    "BY_NUMBER",
    "CODES",
    "ONE_A_DAY",
    "Act",
    "Code",
    "CodingError",
    "CodingResult",
    "Device",
    "Region",
    "code_act",
    "code_catheter",
    "code_device",
    "code_line",
    "code_trial",
    "code_visit",
]
