"""What the record of every site holds, whatever the kind of its plant: identity, place, design day and the racks' rating."""

import dataclasses
import functools
from typing import ClassVar

from lowlift.models.plant import SiteRecord
from lowlift.models.sheet import PlantSheet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Record:
    """Base of every site record, SI units: what :class:`lowlift.models.plant.SiteRecord` asks for, but ``n_racks`` and ``liquid_share``.

    Those two are data of one kind of plant and derived in another, so each record has its own.
    """

    kind: ClassVar[str]
    name: str
    title: str
    weather: str
    workload: str
    p: float
    """Atmospheric pressure [Pa]."""
    T_wb_design: float
    T_db_design: float
    rack_power: float
    """Rated IT power of a rack [W]; without fans and losses of power supplies where the plant has these apart."""

    @property
    def P_it_nominal(self: SiteRecord) -> float:
        """Rated IT power [W]."""
        return self.rack_power * self.n_racks

    @functools.cached_property
    def sheet(self: SiteRecord) -> PlantSheet:
        """Setpoints, readings, end uses, balances and limits."""
        # The tables are made from the records.
        from lowlift.models.kinds import kind_of

        sheet: PlantSheet = kind_of(self.kind).get("sheet")(self)
        return sheet
