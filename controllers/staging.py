"""One shared rule set for what runs: tower cells, pumps, chillers, with dwell times, the same for every controller.

Rules (after ASHRAE Guideline 36-2021, sections 5.20.4 to 5.20.12): as many tower cells as their water distribution allows, so
that all fans run slow before one runs fast; a lag pump joins when the flow ratio exceeds ``n / N - 0.03`` for 10 min, leaves
when it falls below ``(n - 1) / N - 0.03``, and joins at once when its group cannot hold its pressure; a chiller joins when
the running ones exceed 90 % of their capacity for 15 min (the first: when the water after the economiser stays above the
chilled-water setpoint for 10 min, or server inlets are at their limit), leaves when the others could carry the load at 80 % for an
hour, the last when nothing is left to cool for as long: the pauses of a training job are shorter, and a machine that has left is not back
within 20 min. 30 min minimum on, 20 min minimum off.
"""

from collections.abc import Mapping

import numpy as np

from lowlift.models.site import Site

CELL_FLOW_MIN = 0.45
"""Least water of a cell, share of its nominal flow (distribution limit, guess)."""
DWELL_CELLS = 1200.0
DWELL_PUMPS = 600.0
CHILLER_UP, CHILLER_DOWN = 0.9, 0.8
CHILLER_FIRST = 0.5
"""Water this much above the setpoint calls the first chiller [K]."""
CHILLER_LAST = 0.1
"""Water no more than this above the setpoint lets the last chiller go [K]."""
CONFIRM_UP, CONFIRM_FIRST, CONFIRM_DOWN = 900.0, 600.0, 3600.0
HOT_INLET, CONFIRM_HOT = 0.3, 60.0
"""Server inlets this near to their limit [K] for this long [s] call the first chiller without further confirmation."""
MIN_ON, MIN_OFF = 1800.0, 1200.0
PUMP_BAND = 0.03


class Timers:
    """Seconds for which conditions have held, and since what has changed, by name, for a batch of plants."""

    def __init__(self, step: float) -> None:
        self.step = step
        self._timers: dict[str, np.ndarray] = {}

    def clear(self) -> None:
        """Forget all timers."""
        self._timers.clear()

    def restart(self, name: str, where: np.ndarray) -> None:
        """Set a timer to zero where a condition holds."""
        self._timers[name] = np.where(where, 0.0, self._timers[name])

    def held(self, name: str, condition: np.ndarray) -> np.ndarray:
        """Seconds for which a condition has held without a break."""
        before = self._timers.get(name, np.zeros(condition.shape))
        self._timers[name] = np.where(condition, before + self.step, 0.0)
        return self._timers[name]

    def since(self, name: str, changed: np.ndarray | None = None) -> np.ndarray | float:
        """Seconds since the last change (large at the start of a run)."""
        if changed is not None:
            before = self._timers.get(name, np.full(changed.shape, 1e9))
            self._timers[name] = np.where(changed, 0.0, before + self.step)
        return self._timers.get(name, 1e9)


class ChillerStages:
    """How many trim chillers run, in any plant that has some behind an economiser."""

    def __init__(self, timers: Timers, n_max: int) -> None:
        self.timers, self.n_max = timers, n_max

    def decide(
        self, n: np.ndarray, load: np.ndarray, capacity: np.ndarray, warm: np.ndarray, hot: np.ndarray | bool
    ) -> np.ndarray:  # fmt: skip
        """Chillers for the next step, ``(b, 1)``.

        Args:
            n: running now.
            load: heat that they take [W].
            capacity: of one at the present temperatures [W].
            warm: water after the economiser over the chilled-water setpoint [K].
            hot: whether server inlets are at their limit.
        """
        held = self.timers.held
        first = held("chiller first", (n < 0.5) & (warm > CHILLER_FIRST)) >= CONFIRM_FIRST
        more = held("chiller up", (n > 0.5) & (load > CHILLER_UP * n * capacity)) >= CONFIRM_UP
        fewer = held("chiller down", (n > 1.5) & (load < CHILLER_DOWN * (n - 1.0) * capacity)) >= CONFIRM_DOWN
        last = held("chiller last", (n > 0.5) & (n < 1.5) & (warm < CHILLER_LAST)) >= CONFIRM_DOWN
        since = np.asarray(self.timers.since("chiller"))
        first = first | (held("chiller hot", (n < 0.5) & hot & (warm > CHILLER_FIRST)) >= CONFIRM_HOT)
        up = (first & (since >= MIN_OFF)) | (more & (since >= MIN_OFF))
        down = (fewer | last) & (since >= MIN_ON)
        new = np.clip(np.where(up, n + 1.0, np.where(down, n - 1.0, n)), 0.0, self.n_max)
        self.timers.since("chiller", new != n)
        return new


class Staging:
    """Timers and counts for a batch of plants."""

    def __init__(self, site: Site, step: float) -> None:
        self.site = site
        self.timers = Timers(step)
        self.stages = None if site.chilled is None else ChillerStages(self.timers, site.chilled.n_chillers)

    def reset(self, batch: int) -> None:
        """Forget all timers."""
        self.timers.clear()

    def decide(self, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], a: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Counts for the next step, from readings ``r``, setpoints ``sp`` and present actuators ``a``."""
        result = {
            "n_cells": self._cells(r["m_cw"], a["n_cells"]),
            "n_fws": self._facility_pumps(r, sp, a),
            "n_cw": self._tower_pumps(r, sp, a),
        }
        if self.site.chilled is not None:
            result["n_chillers"] = self._chillers(r, sp, a["n_chillers"])
        return result

    def _cells(self, m_cw: np.ndarray, n: np.ndarray) -> np.ndarray:
        least = CELL_FLOW_MIN * self.site.m_tower_nominal / self.site.n_cells
        wanted = np.clip(np.floor(m_cw / least), 1.0, self.site.n_cells)
        # One extra cell of room before closing one, so that flow noise does not toggle valves.
        closing = wanted < n - 1.0
        ready = np.asarray(self.timers.since("cells")) >= DWELL_CELLS
        new = np.where(ready & (wanted > n), wanted, np.where(ready & closing, wanted, n))
        self.timers.since("cells", new != n)
        return new

    def _pumps(self, name: str, ratio: np.ndarray, starved: np.ndarray, n: np.ndarray, N: int) -> np.ndarray:
        up = (self.timers.held(f"{name} up", ratio > n / N - PUMP_BAND) >= DWELL_PUMPS) | (
            self.timers.held(f"{name} starved", starved) >= 60.0
        )
        down = self.timers.held(f"{name} down", ratio < (n - 1.0) / N - PUMP_BAND) >= DWELL_PUMPS
        new = np.clip(np.where(up, n + 1.0, np.where(down, n - 1.0, n)), 1.0, N)
        for timer in (f"{name} up", f"{name} down", f"{name} starved"):
            self.timers.restart(timer, new != n)
        return new

    def _facility_pumps(self, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], a: Mapping[str, np.ndarray]) -> np.ndarray:
        s = self.site
        groups = np.eye(s.n_groups)[s.group_of_cdu]
        nominal = groups.sum(axis=0) * s.cdu.exchanger.m_cold_nominal
        starved = (a["y_fws"] > 0.98) & (r["dp_header"] < 0.9 * sp["dp_set"])
        return self._pumps("fws", (r["m_pri"] @ groups) / nominal, starved, a["n_fws"], s.pumps_per_group)

    def _tower_pumps(self, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], a: Mapping[str, np.ndarray]) -> np.ndarray:
        s = self.site
        starved = (a["y_cw"] > 0.98) & (r["m_cw"] < 0.95 * sp["m_cw_set"])
        return self._pumps("cw", r["m_cw"] / s.m_tower_nominal, starved, a["n_cw"], s.n_tower_pumps)

    def _chillers(self, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], n: np.ndarray) -> np.ndarray:
        c, limit = self.site.chilled, self.site.limits.T_inlet_max
        assert c is not None and self.stages is not None  # noqa: S101 - called for sites with a chilled branch only
        capacity = c.chiller.capacity(r["T_chw"], r["T_tower"])
        hot = False if limit is None else r["T_inlet"] > limit - HOT_INLET
        return self.stages.decide(n, r["Q_chiller"], capacity, r["T_plant"] - sp["T_chw_set"], hot)
