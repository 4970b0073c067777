"""A number with its unit and its source: the only way a clinical figure enters this package."""

from dataclasses import dataclass

from devices.sources import SOURCES


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and where it comes from.

    `source` is a key of `devices.sources.SOURCES`. Without one the figure is an assumption: a default that the clinic
    may change and that is never shown as a cited fact. Raises ValueError for a source that is not listed.
    """

    value: float
    unit: str
    source: str | None

    def __post_init__(self) -> None:
        if self.source is not None and self.source not in SOURCES:
            raise ValueError(f"the source {self.source!r} is not in devices/sources.py")

    @property
    def assumed(self) -> bool:
        """Whether no source was found for the figure."""
        return self.source is None

    @property
    def citation(self) -> str:
        """The source in words, or that there is none."""
        return "assumption, no source found" if self.source is None else SOURCES[self.source]

    def __str__(self) -> str:
        """The figure with its unit, and a mark if it is an assumption."""
        return f"{self.value:g} {self.unit}" + (" (assumed)" if self.assumed else "")


def cited(value: float, unit: str, source: str) -> Figure:
    """Return a figure that was seen in the source."""
    return Figure(value, unit, source)


def assumed(value: float, unit: str) -> Figure:
    """Return a figure for which no source was found."""
    return Figure(value, unit, None)
