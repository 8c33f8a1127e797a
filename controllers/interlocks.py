"""Interlocks: combinations of actuators that no plant may see, decided on measured flows and positions, never on commands.

- No chiller without flow: each running machine needs chilled water and condenser water that is *measured* to flow.
- No chiller restarts within its minimum off time, whoever asks.
- No pump against closed valves: where all valves of a group read closed and no water is measured behind them, one pump of the group
  stays on at its least speed (4 % of its shut-off head), until a valve opens. Position and flow must agree, so that one wrong reading
  cannot take the cooling away.
- No chilled-water setpoint below the dew point plus margin, whatever ramp its actuator is on.
"""

from collections.abc import Mapping

import numpy as np

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.staging import MIN_OFF
from lowlift.models.facility import CONDENSER_LEAST
from lowlift.models.hydraulics import CONDENSER_SHARE_MAX
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.liquid_tables import chilled_water_is_dry

FLOW_PROVEN = 0.1
"""Measured chilled water over nominal from which flow counts as proven; a pump at least speed passes 0.2 [1]."""
VALVE_CLOSED = 0.05
"""Opening up to which a valve counts as closed: it leaks a thirtieth [1]."""
FLOW_BEHIND = 0.15
"""Measured flow of a group over nominal below which its valves are believed to be closed: their leak at full head is 0.08 [1]."""


class Machines:
    """Which chillers of a batch of plants run: they stop at once and start only after their minimum off time.

    Args:
        n: machines of a plant.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.reset()

    def reset(self) -> None:
        """Start a run: machines that do not run at its first step have been off for long."""
        self._running = np.zeros((0, self.n), dtype=bool)
        self._stopped_at = np.zeros((0, self.n))

    def stage(self, t: float, asked: np.ndarray, proven: np.ndarray, audit: AuditLog) -> np.ndarray:
        """How many run now, ``(b, 1)``.

        Args:
            t: now [s].
            asked: how many should run; at the first step of a run they do.
            proven: how many of these have flow.
            audit: where a start that must wait is noted.
        """
        if len(self._running) != len(asked):
            self._running = np.arange(self.n) < asked
            self._stopped_at = np.full((len(asked), self.n), -np.inf)
        for row in np.flatnonzero(proven[:, 0] != self._running.sum(axis=-1)):
            self._switch(t, int(row), int(proven[row, 0]), audit)
        result: np.ndarray = self._running.sum(axis=-1, keepdims=True)
        return result

    def _switch(self, t: float, row: int, wanted: int, audit: AuditLog) -> None:
        """Stop machines at once; start those that have been off the longest, if long enough."""
        running, stopped_at = self._running[row], self._stopped_at[row]
        surplus = int(running.sum()) - wanted
        if surplus > 0:
            stop = np.flatnonzero(running)[:surplus]
            running[stop], stopped_at[stop] = False, t
            return
        rested = np.flatnonzero(~running & (t - stopped_at >= MIN_OFF - 1e-6))
        running[rested[np.argsort(stopped_at[rested], kind="stable")][:-surplus]] = True
        if running.sum() < wanted:
            reason = f"no chiller restarts within {MIN_OFF / 60.0:.0f} min"
            audit.note(t, row, "n_chillers", Kind.INTERLOCK, reason, float(wanted), float(running.sum()))


class Interlocks:
    """Applied to the actuators of a batch of plants after every other decision."""

    def __init__(self, plant: LiquidHall) -> None:
        self.plant, self.site = plant, plant.site
        self._groups = np.eye(self.site.n_groups)[self.site.group_of_cdu]
        self._of_group = self._groups > 0.0
        self.machines = None if self.site.chilled is None else Machines(self.site.chilled.n_chillers)

    def reset(self) -> None:
        """Start a run."""
        if self.machines is not None:
            self.machines.reset()

    def apply(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray], audit: AuditLog) -> np.ndarray:
        """Actuators ``(b, nu)`` without forbidden combinations."""
        u = u.copy()
        self._pumps(t, u, readings, audit)
        if self.site.chilled is not None:
            if chilled_water_is_dry(self.site):
                part = self.plant.actuators.slices["T_chw_set"]
                u[:, part] = np.maximum(u[:, part], readings["T_dew_hall"] + self.site.limits.dew_point_margin)
            self._chillers(t, u, readings, audit)
        return u

    def _pumps(self, t: float, u: np.ndarray, r: Mapping[str, np.ndarray], audit: AuditLog) -> None:
        a = self.plant.actuators
        speed, count = a.slices["y_fws"], a.slices["n_fws"]
        if not (r["v_cdu"] <= VALVE_CLOSED).any():
            return
        closed = ~((r["v_cdu"] > VALVE_CLOSED)[:, :, None] & self._of_group).any(axis=1)
        nominal = self._groups.sum(axis=0) * self.site.cdu.exchanger.m_cold_nominal
        closed &= r["m_pri"] @ self._groups < FLOW_BEHIND * nominal
        least = a.low[speed]
        for row, group in np.argwhere(closed & ((u[:, speed] > least) | (u[:, count] > 1.0))):
            name = f"y_fws[{group + 1}]"
            audit.note(t, int(row), name, Kind.INTERLOCK, "no pump against closed valves", float(u[row, speed][group]), float(least[group]))
        u[:, speed] = np.where(closed, least, u[:, speed])
        u[:, count] = np.where(closed, 1.0, u[:, count])

    def _chillers(self, t: float, u: np.ndarray, r: Mapping[str, np.ndarray], audit: AuditLog) -> None:
        c = self.site.chilled
        assert c is not None and self.machines is not None  # noqa: S101 - called for sites with a chilled branch only
        part = self.plant.actuators.slices["n_chillers"]
        asked = np.rint(u[:, part])
        chilled = r["m_chw"] >= FLOW_PROVEN * c.pump.V_dot_nominal * self.site.rho_water
        condensers = np.floor(CONDENSER_SHARE_MAX * np.nan_to_num(r["m_cw"]) / (CONDENSER_LEAST * c.m_condenser))
        proven = np.where(chilled, np.minimum(asked, condensers), 0.0)
        for row in np.flatnonzero((proven < asked)[:, 0]):
            what = "chilled" if not chilled[row, 0] else "condenser"
            audit.note(t, int(row), "n_chillers", Kind.INTERLOCK, f"no chiller without {what} water flow", float(asked[row, 0]),
                       float(proven[row, 0]))  # fmt: skip
        u[:, part] = self.machines.stage(t, asked, proven, audit)
