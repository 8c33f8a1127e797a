"""What protects a chilled-water plant whoever decides: interlocks, fail-safe setpoints, plausible readings."""

from collections.abc import Mapping

import numpy as np

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.operation import ReadingRules, SafetyRules, Watched
from lowlift.controllers.plausible import LOAD_MOVED, MARGIN, SPEED_MOVED, WEATHER_RATE
from lowlift.controllers.staging import MIN_OFF
from lowlift.models.chiller_loops import ChillerLoops
from lowlift.models.chiller_site import ChillerSite

FLOW_PROVEN = 0.8
"""Measured flow over the least one (chilled water) or the nominal one (condenser water) from which the chiller may run [1]."""
T_CUTOUT = 276.15
"""Chilled water below which the chiller stops: evaporators must not freeze [K]."""


class ChillerInterlocks:
    """Applied to the actuators of a batch of plants after every other decision.

    - No chiller without chilled and condenser water that are *measured* to flow.
    - No chiller on water that is about to freeze.
    - No restart within the minimum off time, whoever asks.
    """

    def __init__(self, plant: ChillerLoops) -> None:
        self.plant, self.site = plant, plant.site
        self.reset()

    def reset(self) -> None:
        """Start a run: a chiller that does not run at its first step has been off for long."""
        self._last: np.ndarray | None = None
        self._stopped_at = np.zeros((0, 1))

    def apply(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray], audit: AuditLog) -> np.ndarray:
        """Actuators ``(b, nu)`` without forbidden combinations."""
        u, r, s = u.copy(), readings, self.site.parts
        part = self.plant.actuators.slices["n_chillers"]
        least = FLOW_PROVEN * self.site.y_chw_min * s.pump_chw.V_dot_nominal
        self._stop(t, u, ~(np.nan_to_num(r["V_chw"]) >= least), "no chiller without chilled water", audit)
        self._stop(t, u, ~(np.nan_to_num(r["V_cw"]) >= FLOW_PROVEN * s.pump_cw.V_dot_nominal), "no chiller without condenser water", audit)
        self._stop(t, u, r["T_chw"] < T_CUTOUT, "no chiller on freezing water", audit)
        running = u[:, part] > 0.5
        if self._last is None or self._last.shape != running.shape:
            self._last, self._stopped_at = running, np.full(running.shape, -np.inf)
        resting = t - self._stopped_at < MIN_OFF - 1e-6
        self._stop(t, u, resting & running & ~self._last, f"no chiller restarts within {MIN_OFF / 60.0:.0f} min", audit)
        running = u[:, part] > 0.5
        self._stopped_at = np.where(self._last & ~running, t, self._stopped_at)
        self._last = running
        return u

    def _stop(self, t: float, u: np.ndarray, where: np.ndarray, reason: str, audit: AuditLog) -> None:
        part = self.plant.actuators.slices["n_chillers"]
        before = u[:, part].copy()
        u[:, part] = np.where(where, 0.0, before)
        for row in np.flatnonzero((u[:, part] < before)[:, 0]):
            audit.note(t, int(row), "n_chillers", Kind.INTERLOCK, reason, float(before[row, 0]), 0.0)


def safety(site: ChillerSite) -> SafetyRules:
    """Full flow and cold water; condenser water as the rated tower makes it, which is within the chiller's reach in every weather."""
    lim, loops = site.limits, site.parts.loops
    return SafetyRules(fail_safe={"T_chw_set": lim.T_chw_set_min, "T_tower_set": min(loops.T_cw_low + 5.0, loops.T_cw_high)})


def reading_rules(site: ChillerSite) -> ReadingRules:
    """Rates from the rated heat over the heat capacity that it warms.

    Chilled water is not watched, nor condenser water at the chiller: their controls hold them still, whatever the load.
    """
    s, lim = site, site.limits
    C_chw, _, C_cw, _ = ChillerLoops(site).capacities
    chw, cw = MARGIN * s.parts.Q_limit / C_chw, MARGIN * 1.2 * s.parts.Q_limit / C_cw
    moved = LOAD_MOVED * s.P_it_nominal
    rated = {
        "T_chw": lim.T_chw_max, "T_return": lim.T_return_max, "T_cw": s.parts.loops.T_cw_high, "T_cw_return": lim.T_cw_max + 5.0,
        "V_chw": 0.0, "V_cw": 0.0, "Q_chiller": 0.0, "y_fan": 1.0, "y_chw": 1.0, "n_chillers": 0.0, "boost": 0.0, "q_air": s.P_it_nominal,
        "T_wb": s.T_wb_design, "T_db": s.T_db_design, "p": s.p,
    }  # fmt: skip
    return ReadingRules(
        rates={"T_chw": chw, "T_return": chw, "T_cw": cw, "T_cw_return": cw, "T_wb": WEATHER_RATE, "T_db": WEATHER_RATE},
        jumps={},
        watched=(
            Watched(reading="T_return", driver="q_air", moved=moved), Watched(reading="T_cw_return", driver="q_air", moved=moved),
            Watched(reading="Q_chiller", driver="q_air", moved=moved), Watched(reading="V_chw", driver="y_chw", moved=SPEED_MOVED),
        ),
        rated=rated,
    )  # fmt: skip
