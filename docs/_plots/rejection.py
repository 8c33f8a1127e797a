"""Plots of what gives heat to outdoor air: towers, dry coolers, thermosyphons."""

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import CoolingTowerCell, DryCooler, SetpointTower, Thermosyphon, YorkTowerCell

P_SEA_LEVEL = 101325.0
Y = np.linspace(0.0, 1.0, 101)
"""Fan speeds."""


@behaviour("CoolingTowerCell")
def tower_cell() -> tuple[Panel, ...]:
    """A cell of 1 MW with 4 K approach and 6 K range, rated water entering 10 K above the wet bulb. Left: approach over fan speed; cold
    air carries less heat. Right: water over dry bulb at a wet bulb of 20 °C, 12 K below the water: evaporation, drift and what blowdown
    adds.
    """
    cell = CoolingTowerCell(Q_dot_nominal=1.0e6, T_wb_nominal=298.15, approach_nominal=4.0, range_nominal=6.0, V_air_nominal=28.0,
                            P_fan_nominal=4.0e4)  # fmt: skip
    approach = []
    for T_wb in (5.0, 15.0, 25.0):
        state = cell.leave(T_wb + 10.0 + ZERO_C, cell.m_w_nominal, T_wb + ZERO_C, P_SEA_LEVEL, Y)
        approach.append(Line(f"{T_wb:g} °C", Y, celsius(state.T_w_out) - T_wb))
    T_db = np.linspace(20.0, 45.0, 101) + ZERO_C
    use = cell.water(cell.leave(305.15, cell.m_w_nominal, 293.15, P_SEA_LEVEL, 1.0, T_db), P_SEA_LEVEL, 1.0)
    kinds = {"makeup": use.makeup, "evaporation": use.evaporation, "blowdown": use.blowdown, "drift": use.drift}
    return (
        Panel("Approach", "fan speed [1]", "water leaving above wet bulb [K]", approach, legend="wet bulb", rated=(1.0, 4.0), low=0.0),
        Panel("Water", "dry bulb [°C]", "water [m³/h]", [Line(n, celsius(T_db), 3.6 * m + 0.0 * T_db) for n, m in kinds.items()], low=0.0),
    )


@behaviour("YorkTowerCell")
def york_tower_cell() -> tuple[Panel, ...]:
    """A cell of 1.17 MW by the correlation. Left: approach over fan speed at a range of rated heat, joined smoothly to natural draught
    below 15 % speed. Right: approach over the drive at full speed: the colder the wet bulb, the more approach the same drive leaves.
    """
    cell = YorkTowerCell(Q_dot_nominal=1.172e6, T_wb_nominal=298.75, approach_nominal=3.9, range_nominal=5.6, V_air_nominal=32.0,
                         P_fan_nominal=1.22e4)  # fmt: skip
    drive = np.linspace(1.0, 25.0, 121)
    speed, load = [], []
    for T_wb in (5.0, 15.0, 25.6):
        state = cell.leave(T_wb + 9.5 + ZERO_C, cell.m_w_nominal, T_wb + ZERO_C, P_SEA_LEVEL, Y)
        speed.append(Line(f"{T_wb:g} °C", Y, celsius(state.T_w_out) - T_wb))
        full = cell.leave(T_wb + drive + ZERO_C, cell.m_w_nominal, T_wb + ZERO_C, P_SEA_LEVEL, 1.0)
        load.append(Line(f"{T_wb:g} °C", drive, celsius(full.T_w_out) - T_wb))
    y_label = "water leaving above wet bulb [K]"
    return (
        Panel("Water 9.5 K above wet bulb", "fan speed [1]", y_label, speed, legend="wet bulb", rated=(1.0, 3.9), low=0.0),
        Panel("Full speed", "water entering above wet bulb [K]", y_label, load, legend="wet bulb", rated=(9.5, 3.9), low=0.0),
    )


@behaviour("SetpointTower")
def setpoint_tower() -> tuple[Panel, ...]:
    """A tower asked for 24 °C with water entering at 25 °C. Left: the setpoint is held until the fan is at full speed; then the water
    follows the wet bulb. Right: the fan's air and power on the way there: off, cycling at its least speed, in between, full.
    """
    tower = SetpointTower(T_wb_nominal=298.75, approach_nominal=3.9, range_nominal=5.6, V_water_nominal=0.062, V_air_nominal=40.0,
                          P_fan_nominal=15500.0)  # fmt: skip
    T_wb = np.linspace(-10.0, 24.0, 273) + ZERO_C
    args = (298.15, 297.15, T_wb, 0.062)
    fan = tower.fan(*args)
    return (
        Panel("Water leaving", "wet bulb [°C]", "temperature [°C]",
              [Line("water", celsius(T_wb), celsius(tower.leaving(*args))), Line("wet bulb", celsius(T_wb), celsius(T_wb))]),
        Panel("Fan", "wet bulb [°C]", "share of full speed [1]",
              [Line("power", celsius(T_wb), fan.P_el / tower.fan_power(1.0)), Line("air", celsius(T_wb), fan.air_ratio)],
              low=0.0, high=1.05),
    )  # fmt: skip


@behaviour("DryCooler")
def dry_cooler() -> tuple[Panel, ...]:
    """A cooler of 2.9 MW. Left: coolant leaving over fan speed, entering 11 K above the air as rated. Right: heat against power: half
    speed gives six tenths of the heat for a seventh of the power.
    """
    cooler = DryCooler(Q_dot_nominal=2.931e6, T_air_nominal=308.15, T_in_nominal=319.26, T_out_nominal=313.70, V_air_nominal=320.0,
                       P_fan_nominal=1.1768e5)  # fmt: skip
    states = {T: cooler.leave(T + 11.11 + ZERO_C, cooler.m_nominal, T + ZERO_C, P_SEA_LEVEL, Y) for T in (5.0, 20.0, 35.0)}
    return (
        Panel("Approach", "fan speed [1]", "coolant leaving above air [K]",
              [Line(f"{T:g} °C", Y, celsius(s.T_out) - T) for T, s in states.items()], legend="outdoor air", rated=(1.0, 5.55), low=0.0),
        Panel("Heat for power", "fan power [kW]", "heat [MW]",
              [Line(f"{T:g} °C", cooler.P_fan(Y) / 1e3, s.Q_dot / 1e6) for T, s in states.items()],
              legend="outdoor air", rated=(117.68, 2.931), low=0.0),
    )  # fmt: skip


@behaviour("Thermosyphon")
def thermosyphon() -> tuple[Panel, ...]:
    """A loop of 100 kW between hall air at 35 °C and outdoor air. Left: heat over the outdoor temperature, never backwards, at most one
    and a half times the rating. Right: where the temperatures lie at rated flows.
    """
    loop = Thermosyphon(Q_dot_nominal=1.0e5, T_hot_in_nominal=308.15, T_cold_in_nominal=288.15, m_hot_nominal=12.0, m_cold_nominal=14.0,
                        cp_hot=1006.0, cp_cold=1006.0)  # fmt: skip
    T = np.linspace(-5.0, 42.0, 189) + ZERO_C
    heat = [Line(f"{x:.0%}", celsius(T), loop.transfer(308.15, 12.0, T, 14.0 * x).Q_dot / 1e3) for x in (1.0, 0.6, 0.3)]
    s = loop.transfer(308.15, 12.0, T, 14.0)
    places = {"hall air leaving": s.T_hot_out, "boiling": s.T_evaporator, "condensing": s.T_condenser, "outdoor air leaving": s.T_cold_out}
    return (
        Panel("Heat", "outdoor air [°C]", "heat [kW]", heat, legend="outdoor fan", rated=(15.0, 100.0), low=-5.0),
        Panel("Temperatures", "outdoor air [°C]", "temperature [°C]", [Line(n, celsius(T), celsius(v)) for n, v in places.items()]),
    )
