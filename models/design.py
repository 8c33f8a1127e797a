"""Design check: can a site carry its own rated load on its design day? If not, it says so before anything is simulated."""

import dataclasses

import numpy as np

from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.measure import hottest

BISECTIONS = 12


class DesignError(ValueError):
    """A site cannot carry its rated load; the message names the limit and the shortfall in kW."""


@dataclasses.dataclass(frozen=True)
class DesignReport:
    """Steady state at rated load and design weather with all equipment at full capacity."""

    share: float
    """Largest share of the rated load that keeps all limits, at most one."""
    shortfall: float
    """Rated load that cannot be carried [W]."""
    margins: dict[str, float]
    """Distance of each temperature to its limit at rated load [K]; negative where it is broken."""


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


def design_report(plant: LiquidHall) -> DesignReport:
    """Check the design point and, where it fails, find the load that the site can carry."""
    at_full = margins(plant, 1.0)
    if min(at_full.values()) >= 0.0:
        return DesignReport(1.0, 0.0, at_full)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if min(margins(plant, middle).values()) >= 0.0 else (low, middle)
    return DesignReport(low, (1.0 - low) * plant.site.P_it_nominal, at_full)


def check_design(plant: LiquidHall) -> DesignReport:
    """The report, or an error.

    Raises:
        DesignError: the site cannot carry its rated load at its design wet bulb.
    """
    report = design_report(plant)
    if report.shortfall > 0.0:
        worst = min(report.margins, key=lambda k: report.margins[k])
        raise DesignError(
            f"{plant.site.name}: carries {report.share:.0%} of its rated {plant.site.P_it_nominal / 1e3:.0f} kW at a wet bulb of "
            f"{plant.site.T_wb_design - 273.15:.1f} degC; short by {report.shortfall / 1e3:.0f} kW: {worst} is "
            f"{-report.margins[worst]:.1f} K beyond its limit at full load"
        )
    return report
