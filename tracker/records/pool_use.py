"""How many of this process's connections to the database are in use, over all its pools."""

from __future__ import annotations

import weakref
from typing import NamedTuple

from sqlalchemy import Engine
from sqlalchemy.pool import QueuePool

_limits: weakref.WeakKeyDictionary[Engine, int] = weakref.WeakKeyDictionary()


class PoolUse(NamedTuple):
    """Connections that statements use now, those that are open and idle, and the most that may be used."""

    in_use: int
    idle: int
    limit: int


def count(engine: Engine, limit: int) -> None:
    """Count this engine's connections for as long as it lives; ``limit`` is the most that it opens."""
    _limits[engine] = limit


def pool_use() -> PoolUse:
    """The connections of all pools of this process as they are now."""
    limits = list(_limits.items())
    pools = [engine.pool for engine, _ in limits if isinstance(engine.pool, QueuePool)]
    return PoolUse(
        sum(pool.checkedout() for pool in pools),
        sum(pool.checkedin() for pool in pools),
        sum(limit for _, limit in limits),
    )
