"""Plots of heat kept for later or for others: tanks and heat reuse."""

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import HeatReuse, MixedTank, StratifiedTank


@behaviour("MixedTank")
def mixed_tank() -> tuple[Panel, ...]:
    """A tank of 20 m³ at 12 °C that takes in water at 18 °C. Left: its temperature at three flows. Right: after one hour, in steps of a
    quarter of an hour or all at once: the step is exact, so both are the same.
    """
    tank, t = MixedTank(volume=20.0, UA=50.0), np.linspace(0.0, 4.0, 97)
    course = [Line(f"{m:g} kg/s", t, celsius(tank.step(285.15, 291.15, m, 298.15, 3600.0 * t).T)) for m in (2.5, 5.0, 10.0)]
    m = np.linspace(0.0, 12.0, 97)
    T = np.full_like(m, 285.15)
    for _ in range(4):
        T = tank.step(T, 291.15, m, 298.15, 900.0).T
    steps = [Line("one step of 1 h", m, celsius(tank.step(285.15, 291.15, m, 298.15, 3600.0).T)), Line("four of 15 min", m, celsius(T))]
    return (
        Panel("Course", "time [h]", "tank [°C]", course, legend="flow"),
        Panel("After one hour", "flow [kg/s]", "tank [°C]", steps, legend="reached by"),
    )


@behaviour("StratifiedTank")
def stratified_tank() -> tuple[Panel, ...]:
    """A tank of 100 m³ at 18 °C, charged from below with 40 kg/s at 7 °C. Left: the thermocline on its way up through 20 layers. Right:
    water leaving at the top for tanks of 5, 20 and 80 layers: more layers, a steeper front.
    """
    step, n = 60.0, 41

    def charge(layers: int) -> tuple[list[tuple[float, ...]], list[float]]:
        """Layers after each minute, and the water leaving during it."""
        tank = StratifiedTank(volume=100.0, layers=float(layers), m_nominal=40.0)
        T, profiles, out = (291.15,) * layers, [], []
        for _ in range(n):
            state = tank.step(T, -40.0, 291.15, 280.15, 298.15, step)
            T = tuple(float(x) for x in state.T)
            profiles.append(T)
            out.append(float(state.T_top_out))
        return profiles, out

    profiles, minutes = charge(20)[0], np.arange(n) + 0.5
    height = 1.0 - (np.arange(20) + 0.5) / 20.0
    return (
        Panel("Inside, 20 layers", "temperature [°C]", "height over tank height [1]",
              [Line(f"{k} min", celsius(profiles[k - 1]), height) for k in (8, 20, 32)], legend="after"),
        Panel("Leaving at the top", "time [min]", "temperature [°C]", [Line(f"{k}", minutes, celsius(charge(k)[1])) for k in (5, 20, 80)],
              legend="layers"),
    )  # fmt: skip


@behaviour("HeatReuse")
def heat_reuse() -> tuple[Panel, ...]:
    """A station with hall water returning at 45 °C and a network returning at 35 °C. Left: where the heat delivered comes from as the
    network asks for more temperature. Right: COP of the heat pump, for three temperatures of the hall's return: the worth of warm water.
    """
    station, T_set = (
        HeatReuse(Q_direct_nominal=5.0e5, T_return_nominal=318.15, T_network_nominal=308.15, m_return_nominal=20.0,
                  m_network_nominal=15.0, Q_pump_nominal=1.0e6, dT_evaporator=8.0),
        np.linspace(36.0, 85.0, 197) + ZERO_C,
    )  # fmt: skip
    s = station.deliver(318.15, 20.0, 308.15, 15.0, T_set, 1.0)
    parts = {"delivered": s.Q_reused, "exchanger": s.Q_direct, "evaporator": s.Q_evaporator, "power": s.P_el}
    cop = [Line(f"{T:g} °C", celsius(T_set), station.deliver(T + ZERO_C, 20.0, 308.15, 15.0, T_set, 1.0).COP) for T in (38.0, 45.0, 55.0)]
    return (
        Panel(
            "Heat", "network supply wanted [°C]", "heat, power [MW]", [Line(n, celsius(T_set), v / 1e6) for n, v in parts.items()], low=0.0
        ),
        Panel("Heat pump", "network supply wanted [°C]", "COP [1]", cop, legend="hall return", low=0.0),
    )
