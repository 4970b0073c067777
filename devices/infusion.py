"""How a pump delivers: the word that reports and prescriptions share."""

from enum import StrEnum


class Infusion(StrEnum):
    """How the pump delivers."""

    STOPPED = "stopped"
    MINIMUM_RATE = "minimum_rate"
    SIMPLE_CONTINUOUS = "simple_continuous"
    FLEX = "flex"
    BOLUS = "bolus"
