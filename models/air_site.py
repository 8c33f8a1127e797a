"""The record of an air-cooled hall: its components in SI units, as built from its data sheet by :mod:`lowlift.models.air_build`."""

import dataclasses
from typing import ClassVar

import numpy as np

from lowlift.models.record import Record
from lowlift.thermal.aisle import Aisles
from lowlift.thermal.dx import DxUnit
from lowlift.thermal.evaporative import DirectEvaporativeCooler
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.indirect_evaporative import IndirectDryCoil
from lowlift.thermal.power_chain import Converter, PowerChain
from lowlift.thermal.server import AirServer


@dataclasses.dataclass(frozen=True, kw_only=True)
class AirLimits:
    """Limits of the air at the servers [K]; the dew points are those of the same air."""

    T_inlet_min: float
    T_inlet_max: float
    T_dew_min: float
    T_dew_max: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class AirVolume:
    """A well-mixed volume of hall air and the solids that follow its temperature."""

    M: float
    """Dry air [kg]."""
    C: float
    """Heat capacity of the solids [J/K]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AirSite(Record):
    """Everything an air hall needs to know of one site, SI units; rows of racks are counted ``r``."""

    kind: ClassVar[str] = "air_hall"
    liquid_share: ClassVar[float] = 0.0
    """None of the heat goes to liquid."""
    limits: AirLimits
    # racks
    racks_of_row: np.ndarray
    """Racks of each row, shape (r,)."""
    server: AirServer
    """All servers of a rack as one."""
    psu: Converter
    """Power supplies of a rack."""
    chain: PowerChain
    """UPS and distribution units; these stand in the hall, those do not."""
    # aisles
    aisles: Aisles
    C_leak: float
    """Flow coefficient of all that leaks between the aisles [kg/s/Pa^0.5]."""
    supply: AirVolume
    cold: AirVolume
    hot: AirVolume
    # air handlers
    V_supply: float
    """Air of all handlers at full fan speed [m^3/s]."""
    fan: Fan
    """All supply fans as one."""
    x_min: float
    """Least share of outdoor air."""
    pad: DirectEvaporativeCooler
    indirect: IndirectDryCoil
    """Indirect coolers; the power of their fans is that of :attr:`secondary_fan`."""
    V_secondary: float
    """Secondary air of all indirect coolers at full speed [m^3/s]."""
    secondary_fan: Fan
    dx: DxUnit
    """One unit; its indoor fan is the supply fan."""
    n_dx: int
    contact: float
    """Contact factor of the evaporators at any flow."""
    cycles: float
    """Cycles of concentration of all evaporative coolers."""

    @property
    def n_racks(self) -> int:
        """Racks."""
        return int(self.racks_of_row.sum())

    @property
    def n_rows(self) -> int:
        """Rows."""
        return len(self.racks_of_row)

    @property
    def row_of_rack(self) -> np.ndarray:
        """Row of each rack, shape (n_racks,)."""
        return np.repeat(np.arange(self.n_rows), self.racks_of_row)
