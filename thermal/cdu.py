"""Coolant distribution unit, liquid to liquid: plate heat exchanger, secondary pump, primary control valve.

What
    The secondary (technology) loop takes heat from the racks and gives it to the facility water through a
    counterflow plate heat exchanger. Two well-mixed volumes stand for the secondary return (manifolds, racks' hoses,
    reservoir) and the secondary supply. The unit that gives its heat to room air is :mod:`lowlift.thermal.cdu_air`.

Equations
    ::

        C_return dT_return/dt = Q_racks + m_sec cp (T_supply - T_return)                                (1)
        C_supply dT_supply/dt = m_sec cp (T_return - T_supply) - G (T_return - T_fws) + Q_pump          (2)
        G = eps(NTU, C_r) C_min, a function of both flows only                                          (3)
        V_sec from the pump curve against a quadratic loop; V_pri from valve, exchanger and header dp   (4)

    ``Q_racks`` is what the racks give above the supply temperature, ``sum_r m_r cp (T_cool,r - T_supply)``. The *approach* is
    ``T_supply - T_fws`` at rated flows and heat.

Assumptions
    1. The exchanger's own metal is part of the supply volume.
    2. Rack branches have no control valves: the loop is one quadratic resistance, ``V = y V_nominal``.
    3. All pump shaft power ends as heat in the secondary coolant.

Validity
    Pump speed and valve opening 0 to 1, any temperatures at which the liquids stay liquid; flows and films as
    :class:`~lowlift.thermal.exchange.PlateHeatExchanger`.

Differences from EnergyPlus
    It has no such unit; two plant loops joined by ``HeatExchanger:FluidToFluid`` come nearest, without volumes and without the valve.

Sources
    ASHRAE TC 9.9, Water-Cooled Servers: Common Designs, Components, and Processes (2019), for what such units hold.
"""

import dataclasses

from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.hydraulics import ControlValve, Pump, operating_flow, series_conductance
from lowlift.thermal.ops import Signal


@dataclasses.dataclass(frozen=True)
class CDURates:
    """Heat and temperature changes of a unit."""

    Q_dot: Signal
    """Heat to the facility water [W]."""
    T_return: Signal
    """Rate of the secondary return [K/s]."""
    T_supply: Signal
    """Rate of the secondary supply [K/s]."""


class CDU(Component):
    """One coolant distribution unit; all CDUs of a site are alike.

    >>> unit = CDU(
    ...     exchanger=PlateHeatExchanger(Q_dot_nominal=8e5, T_hot_in_nominal=318.15, T_cold_in_nominal=303.15, m_hot_nominal=20.0,
    ...                                  m_cold_nominal=20.0, cp_hot=3970.0, cp_cold=4180.0),
    ...     pump=Pump(V_dot_nominal=0.0198, dp_nominal=2e5), valve=ControlValve(C_max=1e-4), C_secondary_loop=4.43e-5,
    ...     C_primary_fixed=8e-5, C_return=4e6, C_supply=2e6)
    >>> round(float(unit.secondary_flow(0.5)), 4), round(unit.approach_nominal, 1)
    (0.0099, 4.9)
    """

    exchanger: PlateHeatExchanger
    """Plate exchanger between both loops."""
    pump: Pump
    """Pump of the secondary loop."""
    valve: ControlValve
    """Control valve on the primary side."""
    C_secondary_loop: float = parameter(unit="m^3/s/Pa^0.5", above=0.0, doc="flow coefficient of the secondary loop")
    C_primary_fixed: float = parameter(unit="m^3/s/Pa^0.5", above=0.0, doc="of exchanger and branch piping on the primary side")
    C_return: float = parameter(unit="J/K", above=0.0, doc="heat capacity of the secondary return volume")
    C_supply: float = parameter(unit="J/K", above=0.0, doc="heat capacity of the secondary supply volume")

    @property
    def ranges(self) -> dict[str, Range]:
        """Pump speed, valve opening, and flows [kg/s]."""
        flows = self.exchanger.ranges
        return {"y": Range(0.0, 1.0), "opening": Range(0.0, 1.0), "m_sec": flows["m_hot"], "m_pri": flows["m_cold"]}

    @property
    def approach_nominal(self) -> float:
        """``T_supply - T_fws`` at rated flows and heat [K], pump heat apart."""
        hx = self.exchanger
        return hx.T_hot_in_nominal - hx.Q_dot_nominal / (hx.m_hot_nominal * hx.cp_hot) - hx.T_cold_in_nominal

    def secondary_flow(self, y: Signal) -> Signal:
        """Secondary volume flow [m^3/s] at pump speed ``y`` (0..1)."""
        return operating_flow(self.pump, 1.0, y, self.C_secondary_loop, 0.0)

    def primary_conductance(self, opening: Signal) -> Signal:
        """Flow coefficient of the primary branch [m^3/s per Pa^0.5] at valve opening 0..1."""
        return series_conductance(self.valve.conductance(opening), self.C_primary_fixed)

    def rates(
        self, T_return: Signal, T_supply: Signal, T_fws: Signal, Q_racks: Signal, C_dot: Signal, G: Signal, Q_pump: Signal,
        C_return: Signal | None = None,
    ) -> CDURates:  # fmt: skip
        """The two volumes, equations (1) and (2).

        Args:
            T_return: secondary return [K].
            T_supply: secondary supply [K].
            T_fws: facility water entering [K].
            Q_racks: heat that the racks give above the supply temperature [W].
            C_dot: capacity rate of the secondary loop [W/K].
            G: heat per kelvin between return and facility water [W/K].
            Q_pump: heat of the pump [W].
            C_return: heat capacity of the return volume [J/K] where more is lumped into it than the unit's own.
        """
        Q = G * (T_return - T_fws)
        around = C_dot * (T_return - T_supply)
        back = (Q_racks - around) / (self.C_return if C_return is None else C_return)
        return CDURates(Q, back, (around - Q + Q_pump) / self.C_supply)
