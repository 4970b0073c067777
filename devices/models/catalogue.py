"""All pump models by their id. A model is added by its file and one line here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from devices.model import PumpModel
from devices.models.archimedes_20 import ARCHIMEDES_20
from devices.models.archimedes_40 import ARCHIMEDES_40
from devices.models.archimedes_60 import ARCHIMEDES_60
from devices.models.codman_3000 import CODMAN_3000
from devices.models.ip2000v_20 import IP2000V_20
from devices.models.ip2000v_40 import IP2000V_40
from devices.models.ip2000v_60 import IP2000V_60
from devices.models.isomed_20 import ISOMED_20
from devices.models.isomed_35 import ISOMED_35
from devices.models.medstream_20 import MEDSTREAM_20
from devices.models.medstream_40 import MEDSTREAM_40
from devices.models.prometra_i_20 import PROMETRA_I_20
from devices.models.prometra_ii_20 import PROMETRA_II_20
from devices.models.prometra_ii_40 import PROMETRA_II_40
from devices.models.subcutaneous_reservoir import SUBCUTANEOUS_RESERVOIR
from devices.models.synchromed_el_10 import SYNCHROMED_EL_10
from devices.models.synchromed_el_18 import SYNCHROMED_EL_18
from devices.models.synchromed_ii_20 import SYNCHROMED_II_20
from devices.models.synchromed_ii_40 import SYNCHROMED_II_40
from devices.models.synchromed_iii_20 import SYNCHROMED_III_20
from devices.models.synchromed_iii_40 import SYNCHROMED_III_40

MODELS: Final[tuple[PumpModel, ...]] = (
    SYNCHROMED_II_20,
    SYNCHROMED_II_40,
    SYNCHROMED_III_20,
    SYNCHROMED_III_40,
    PROMETRA_II_20,
    PROMETRA_II_40,
    PROMETRA_I_20,
    SYNCHROMED_EL_18,
    SYNCHROMED_EL_10,
    CODMAN_3000,
    ARCHIMEDES_20,
    ARCHIMEDES_40,
    ARCHIMEDES_60,
    IP2000V_20,
    IP2000V_40,
    IP2000V_60,
    ISOMED_35,
    ISOMED_20,
    MEDSTREAM_20,
    MEDSTREAM_40,
    SUBCUTANEOUS_RESERVOIR,
)

CATALOGUE: Final[Mapping[str, PumpModel]] = MappingProxyType({model.id: model for model in MODELS})
"""Every model by its id."""


def find(model_id: str) -> PumpModel | None:
    """Return the model of that id, or None when the catalogue has none."""
    return CATALOGUE.get(model_id)
