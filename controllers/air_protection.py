"""What protects an air hall whoever decides: interlocks, fail-safe setpoints, plausible readings."""

from collections.abc import Mapping

import numpy as np

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.operation import ReadingRules, SafetyRules, Watched
from lowlift.controllers.plausible import LOAD_MOVED, MARGIN, SPEED_MOVED, WEATHER_RATE
from lowlift.models.air_equations import RHO_RATED
from lowlift.models.air_hall import AirHall
from lowlift.models.air_site import AirSite

T_FROST = 276.15
"""Air below which pads are drained [K]."""
T_FREEZESTAT = 278.15
"""Supply air below which dampers close and secondary fans stop [K]."""
AIR_PROVEN = 0.15
"""Measured supply air over nominal from which DX units may run; fans at least speed move 0.2 [1]."""
MIN_OFF = 300.0
"""Least time between a stop of DX units and the next start [s]."""
CP_AIR = 1006.0


class AirInterlocks:
    """Applied to the actuators of a batch of air halls after every other decision.

    - No water on pads that the air would freeze.
    - No DX without air that is *measured* to flow, and no start of a unit within its minimum off time.
    - No outdoor air into a hall whose supply is near freezing (the freezestat of air handlers).
    """

    def __init__(self, plant: AirHall) -> None:
        self.plant, self.site = plant, plant.site
        self._last: np.ndarray | None = None
        self._stopped_at = np.zeros((0, 1))

    def reset(self) -> None:
        """Start a run: units that do not run at its first step have been off for long."""
        self._last = None

    def apply(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray], audit: AuditLog) -> np.ndarray:
        """Actuators ``(b, nu)`` without forbidden combinations."""
        u, r, s = u.copy(), readings, self.site
        self._limit(t, u, "v_spray", r["T_db"] < T_FROST, 0.0, "no water on pads in frost", audit)
        self._limit(t, u, "v_pad", r["T_mixed"] < T_FROST, 0.0, "no water on pads in frost", audit)
        cold = r["T_supply"] < T_FREEZESTAT
        self._limit(t, u, "y_damper", cold, s.x_min, "no outdoor air into a freezing hall", audit)
        self._limit(t, u, "y_iec", cold, 0.0, "no outdoor air into a freezing hall", audit)
        flowing = np.nan_to_num(r["m_air"]) >= AIR_PROVEN * RHO_RATED * s.V_supply * (r["p"] / 101325.0)
        self._limit(t, u, "n_dx", ~flowing, 0.0, "no DX without air", audit)
        part = self.plant.actuators.slices["n_dx"]
        n = u[:, part]
        if self._last is None or self._last.shape != n.shape:
            self._last, self._stopped_at = n.copy(), np.full(n.shape, -np.inf)
        resting = t - self._stopped_at < MIN_OFF - 1e-6
        self._limit(t, u, "n_dx", resting & (n > self._last), self._last, f"no DX unit restarts within {MIN_OFF / 60.0:.0f} min", audit)
        n = u[:, part]
        self._stopped_at = np.where(n < self._last, t, self._stopped_at)
        self._last = n.copy()
        return u

    def _limit(
        self, t: float, u: np.ndarray, name: str, where: np.ndarray, most: float | np.ndarray, reason: str, audit: AuditLog
    ) -> None:  # fmt: skip
        """Keep an actuator at or below ``most`` where a condition holds; one record for each plant that this changes."""
        part = self.plant.actuators.slices[name]
        before = u[:, part]
        after = np.where(where, np.minimum(before, most), before)
        for row in np.flatnonzero((after < before - 1e-9)[:, 0]):
            audit.note(t, int(row), name, Kind.INTERLOCK, reason, float(before[row, 0]), float(after[row, 0]))
        u[:, part] = after


def safety(site: AirSite) -> SafetyRules:
    """Recirculated air, as cold and as much as there is: outdoor air may be what has failed."""
    low = {s.name: s.low for s in site.sheet.setpoints.signals}
    return SafetyRules(fail_safe={"T_supply_set": low["T_supply_set"] + 4.0, "oa_min": site.x_min, "oa_max": site.x_min, "pad_max": 0.0})


def reading_rules(site: AirSite) -> ReadingRules:
    """Rates from the rated heat over the heat capacity that it warms; temperatures of mixing points may jump by what they are mixed of."""
    s, lim = site, site.limits
    Q = MARGIN * s.P_it_nominal
    capacity = {n: v.C + CP_AIR * v.M for n, v in (("T_supply", s.supply), ("T_inlet", s.cold), ("T_hot", s.hot))}
    span = 30.0
    load = LOAD_MOVED * s.P_it_nominal
    rated = {
        "T_supply": lim.T_inlet_max - 2.0, "T_inlet": lim.T_inlet_max, "T_hot": lim.T_inlet_max + 15.0, "T_return": lim.T_inlet_max + 14.0,
        "T_mixed": lim.T_inlet_max + 14.0, "T_evaporative": lim.T_inlet_max, "T_dew_hall": lim.T_dew_max - 5.0, "dp_aisle": 0.0,
        "m_air": 0.0, "q_air": s.P_it_nominal, "q_fans": 0.0, "Q_evaporator": 0.0, "y_fan": 1.0, "y_damper": s.x_min, "y_iec": 1.0,
        "v_spray": 1.0, "v_pad": 0.0, "n_dx": float(s.n_dx), "y_dx": 1.0, "boost": 0.0, "T_wb": s.T_wb_design, "T_db": s.T_db_design,
        "p": s.p,
    }  # fmt: skip
    return ReadingRules(
        rates={n: Q / C for n, C in capacity.items()} | {"T_return": Q / capacity["T_hot"], "T_mixed": Q / capacity["T_hot"]}
        | {"T_evaporative": Q / capacity["T_hot"], "T_wb": WEATHER_RATE, "T_db": WEATHER_RATE},
        jumps={"T_return": 0.5 * span, "T_mixed": span, "T_evaporative": span, "T_dew_hall": span},
        watched=(
            Watched(reading="T_hot", driver="q_air", moved=load), Watched(reading="T_return", driver="q_air", moved=load),
            Watched(reading="m_air", driver="y_fan", moved=SPEED_MOVED),
        ),
        rated=rated,
    )  # fmt: skip
