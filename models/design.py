"""Design check: can a site carry its own rated load on its design day? If not, it says so before anything is simulated."""

import dataclasses

from lowlift.models.plant import Plant

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
    outside: tuple[str, ...] = ()
    """Components that leave their declared range at rated load, in words: there the report extrapolates."""


def design_report(plant: Plant) -> DesignReport:
    """Check the design point and, where it fails, find the load that the site can carry."""
    at_full, outside = plant.margins(1.0), tuple(plant.extrapolated(1.0))
    if min(at_full.values()) >= 0.0:
        return DesignReport(1.0, 0.0, at_full, outside)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if min(plant.margins(middle).values()) >= 0.0 else (low, middle)
    return DesignReport(low, (1.0 - low) * plant.site.P_it_nominal, at_full, outside)


def check_design(plant: Plant) -> DesignReport:
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
