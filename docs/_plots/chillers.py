"""Plots of chillers and of what spares them: the economiser between tower and chilled water."""

import json
from importlib import resources

import numpy as np

from _plots.canvas import ZERO_C, Line, Panel, behaviour, celsius
from lowlift.thermal import AirCooledChiller, CarnotChiller, EirChiller, WatersideEconomiser
from lowlift.thermal.chiller_air import CARRIER_30XA500
from lowlift.thermal.chiller_eir import CP_WATER


def machine(name: str) -> EirChiller:
    """A packaged machine by its name."""
    text = (resources.files("lowlift.data") / "equipment" / "chiller_coefficients.json").read_text(encoding="utf-8")
    return EirChiller.from_energyplus(json.loads(text)[name])


@behaviour("EirChiller")
def eir_chiller() -> tuple[Panel, ...]:
    """A packaged machine of 1.02 MW, chilled water leaving at 6.7 °C. Left: COP over load at three condenser-water temperatures. Right:
    capacity over the chilled water leaving, held at the ends of the curves.
    """
    chiller = machine("CH2")
    m_cw = chiller.Q_dot_nominal * (1.0 + 1.0 / chiller.COP_nominal) / (5.5 * CP_WATER)
    Q, T_chw = np.linspace(0.05, 1.05, 101) * chiller.Q_dot_nominal, np.linspace(2.0, 14.0, 121) + ZERO_C
    states = {T: chiller.operate(Q, 279.82, T + ZERO_C, m_cw) for T in (15.0, 22.0, 29.4)}
    capacity = [Line(f"{T:g} °C", celsius(T_chw), chiller.capacity(T_chw, T + ZERO_C) / 1e6) for T in states]
    return (
        Panel("Efficiency", "load over reference capacity [1]", "COP [1]",
              [Line(f"{T:g} °C", Q / chiller.Q_dot_nominal, s.Q_dot / s.P_el) for T, s in states.items()], legend="condenser water",
              rated=(1.0, chiller.COP_nominal), low=0.0),
        Panel("Capacity", "chilled water leaving [°C]", "capacity [MW]", capacity, legend="condenser water"),
    )  # fmt: skip


@behaviour("CarnotChiller")
def carnot_chiller() -> tuple[Panel, ...]:
    """A machine of 900 kW rated at 16 °C chilled and 28 °C condenser water. Left: COP over load; standing power takes it down at low
    load. Right: COP at 70 % load over the chilled water leaving, the worth of warm chilled water.
    """
    chiller = CarnotChiller(Q_dot_nominal=9.0e5, COP_nominal=7.5, T_chw_out_nominal=289.15, T_cw_in_nominal=301.15, m_cw_nominal=38.0)
    Q, T_chw = np.linspace(0.05, 1.0, 96) * 9.0e5, np.linspace(5.0, 28.0, 93) + ZERO_C
    temperatures = (18.0, 23.0, 28.0)
    return (
        Panel("Over load", "load over capacity [1]", "COP [1]",
              [Line(f"{T:g} °C", Q / 9.0e5, Q / chiller.P_el(Q, 289.15, T + ZERO_C, 38.0)) for T in temperatures],
              legend="condenser water", rated=(1.0, 7.5), low=0.0),
        Panel("Over chilled water", "chilled water leaving [°C]", "COP at 0.7 load [1]",
              [Line(f"{T:g} °C", celsius(T_chw), 6.3e5 / chiller.P_el(6.3e5, T_chw, T + ZERO_C, 38.0)) for T in temperatures],
              legend="condenser water", low=0.0),
    )  # fmt: skip


@behaviour("AirCooledChiller")
def air_cooled_chiller() -> tuple[Panel, ...]:
    """The packaged screw machine of 1.6 MW at 1.2 MW. Left: COP over the outdoor temperature; below 29.4 °C, where the published curves
    end, it follows the lift at a constant share of Carnot, down to the least lift. Right: capacity, held at the ends.
    """
    chiller, T = AirCooledChiller(curves=CARRIER_30XA500), np.linspace(-10.0, 46.0, 225) + ZERO_C
    states = {T_chw: chiller.operate(1.2e6, T_chw + ZERO_C, T) for T_chw in (5.0, 7.0, 10.0)}
    return (
        Panel("Efficiency", "outdoor dry bulb [°C]", "COP [1]",
              [Line(f"{c:g} °C", celsius(T), s.Q_dot / s.P_el) for c, s in states.items()],
              legend="chilled water", low=0.0),
        Panel("Capacity", "outdoor dry bulb [°C]", "capacity [MW]",
              [Line(f"{c:g} °C", celsius(T), s.capacity / 1e6) for c, s in states.items()],
              legend="chilled water"),
    )  # fmt: skip


@behaviour("WatersideEconomiser")
def waterside_economiser() -> tuple[Panel, ...]:
    """Chilled water to be cooled from 20 °C to 16 °C. Left: the share that tower water carries; the integrated economiser helps as soon
    as the tower water is colder than the return, the non-integrated one only where it can do everything. Right: chilled water after the
    exchanger.
    """
    unit, T = (
        WatersideEconomiser(Q_dot_nominal=9.0e5, T_return_nominal=293.15, T_cw_nominal=285.15, m_chw_nominal=45.0, m_cw_nominal=60.0),
        np.linspace(8.0, 23.0, 301) + ZERO_C,
    )
    args = (293.15, 45.0, T, 60.0, 289.15)
    states = {"integrated": unit.integrated(*args), "non-integrated": unit.non_integrated(*args)}
    return (
        Panel("Share of the load", "tower water entering [°C]", "share carried [1]",
              [Line(n, celsius(T), s.Q_dot / (s.Q_dot + s.Q_chiller)) for n, s in states.items()], low=0.0, high=1.05),
        Panel("Chilled water", "tower water entering [°C]", "after the exchanger [°C]",
              [Line(n, celsius(T), celsius(s.T_out)) for n, s in states.items()], limit=("setpoint", 16.0)),
    )  # fmt: skip
