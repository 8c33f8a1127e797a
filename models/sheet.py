"""What tables, records, key figures, reports and schedules know of a plant: data, carried by its site record.

End uses of electricity, flows of the energy balance (and of moisture, where air is exchanged), temperature limits, setpoints and readings.
"""

import dataclasses
import enum
from collections.abc import Mapping

from lowlift.models.signals import SignalVector

STORED = "stored_heat"
"""Column of a run: heat held by all lumps at the end of the step [J]."""


class Group(enum.Enum):
    """What electricity is used for."""

    IT = "it"
    LOSSES = "losses"
    COOLING = "cooling"
    """All that moves heat."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class EndUse:
    """One use of electricity; its power is the column ``P_<name>``, mean over the step [W]."""

    name: str
    words: str
    group: Group
    counts_as_it: bool = False
    """Moves heat, but is metered with the IT equipment, as the fans inside servers are (ISO/IEC 30134-2)."""

    @property
    def column(self) -> str:
        """Name of its power in a run."""
        return f"P_{self.name}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Flow:
    """A flow of a balance, mean over the step; ``sign`` is +1 where it enters the plant, -1 where it leaves, 0 on the way."""

    name: str
    sign: int
    doc: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Balance:
    """What enters, leaves and is stored: ``sum(sign flow) dt = d(stored)``, to rounding."""

    flows: tuple[Flow, ...]
    stored: str
    """Column of what is held at the end of the step."""
    unit: str
    """Of the flows."""
    stored_unit: str

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the flows."""
        return tuple(f.name for f in self.flows)

    def entering(self, sign: int) -> tuple[str, ...]:
        """Columns of one sign."""
        return tuple(f.name for f in self.flows if f.sign == sign)


@dataclasses.dataclass(frozen=True, kw_only=True)
class LimitInfo:
    """A temperature limit that every controller must keep, soft but counted."""

    name: str
    """What it is about, in key figures."""
    worst: str
    """The component that breaks it first, in sentences."""
    signal: str
    """Reading it applies to."""
    bound: float | str
    """The limit [K], or the reading that it follows."""
    margin: float = 0.0
    """Added to the reading that it follows [K]."""
    upper: bool = True
    """Whether it is a maximum."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class PlantSheet:
    """All that tables, records, key figures, reports and schedules know of a plant: data, no behaviour."""

    kind: str
    setpoints: SignalVector
    """What a controller decides, with the limits and rates that the safety envelope keeps."""
    measurements: SignalVector
    """What a controller reads."""
    end_uses: tuple[EndUse, ...]
    """``it`` and ``losses`` first, then along the flow of heat."""
    energy: Balance
    """Flows [W] and stored heat; the first law of a run is checked on it."""
    waters: tuple[str, ...]
    """Make-up water by cause, columns [kg/s]."""
    limits: tuple[LimitInfo, ...]
    moisture: Balance | None = None
    """Water vapour of the hall [kg/s], where outdoor air comes in."""
    further: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Further step means worth a column, with their unit."""

    @property
    def powers(self) -> tuple[str, ...]:
        """Columns of all electric powers."""
        return tuple(use.column for use in self.end_uses)

    @property
    def cooling(self) -> tuple[str, ...]:
        """Columns of the powers that move heat."""
        return tuple(use.column for use in self.end_uses if use.group is Group.COOLING)

    @property
    def it(self) -> tuple[str, ...]:
        """Columns of the powers metered with the IT equipment."""
        return tuple(use.column for use in self.end_uses if use.group is Group.IT or use.counts_as_it)

    @property
    def units(self) -> dict[str, str]:
        """Every column that :meth:`lowlift.models.plant.Plant.ledger` fills, with its SI unit, in the order in which runs keep them."""
        columns = dict.fromkeys((*self.powers, *self.energy.names), "W") | dict.fromkeys(self.waters, "kg/s")
        columns[self.energy.stored] = self.energy.stored_unit
        if self.moisture is not None:
            columns |= dict.fromkeys(self.moisture.names, self.moisture.unit) | {self.moisture.stored: self.moisture.stored_unit}
        return columns | dict(self.further)

    @property
    def counts(self) -> tuple[str, ...]:
        """Readings of running machines, whose rises are starts."""
        return tuple(s.name for s in self.measurements.signals if s.name.startswith("n_"))
