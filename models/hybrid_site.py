"""The record of a hybrid hall: its components in SI units, as built from its data sheet by :mod:`lowlift.models.hybrid_build`."""

import dataclasses
from typing import ClassVar

import numpy as np

from lowlift.models.record import Record
from lowlift.thermal.aisle import Aisles
from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.crah import Crah
from lowlift.thermal.dry_cooler import DryCooler
from lowlift.thermal.economiser import WatersideEconomiser
from lowlift.thermal.evaporative import AdiabaticAssist
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.hydraulics import Pump


@dataclasses.dataclass(frozen=True, kw_only=True)
class HybridLimits:
    """Temperature limits [K] that every controller must keep, soft but counted."""

    T_chip_max: float
    T_return_max: float
    T_supply_max: float
    T_inlet_max: float
    dew_point_margin: float
    T_cold_min: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bank:
    """A bank of dry coolers with its pads and its coolant circuit."""

    cooler: DryCooler
    pad: AdiabaticAssist
    pump: Pump
    """One of :attr:`n_pumps` equal pumps, which all run at one speed."""
    n_pumps: int
    C_loop: float
    """Flow coefficient of the circuit [m^3/s per Pa^0.5]."""
    m_nominal: float
    """Coolant [kg/s]."""
    cp: float
    rho: float
    C_supply: float
    """Heat capacity of what lies between dry coolers and users, and back [J/K]."""
    C_return: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class HybridSite(Record):
    """Everything a hybrid hall needs to know of one site, SI units; CDUs are counted ``n``, racks ``r``."""

    kind: ClassVar[str] = "hybrid_hall"
    T_dew_hall: float
    loss_fraction: float
    limits: HybridLimits
    # racks
    n_cdu: int
    racks_per_cdu: int
    liquid_share: float
    plates: int
    cold_plate: ColdPlate
    m_air_servers: float
    """Air that all servers draw at rated load [kg/s]."""
    air_idle: float
    """Share of it that they draw without load."""
    # secondary loops
    exchanger: PlateHeatExchanger
    """Of one CDU."""
    cdu_pump: Pump
    C_secondary_loop: float
    """Flow coefficient of a secondary loop [m^3/s per Pa^0.5]."""
    cp_secondary: float
    rho_secondary: float
    C_cdu_return: float
    C_cdu_supply: float
    # heat rejection
    warm: Bank
    cold: Bank
    economiser: WatersideEconomiser
    chiller: CarnotChiller
    n_chillers: int
    T_chw_min: float
    T_chw_max: float
    # chilled water and air
    chw_pump: Pump
    C_chw_loop: float
    m_chw_nominal: float
    cp_water: float
    rho_water: float
    C_chw: float
    """Heat capacity of the chilled water going out, and of that coming back [J/K]."""
    crah: Crah
    aisles: Aisles

    @property
    def n_racks(self) -> int:
        """Racks."""
        return self.n_cdu * self.racks_per_cdu

    @property
    def cdu_of_rack(self) -> np.ndarray:
        """CDU of each rack, shape (r,)."""
        return np.repeat(np.arange(self.n_cdu), self.racks_per_cdu)

    @property
    def flow_fraction(self) -> np.ndarray:
        """Share of its CDU's flow that each rack takes, shape (r,)."""
        return np.full(self.n_racks, 1.0 / self.racks_per_cdu)
