"""The design point of a liquid hall: everything on and open, rated load, design weather."""

import numpy as np

from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.measure import hottest


def full_actuators(plant: LiquidHall) -> np.ndarray:
    """Everything on and fully open, ``(1, nu)``; chilled water at the lower end of its range."""
    values = {s.name: s.high for s in plant.actuators.signals}
    if plant.site.chilled is not None:
        values |= {"split": 0.0, "T_chw_set": plant.site.chilled.T_chw_min}
    return np.asarray(plant.actuators.pack(values))[None]


def design_disturbances(plant: LiquidHall, share: float = 1.0) -> np.ndarray:
    """Rated load times ``share`` on the design day, ``(1, nd)``."""
    s = plant.site
    values = {
        "q_liquid": share * s.rack_power * s.liquid_share,
        "q_air": share * s.P_it_nominal * (1.0 - s.liquid_share),
        "T_wb": s.T_wb_design, "T_db": s.T_db_design, "p": s.p,
    }  # fmt: skip
    return np.asarray(plant.disturbances.pack(values))[None]


def extrapolated(plant: LiquidHall, share: float) -> list[str]:
    """Declared ranges of components that are left at a share of the rated load, in words."""
    u, d = full_actuators(plant), design_disturbances(plant, share)
    return plant.outside(plant.steady(u, d), u, d)


def margins(plant: LiquidHall, share: float) -> dict[str, float]:
    """Distance of each temperature to its limit at a share of the rated load [K]."""
    lim = plant.site.limits
    T = plant.states.unpack(plant.steady(full_actuators(plant), design_disturbances(plant, share)))
    result = {
        "chip": lim.T_chip_max - float(hottest(T["T_chip"], plant).max()),
        "rack outlet": lim.T_return_max - float(hottest(T["T_cool"], plant).max()),
        "secondary supply": lim.T_supply_max - float(T["T_supply"].max()),
    }
    if lim.T_inlet_max is not None:
        result["server inlet"] = lim.T_inlet_max - float(T["T_air_cold"].max())
    return result
