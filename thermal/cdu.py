"""Coolant distribution unit, liquid to liquid: plate heat exchanger, secondary pump, primary control valve.

What
    The secondary (technology) loop takes heat from the racks and gives it to the facility water through a
    counterflow plate heat exchanger. Two well-mixed volumes stand for the secondary return (manifolds, racks' hoses,
    reservoir) and the secondary supply.

Equations
    ::

        C_return dT_return/dt = sum_r m_r cp T_cool,r - m_sec cp T_return                              (1)
        C_supply dT_supply/dt = m_sec cp (T_return - T_supply) - G (T_return - T_fws) + Q_pump         (2)
        G = eps(NTU, C_r) C_min, a function of both flows only                                         (3)
        V_sec from the pump curve against a quadratic loop; V_pri from valve, exchanger and header dp  (4)

    The *approach* is ``T_supply - T_fws`` at rated flows and heat.

Assumptions
    1. The exchanger's own metal is part of the supply volume.
    2. Rack branches have no control valves: the loop is one quadratic resistance, ``V = y V_nominal``.
    3. All pump shaft power ends as heat in the secondary coolant.

Validity
    Pump speed and valve opening 0 to 1, any temperatures at which the liquids stay liquid; films as
    :class:`~lowlift.thermal.exchange.PlateHeatExchanger`.

Differences from EnergyPlus
    It has no such unit; two plant loops joined by ``HeatExchanger:FluidToFluid`` come nearest, without volumes and without the valve.

Sources
    ASHRAE TC 9.9, Water-Cooled Servers: Common Designs, Components, and Processes (2019), for what such units hold.
"""

import dataclasses

from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.hydraulics import ControlValve, Pump, operating_flow, series_conductance
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True, kw_only=True)
class CDU:
    """One coolant distribution unit; all CDUs of a site are alike."""

    exchanger: PlateHeatExchanger
    """Plate exchanger between both loops."""
    pump: Pump
    """Pump of the secondary loop."""
    valve: ControlValve
    """Control valve on the primary side."""
    C_secondary_loop: float
    """Flow coefficient of the secondary loop [m^3/s per Pa^0.5]."""
    C_primary_fixed: float
    """Flow coefficient of exchanger and branch piping on the primary side [m^3/s per Pa^0.5]."""
    C_return: float
    """Heat capacity of the secondary return volume [J/K]."""
    C_supply: float
    """Heat capacity of the secondary supply volume [J/K]."""

    def secondary_flow(self, y: Signal) -> Signal:
        """Secondary volume flow [m^3/s] at pump speed ``y`` (0..1)."""
        return operating_flow(self.pump, 1.0, y, self.C_secondary_loop, 0.0)

    def primary_conductance(self, opening: Signal) -> Signal:
        """Flow coefficient of the primary branch [m^3/s per Pa^0.5] at valve opening 0..1."""
        return series_conductance(self.valve.conductance(opening), self.C_primary_fixed)
