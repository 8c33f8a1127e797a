"""StaticOptimal of a chilled-water plant: at every decision the best point at rest for the weather and load of the moment.

The hourly relations at rest (:func:`lowlift.models.plant_year.at_rest`) are evaluated for all points of a grid over the setpoints of
chilled water and tower at once; the grid then closes in on its best point, as :mod:`lowlift.models.plant_optimum` does for whole years. The
flow is no variable of its own: the pump's power rises with it, so the least that keeps the return below its limit is best.
"""

import dataclasses
import time

import numpy as np

from lowlift.controllers.chiller_regulator import least_flow
from lowlift.controllers.chiller_rules import ChillerGuideline36
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.controllers.optimum_at_rest import OptimumAtRest, refused
from lowlift.models.chiller_loops import ChillerLoops, moist_air
from lowlift.models.chiller_site import ChillerSite
from lowlift.models.plant_year import at_rest

POINTS = 9
"""Points of the grid along each setpoint."""
ZOOM = 0.3
"""Factor by which each grid is smaller than the one before."""
ROUNDS = 6
"""Grids: a range of 17 K ends with points 5 mK apart."""
EXCESS_PRICE = 1e6
"""Of a kelvin beyond limits, of a rated load not met [W]: above what they are ever worth."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StaticPoint:
    """The best point at rest."""

    T_chw: float
    T_tower: float
    V_chw: float
    P: float
    """Cooling power there, with the price of what is beyond limits [W]."""
    flat: float
    """Rise of the cost to the next points of the last grid, at most [W]."""


class ChillerStaticOptimal(OptimumAtRest):
    """A very good setpoint table.

    Args:
        plant: the plant.
        guard: distance kept to the return limit [K]: load moves until the next decision.
        name: name in tables.
    """

    def __init__(self, plant: ChillerLoops, guard: float = 0.6, name: str = "StaticOptimal") -> None:
        self.plant, self.guard = plant, guard
        super().__init__(plant.site, ChillerGuideline36(plant.site), name)

    def forget(self) -> None:
        """Nothing is kept."""

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The optimum for what is measured now."""
        begun, m = time.perf_counter(), measurement
        rule = self.fallback.decide(m, forecast)
        q, T_wb, T_db, p = (float(m[name][0, 0]) for name in ("q_air", "T_wb", "T_db", "p"))
        if not np.isfinite([q, T_wb, T_db, p]).all():
            return refused(rule)
        best = best_point(self.plant.site, q, T_wb, T_db, p, guard=self.guard)
        values = {"T_chw_set": best.T_chw, "T_tower_set": best.T_tower, "V_chw_set": best.V_chw}
        note = f"grid search, {1e-3 * best.P:.1f} kW, {best.flat:.2g} W from the next points"
        return Decision(setpoints=self.packed(values), status=Status.OPTIMAL, message=note,
                        solve_ms=1e3 * (time.perf_counter() - begun))  # fmt: skip


def best_point(site: ChillerSite, q: float, T_wb: float, T_db: float, p: float, guard: float = 0.0) -> StaticPoint:
    """Setpoints with the least cooling power at rest for load [W] and weather [K, Pa]."""
    lim, loops, plant = site.limits, site.parts.loops, site.parts
    air = moist_air(np.array(T_wb), np.array(T_db), np.array(p))
    low, high = np.array([lim.T_chw_set_min, loops.T_cw_low]), np.array([lim.T_chw_set_max, loops.T_cw_high])
    span, at = high - low, 0.5 * (low + high)
    for _ in range(ROUNDS):
        # Warmest first: where a tower cannot reach its setpoint, all colder ones cost the same.
        T_chw, T_tower = (
            np.linspace(min(c + 0.5 * w, top), max(c - 0.5 * w, bottom), POINTS)
            for c, w, bottom, top in zip(at, span, low, high, strict=True)
        )
        grid_chw, grid_tower = (v.ravel() for v in np.meshgrid(T_chw, T_tower, indexing="ij"))
        V = least_flow(site, np.array(q), grid_chw, guard) * plant.pump_chw.V_dot_nominal
        h = at_rest(plant, air, grid_tower, grid_chw, np.array(q), V)
        beyond = np.maximum(h.T_cw_in - lim.T_cw_max, 0.0) + h.unmet / site.P_it_nominal
        cost = h.P_chiller + h.P_fan + h.P_pumps + EXCESS_PRICE * beyond
        k = int(np.argmin(cost))
        at, span = np.array([grid_chw[k], grid_tower[k]]), ZOOM * span
    i, j = divmod(k, POINTS)
    near = cost.reshape(POINTS, POINTS)[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2]
    return StaticPoint(T_chw=float(at[0]), T_tower=float(at[1]), V_chw=float(V[k]), P=float(cost[k]), flat=float(near.max() - cost[k]))
