"""The alarms that families of models can report.

The list for SynchroMed follows the sources named in `devices.alarm_table`; those for Prometra and MedStream were found
in no source and are assumptions. Each family names its codes: a new code belongs to no model until somebody says so.
"""

from typing import Final

from devices.alarm_code import AlarmCode

_RESERVOIR: Final = frozenset({AlarmCode.LOW_RESERVOIR, AlarmCode.EMPTY_RESERVOIR})
_BATTERY: Final = frozenset({AlarmCode.ELECTIVE_REPLACEMENT, AlarmCode.END_OF_SERVICE, AlarmCode.LOW_BATTERY_RESET})
_MEMORY: Final = frozenset({AlarmCode.CRITICAL_MEMORY_ERROR, AlarmCode.MEMORY_ERROR})

SYNCHROMED_ALARMS: Final = (
    _RESERVOIR | _BATTERY | _MEMORY | frozenset({AlarmCode.MOTOR_STALL, AlarmCode.STOPPED_OVER_48H, AlarmCode.TUBE_SET})
)

PROMETRA_ALARMS: Final = (
    _RESERVOIR | _BATTERY | _MEMORY | frozenset({AlarmCode.STOPPED_OVER_48H, AlarmCode.CATHETER_OCCLUSION})
)

MEDSTREAM_ALARMS: Final = _RESERVOIR | _BATTERY | _MEMORY | frozenset({AlarmCode.STOPPED_OVER_48H})
