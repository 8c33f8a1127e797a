"""Plots of what carries heat in liquid: coolants, exchangers, distribution units, doors."""

from collections.abc import Callable

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import CDU, AirCDU, ControlValve, FinnedCoil, PlateHeatExchanger, Pump, RearDoor
from lowlift.thermal.exchange import effectiveness_counterflow, effectiveness_crossflow
from lowlift.thermal.fluids import FLUIDS

RATIO = np.linspace(0.05, 1.5, 146)
"""Flow over nominal."""


@behaviour("Fluid")
def fluid() -> tuple[Panel, ...]:
    """Viscosity and heat capacity of the packaged coolants, each over its own range. Glycol costs heat capacity a little and viscosity
    much, most of all in the cold.
    """
    T = {name: np.linspace(f.T_min, f.T_max, 101) for name, f in FLUIDS.items()}
    mu = [Line(name, celsius(T[name]), 1e3 * f.mu(T[name])) for name, f in FLUIDS.items()]
    cp = [Line(name, celsius(T[name]), f.cp(T[name]) / 1e3) for name, f in FLUIDS.items()]
    return (
        Panel("Viscosity", "temperature [°C]", "dynamic viscosity [mPa s]", mu, log="y"),
        Panel("Heat capacity", "temperature [°C]", "specific heat capacity [kJ/(kg K)]", cp),
    )


@behaviour("Exchanger")
def exchanger() -> tuple[Panel, ...]:
    """Effectiveness of the two arrangements over transfer units, at balanced streams, at half and with one stream much larger. The nearer
    the streams are to balance, the more surface the last percent costs.
    """
    NTU = np.linspace(0.0, 6.0, 121)

    def family(relation: Callable[[np.ndarray, float], np.ndarray]) -> list[Line]:
        return [Line(f"{C:g}", NTU, relation(NTU, C)) for C in (1.0, 0.5, 0.0)]

    return (
        Panel("Counterflow", "transfer units [1]", "effectiveness [1]", family(effectiveness_counterflow), legend="capacity ratio",
              low=0.0, high=1.02),
        Panel("Crossflow, both unmixed", "transfer units [1]", "effectiveness [1]", family(effectiveness_crossflow),
              legend="capacity ratio", low=0.0, high=1.02),
    )  # fmt: skip


@behaviour("PlateHeatExchanger")
def plate_heat_exchanger() -> tuple[Panel, ...]:
    """A plate of 400 kW at 10 kg/s on both sides and 15 K between the inlets. Left: heat over the cold flow at three hot flows, inlets as
    rated. Right: the temperatures that leave at rated hot flow.
    """
    hx = PlateHeatExchanger(Q_dot_nominal=4.0e5, T_hot_in_nominal=313.15, T_cold_in_nominal=298.15, m_hot_nominal=10.0,
                            m_cold_nominal=10.0, cp_hot=4000.0, cp_cold=4180.0)  # fmt: skip
    m = 10.0 * RATIO
    heat = [Line(f"{hot:g} kg/s", m, hx.transfer(313.15, hot, 298.15, m).Q_dot / 1e3) for hot in (5.0, 10.0, 15.0)]
    out = hx.transfer(313.15, 10.0, 298.15, m)
    return (
        Panel("Heat", "cold flow [kg/s]", "heat [kW]", heat, legend="hot flow", rated=(10.0, 400.0), low=0.0),
        Panel("Leaving", "cold flow [kg/s]", "temperature [°C]",
              [Line("hot side", m, celsius(out.T_hot_out)), Line("cold side", m, celsius(out.T_cold_out))]),
    )  # fmt: skip


@behaviour("FinnedCoil")
def finned_coil() -> tuple[Panel, ...]:
    """A coil of 60 kW, air at 35 °C on the hot side, water at 18 °C on the cold side. Heat rises less than in proportion with either
    flow; effectiveness refers to the weaker stream, hence the corner where the two balance (the heat has none).
    """
    coil = FinnedCoil(Q_dot_nominal=6.0e4, T_hot_in_nominal=308.15, T_cold_in_nominal=291.15, m_hot_nominal=5.0, m_cold_nominal=2.0,
                      cp_hot=1006.0, cp_cold=4180.0, n_hot=0.8, hA_ratio=0.5)  # fmt: skip
    air = 5.0 * RATIO
    done = {water: coil.transfer(308.15, air, 291.15, water) for water in (0.7, 2.0, 3.0)}
    return (
        Panel("Heat", "air [kg/s]", "heat [kW]", [Line(f"{w:g} kg/s", air, t.Q_dot / 1e3) for w, t in done.items()], legend="water",
              rated=(5.0, 60.0), low=0.0),
        Panel("Effectiveness", "air [kg/s]", "effectiveness [1]", [Line(f"{w:g} kg/s", air, t.eps) for w, t in done.items()],
              legend="water", low=0.0, high=1.02),
    )  # fmt: skip


@behaviour("CDU")
def cdu() -> tuple[Panel, ...]:
    """A unit of 1 MW at half its heat, its branch under 60 kPa. More secondary flow brings the return down and the supply up towards it,
    and costs pump power with the cube of speed; opening the valve brings the supply nearer to the facility water.
    """
    V = 0.04
    unit = CDU(
        exchanger=PlateHeatExchanger(Q_dot_nominal=1.0e6, T_hot_in_nominal=314.0, T_cold_in_nominal=305.0, m_hot_nominal=40.0,
                                     m_cold_nominal=40.0, cp_hot=3969.0, cp_cold=4180.0),
        pump=Pump(V_dot_nominal=V, dp_nominal=1.5e5), valve=ControlValve(C_max=3.0e-4), C_secondary_loop=V / 1.5e5**0.5,
        C_primary_fixed=2.0e-4, C_return=4.0e6, C_supply=2.0e6,
    )  # fmt: skip
    Q, dp, C_n = 5.0e5, 6.0e4, 1010.0 * V * 3969.0

    def rise(y: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return and supply above facility water [K] at pump speed and valve opening."""
        G = unit.exchanger.conductance(1010.0 * unit.secondary_flow(y), 995.0 * unit.primary_conductance(v) * dp**0.5)
        return Q / G, Q / G - Q / (C_n * unit.secondary_flow(y) / V)

    y, v = np.linspace(0.3, 1.0, 71), np.linspace(0.3, 1.0, 71)
    by_speed, by_valve = rise(y, np.array(0.7)), rise(np.array(0.7), v)
    label = "above facility water [K]"
    return (
        Panel("Valve 70 % open", "pump speed [1]", label, [Line("return", y, by_speed[0]), Line("supply", y, by_speed[1])], low=0.0),
        Panel("Pump at 70 %", "valve opening [1]", label, [Line("return", v, by_valve[0]), Line("supply", v, by_valve[1])], low=0.0),
        Panel("Pump", "pump speed [1]", "electric power [kW]", [Line("pump", y, unit.pump.P_el(unit.secondary_flow(y), y) / 1e3)], low=0.0),
    )


@behaviour("AirCDU")
def air_cdu() -> tuple[Panel, ...]:
    """A unit of 70 kW with coolant returning at 50 °C. Warmer room air takes heat away from it in proportion; slower fans save power with
    the cube of speed and lose heat far more slowly.
    """
    unit = AirCDU(Q_dot_nominal=7.0e4, T_return_nominal=323.15, T_air_nominal=298.15, V_nominal=1.9e-3, V_air_nominal=6.0,
                  dp_nominal=1.5e5, P_fan_nominal=3.5e3)  # fmt: skip
    y = np.linspace(0.1, 1.0, 91)
    done = {T: unit.operate(323.15, T + ZERO_C, 1.0, y) for T in (20.0, 25.0, 35.0)}
    power = done[25.0].P_el / 1e3
    return (
        Panel("Heat", "fan speed [1]", "heat [kW]", [Line(f"{T:g} °C", y, s.Q_dot / 1e3) for T, s in done.items()], legend="room air",
              rated=(1.0, 70.0), low=0.0),
        Panel("Power", "fan speed [1]", "pump and fans [kW]", [Line("pump and fans", y, power)], low=0.0),
    )  # fmt: skip


@behaviour("RearDoor")
def rear_door() -> tuple[Panel, ...]:
    """A door of 30 kW on a rack with 40 °C exhaust. Left: the share of the rack's heat that it takes in a room at 24 °C; above one it
    cools the room. Right: what its resistance costs the rack's fans.
    """
    door = RearDoor(Q_dot_nominal=3.0e4, T_exhaust_nominal=313.15, T_water_nominal=291.15, V_air_nominal=1.6, m_water_nominal=0.9)
    water, V = np.linspace(0.05, 1.4, 136), np.linspace(0.2, 2.4, 111)
    share = []
    for T in (16.0, 18.0, 22.0):
        state = door.state(313.15, 1.6 * 1.17, T + ZERO_C, water, T_dew=287.15)
        share.append(Line(f"{T:g} °C", water, door.capture(state, 313.15, 297.15)))
    return (
        Panel("Capture", "water [kg/s]", "share of the rack's heat [1]", share, legend="water enters", limit=("neutral to the room", 1.0),
              low=0.0),
        Panel("Price in fan power", "air through the rack [m³/s]", "extra fan power [W]", [Line("fans", V, door.P_fan_extra(V))], low=0.0),
    )  # fmt: skip
