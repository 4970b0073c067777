"""The garbage collector of the processes that sweep."""

from __future__ import annotations

import gc
from typing import Final

_COLLECT_AFTER: Final = 50_000


def calm_the_collector() -> None:
    """A set of pumps is many objects that die together and hold no cycles: walking them cost a third of a sweep."""
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)
