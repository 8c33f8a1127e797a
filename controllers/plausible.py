"""What a sensor can plausibly say, from the data sheet of the site: ranges, fastest changes, and what must move when load does.

The fastest change of a temperature is the largest heat change over the heat capacity that it has to warm,

``dT/dt <= MARGIN Q_rated / C``.                                                                                        (1)

It tells the spike of a slow signal, which no heat could cause, from the real steps of chips and rack outlets: a starting job
moves those by 30 K in 15 s. Temperatures without a heat capacity of their own (mixing points) may in addition jump by their
rated rise. Flows, powers and pressures are not checked: pumps trip and jobs start within a sample.
"""

import dataclasses

import numpy as np

from lowlift.controllers.interface import measurement_table
from lowlift.models.site import Site

CP_AIR = 1006.0
LARGEST = float(np.finfo(float).max)
MARGIN = 3.0
"""Heat changes of this many times the rated heat pass: towers in cold air and emptying loops exceed their rating [1] (guess)."""
RANGE = (223.15, 423.15)
"""Span of the temperature transmitters, -50 to 150 degC; a broken wire reads beyond [K]."""
WEATHER_RATE = 0.25
"""Fastest plausible change outdoors [K/s]: the record is 27 K in two minutes (Spearfish, South Dakota, 22 January 1943)."""
LOAD_MOVED = 0.2
"""A change of heat by this share of the rated one must be seen by temperatures that it reaches [1]."""
SPEED_MOVED = 0.1
"""A change of speed or opening by this must be seen by the flow that it drives [1]."""


@dataclasses.dataclass(frozen=True)
class Plausible:
    """Bounds of all readings, packed like the measurement table, shape ``(n,)``."""

    low: np.ndarray
    high: np.ndarray
    jump: np.ndarray
    """Change that needs no time."""
    rate: np.ndarray
    """Further change per second."""


def plausible(site: Site) -> Plausible:
    """Ranges and fastest changes; any finite number where nothing is known."""
    table = measurement_table(site)
    kelvin = np.concatenate([np.full(s.size, s.unit == "K") for s in table.signals])
    low, high = (np.where(kelvin, bound, largest) for bound, largest in zip(RANGE, (-LARGEST, LARGEST), strict=True))
    jump, rate = np.zeros(table.size), np.full(table.size, np.inf)
    for name, value in fastest_changes(site).items():
        rate[table.slices[name]] = value
    wse = site.economiser
    jumps = {"T_plant": wse.T_hot_in_nominal - wse.T_cold_in_nominal}
    if site.chilled is not None:
        jumps["T_inlet"] = 1.0 / (site.chilled.server_air * CP_AIR)
    for name, value in jumps.items():
        if name in table:
            jump[table.slices[name]] = value
    return Plausible(low, high, jump, rate)


def fastest_changes(site: Site) -> dict[str, float]:
    """Equation (1) for each temperature [K/s]. The dew point is not limited: it must be followed at once."""
    s, cdu = site, site.cdu
    rack = s.rack_power * s.liquid_share / s.plates
    Q_cdu, Q = cdu.exchanger.Q_dot_nominal, s.P_it_nominal
    physical = {
        "T_chip": rack / s.cold_plate.C_chip,
        "T_return_hot": rack / s.cold_plate.C_cool,
        "T_return": Q_cdu / cdu.C_return,
        "T_supply": Q_cdu / cdu.C_supply,
        "T_fws": Q / (s.C_fws_supply / s.cells),
        "T_fws_return": Q / (s.C_fws_return / s.cells),
        "T_tower": Q / s.C_basin,
        "T_tower_return": Q / (s.C_cw_return / s.cells),
    }
    if s.chilled is not None:
        c = s.chilled
        air = s.P_it_nominal * (1.0 - s.liquid_share) / c.C_air
        physical |= {
            "T_chw": c.n_chillers * c.chiller.Q_dot_nominal / c.C_water,
            "T_plant": physical["T_fws_return"],
            "T_air": air,
            "T_inlet": air,
        }
    return {name: MARGIN * rate for name, rate in physical.items()} | {"T_wb": WEATHER_RATE, "T_db": WEATHER_RATE}


@dataclasses.dataclass(frozen=True)
class Drivers:
    """Readings that cannot stand still while what drives them moves; positions in the measurement table, shape ``(w,)``."""

    watched: np.ndarray
    driver: np.ndarray
    """Position of the driver; ``total`` where the total heat drives."""
    scale: np.ndarray
    """Times the driver: one means that it has moved enough to be seen."""
    total: int
    """Position after all readings, for the total heat."""


def drivers(site: Site) -> Drivers:
    """Temperatures by the heat that reaches them, flows by the speed or opening that drives them.

    Not watched: speeds, openings and counts (constant for hours by right), outdoor readings (nothing here drives them), and chilled
    water, which a chiller holds at its setpoint whatever the load.
    """
    table = measurement_table(site)
    rack, cdu = 1.0 / LOAD_MOVED / (site.rack_power * site.liquid_share), 1.0 / LOAD_MOVED / site.cdu.exchanger.Q_dot_nominal
    speed = 1.0 / SPEED_MOVED
    pairs: list[tuple[str, str, float]] = [
        ("T_chip", "q_rack", rack), ("T_return_hot", "q_rack", rack), ("T_return", "q_cdu", cdu), ("T_supply", "q_cdu", cdu),
        ("V_sec", "y_cdu", speed), ("m_pri", "v_cdu", speed), ("m_cw", "y_cw", speed),
    ]  # fmt: skip
    total = 1.0 / LOAD_MOVED / site.P_it_nominal
    pairs += [(name, "", total) for name in ("T_fws", "T_fws_return", "T_tower", "T_tower_return")]
    if site.chilled is not None:
        air = 1.0 / LOAD_MOVED / (site.P_it_nominal * (1.0 - site.liquid_share))
        pairs += [("T_plant", "", total), ("T_air", "q_air", air), ("T_inlet", "q_air", air), ("m_chw", "y_chw", speed)]
    position = np.arange(table.size)
    parts = [(position[table.slices[a]], position[table.slices[b]] if b else [table.size], scale) for a, b, scale in pairs]
    return Drivers(
        watched=np.concatenate([a for a, _, _ in parts]),
        driver=np.concatenate([np.resize(b, len(a)) for a, b, _ in parts]),
        scale=np.concatenate([np.full(len(a), scale) for a, _, scale in parts]),
        total=table.size,
    )


def rated_readings(site: Site) -> dict[str, float]:
    """What stands in for a sensor that has not spoken yet: limits where there are any, else rated values, and no proof of flow."""
    s, lim, cdu, wse = site, site.limits, site.cdu, site.economiser
    values = {
        "T_supply": lim.T_supply_max, "T_return": lim.T_return_max, "T_return_hot": lim.T_return_max, "T_chip": lim.T_chip_max,
        "q_cdu": cdu.exchanger.Q_dot_nominal, "q_rack": s.rack_power * s.liquid_share, "V_sec": cdu.pump.V_dot_nominal,
        "m_pri": cdu.exchanger.m_cold_nominal, "y_cdu": 1.0, "v_cdu": 1.0, "override": 0.0,
        "dp_header": (cdu.exchanger.m_cold_nominal / s.rho_water / float(cdu.primary_conductance(1.0))) ** 2,
        "y_fws": 1.0, "T_fws": cdu.exchanger.T_cold_in_nominal, "T_fws_return": wse.T_hot_in_nominal, "T_tower": wse.T_cold_in_nominal,
        "T_tower_return": wse.T_cold_in_nominal + s.tower.range_nominal, "m_cw": 0.0, "y_cw": 1.0, "y_fan": 1.0,
        "n_cells": float(s.n_cells), "n_cw": float(s.n_tower_pumps), "n_fws": float(s.pumps_per_group),
        "q_air": s.P_it_nominal * (1.0 - s.liquid_share), "T_wb": s.T_wb_design, "T_db": s.T_db_design, "p": s.p,
        "T_dew_hall": s.T_dew_hall,
    }  # fmt: skip
    if s.chilled is not None and lim.T_inlet_max is not None:
        c = s.chilled
        values |= {
            "T_chw": c.chiller.T_chw_out_nominal, "T_plant": wse.T_hot_in_nominal, "T_air": lim.T_inlet_max, "T_inlet": lim.T_inlet_max,
            "n_chillers": 0.0, "Q_chiller": 0.0, "y_chw": 1.0, "m_chw": 0.0, "m_air": float(c.crah.m_air(1.0)),
        }  # fmt: skip
    return values
