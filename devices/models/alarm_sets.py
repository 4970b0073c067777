"""The alarms that families of models can report.

The list for SynchroMed follows the sources named in `devices.alarm_table`; those for Prometra and MedStream were found
in no source and are assumptions.
"""

from typing import Final

from devices.alarm_code import AlarmCode

SYNCHROMED_ALARMS: Final = frozenset(AlarmCode) - {AlarmCode.CATHETER_OCCLUSION}

PROMETRA_ALARMS: Final = frozenset(AlarmCode) - {AlarmCode.MOTOR_STALL, AlarmCode.TUBE_SET}

MEDSTREAM_ALARMS: Final = frozenset(AlarmCode) - {
    AlarmCode.MOTOR_STALL,
    AlarmCode.TUBE_SET,
    AlarmCode.CATHETER_OCCLUSION,
}
