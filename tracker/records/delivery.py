"""Delivery marks: which messages of each pump and epoch are committed, exactly, with their gaps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from tracker.records.columns import BigKey, JsonColumn, UtcDateTime


class DeliveryMark(SQLModel, table=True):
    """Everything received of one epoch: all of 1..contiguous, and the closed ranges in ``beyond``."""

    __tablename__ = "delivery_mark"

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    epoch: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    contiguous: int = Field(default=0, sa_type=BigKey)
    beyond: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[[first, last], …] above a gap, ascending"
    )
    updated_at: datetime = Field(sa_type=UtcDateTime)
