"""A data hall's reference plant: one chiller, one tower, two constant-flow loops, hour by hour.

What
    The smallest complete plant: IT heat -> chilled-water loop -> chiller -> condenser loop -> tower, as data sheets, and the
    relations of one hour between its parts. :mod:`lowlift.models.plant_year` runs them over years.

Equations
    ::

        Q_evap = Q_it + P_pump,chw eta_motor - storage                                                         (1)
        T_supply-tank average over an hour = T_new + w (T_last - T_new),  w = tau / dt,  tau = M / m            (2)
        T_tower,in = T_cw,in + (Q_evap + P) / (m c) + P_pump,cw eta_motor / (m c)                              (3)
        T_cw,set = min(max(T_wb + offset, T_low), T_high)                                                      (4)

    (2) is the exact average of a mixed half loop of mass ``M`` that is long settled after an hour (``tau`` is about half a minute).

Assumptions
    1. Constant flows. 2. Half of each loop's water stands before either side of it. 3. Heat only leaves through the tower. 4. A
    chiller at its limit lets the chilled water rise; the excess is reported as unmet, not carried into the next hour.

Comparison with EnergyPlus: the main differences are
    1. Heat capacity is taken once for a loop, so that (1) closes; EnergyPlus takes it at the inlet of each component, which loses
    up to 0.16 % of the load. 2. See :mod:`lowlift.models.plant_year` for the number of plant iterations.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from lowlift.thermal import ops
from lowlift.thermal.chiller_eir import EirChiller
from lowlift.thermal.component import Component, parameter
from lowlift.thermal.curve_pump import CurvePump
from lowlift.thermal.fluids import WATER
from lowlift.thermal.tower_control import SetpointTower

ZERO_C = 273.15
HOUR = 3600.0
SETTLED = 20.0
"""Least number of times that half a loop is replaced within an hour, for (2)."""

Array = np.ndarray


class LoopData(Component):
    """Volumes, limits and flows of the two loops."""

    volume_chw: float = parameter(default=3.0, unit="m^3", above=0.0, doc="water in the chilled-water loop, half on either side")
    volume_cw: float = parameter(default=3.0, unit="m^3", above=0.0, doc="water in the condenser loop, half on either side")
    T_flow_chw: float = parameter(default=278.2, unit="K", low=274.0, high=300.0, doc="where volume becomes mass flow, chilled water")
    T_flow_cw: float = parameter(default=303.15, unit="K", low=274.0, high=320.0, doc="where volume becomes mass flow, condenser water")
    T_cw_low: float = parameter(default=286.15, unit="K", low=274.0, high=310.0, doc="least setpoint of the tower")
    T_cw_high: float = parameter(default=303.15, unit="K", low=274.0, high=320.0, doc="largest setpoint of the tower")

    def check(self) -> None:
        """The band must not be empty."""
        if self.T_cw_high < self.T_cw_low:
            self.reject("T_cw_high", f"must be at least T_cw_low = {self.T_cw_low} K")


@dataclasses.dataclass(frozen=True)
class ChillerPlant:
    """Chiller, tower and pumps in their loops."""

    chiller: EirChiller
    tower: SetpointTower
    pump_chw: CurvePump
    pump_cw: CurvePump
    loops: LoopData = dataclasses.field(default_factory=LoopData)

    def __post_init__(self) -> None:
        """Loops must settle within the hour, see (2)."""
        for name, volume, flow in (("chilled", self.loops.volume_chw, self.pump_chw), ("condenser", self.loops.volume_cw, self.pump_cw)):
            turnover = HOUR * flow.V_dot_nominal / (0.5 * volume)
            if turnover < SETTLED:
                raise ValueError(f"{name}-water loop: half its water passes {turnover:.1f} times an hour; at least {SETTLED:.0f} needed")

    @property
    def m_chw(self) -> float:
        """Chilled water [kg/s]."""
        return self.pump_chw.V_dot_nominal * float(WATER.rho(self.loops.T_flow_chw))

    @property
    def m_cw(self) -> float:
        """Condenser water [kg/s]."""
        return self.pump_cw.V_dot_nominal * float(WATER.rho(self.loops.T_flow_cw))

    @property
    def lag_chw(self) -> float:
        """``w`` of equation (2), chilled water."""
        return 0.5 * self.loops.volume_chw * float(WATER.rho(self.loops.T_flow_chw)) / self.m_chw / HOUR

    @property
    def lag_cw(self) -> float:
        """``w`` of equation (2), condenser water."""
        return 0.5 * self.loops.volume_cw * float(WATER.rho(self.loops.T_flow_cw)) / self.m_cw / HOUR

    @property
    def Q_limit(self) -> float:
        """Most that the chiller is ever asked for [W]."""
        return self.chiller.Q_dot_nominal * self.chiller.PLR_max

    def Q_evap(self, Q_it: Array, Q_it_last: Array) -> Array:
        """Heat at the evaporator [W], equation (1), from IT heat of this hour and the last."""
        return Q_it + self.lag_chw * (Q_it_last - Q_it) + self.pump_chw.heat(self.pump_chw.V_dot_nominal)

    def T_cw_set(self, T_wb: Array, offset: Array) -> Array:
        """Setpoint of the tower [K], equation (4)."""
        return np.clip(T_wb + offset, self.loops.T_cw_low, self.loops.T_cw_high)

    def leave_condenser(self, T_cw_in: Array, Q_evap: Array, T_chw: Array) -> Array:
        """Water reaching the tower before its tank [K], equation (3)."""
        P = self.chiller.P_el(Q_evap, T_chw, T_cw_in, self.m_cw)
        pump = self.pump_cw.heat(self.m_cw / WATER.rho(T_cw_in))
        return T_cw_in + (Q_evap + P + pump) / (self.m_cw * WATER.cp(T_cw_in))

    def leave_tower(self, T_in: Array, T_set: Array, T_wb: Array) -> Array:
        """Water leaving the tower [K] under setpoint control."""
        return self.tower.leaving(T_in, T_set, T_wb, self.m_cw / WATER.rho(T_in))

    def unmet(self, Q_evap: Array, T_chw: Array, T_cw_in: Array) -> Array:
        """Load above what the chiller can carry [W]."""
        able = np.minimum(self.chiller.capacity(T_chw, T_cw_in) * self.chiller.PLR_max, self.Q_limit)
        return ops.maximum(Q_evap - able, 0.0)


def reference_plant(chiller: Mapping[str, Any]) -> ChillerPlant:
    """The plant of the EnergyPlus reference years: 1 MW of IT, tower and pumps as published with them, and a chiller's curves.

    Args:
        chiller: a chiller with its curves in the layout of an EnergyPlus input file (epJSON).
    """
    return ChillerPlant(
        chiller=EirChiller.from_energyplus(chiller),
        tower=SetpointTower(T_wb_nominal=298.75, approach_nominal=3.9, range_nominal=5.6, V_water_nominal=0.062, V_air_nominal=40.0,
                            P_fan_nominal=15500.0, moist_basis=True),
        pump_chw=CurvePump(V_dot_nominal=0.045, dp_nominal=1.8e5),
        pump_cw=CurvePump(V_dot_nominal=0.062, dp_nominal=1.5e5),
    )  # fmt: skip
