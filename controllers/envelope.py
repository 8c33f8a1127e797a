"""The safety envelope: the last word between any controller and any plant.

It needs no solver and no network and knows nothing of how a setpoint was found. Before every plant step it

1. repairs readings: a missing (NaN) value or an implausible jump is replaced by the last good one for at most
   ``hold`` seconds, after which the envelope goes to fail-safe setpoints until readings have been good for
   ``recover`` seconds;
2. checks the controller's heartbeat: no fresh decision for ``heartbeat`` seconds also means fail-safe;
3. refuses what is not a number, clamps setpoints to the limits of the signal table, lifts supply temperatures above the
   hall's dew point plus margin, and lets setpoints move no faster than their rate limits;
4. interlocks actuators: no chiller without water flow.

Every intervention opens one record with its reason and kind (:mod:`lowlift.controllers.audit`).
"""

from collections.abc import Mapping

import numpy as np

from lowlift.controllers.audit import AuditLog, Intervention, Kind
from lowlift.controllers.interface import setpoint_table
from lowlift.models.liquid_hall import LiquidHall

__all__ = ["Intervention", "Kind", "SafetyEnvelope"]

JUMP = {"K": 2.0, "1": 1.0}
"""Largest plausible change of a reading per second, by unit; other units are not checked. Heat steps are real."""
FLOW_PROVEN = 0.1
"""Share of nominal chilled-water flow below which a chiller must be off."""


class SafetyEnvelope:
    """Clamps, holds, fail-safes and interlocks for a batch of plants."""

    def __init__(
        self,
        plant: LiquidHall,
        step: float,
        *,
        hold: float = 45.0,
        recover: float = 600.0,
        heartbeat: float = 900.0,
    ) -> None:
        self.plant, self.step = plant, step
        self.hold, self.recover, self.heartbeat = hold, recover, heartbeat
        self.table = setpoint_table(plant.site)
        self._names = self.table.names
        self.audit = AuditLog(step)

    @property
    def records(self) -> list[Intervention]:
        """Every intervention since the start of the run."""
        return self.audit.records

    def reset(self, setpoints: np.ndarray) -> None:
        """Start a run with the setpoints in force, shape ``(b, n_set)``."""
        self.batch = len(setpoints)
        self.setpoints = np.clip(setpoints, self.table.low, self.table.high)
        self.audit = AuditLog(self.step)
        self._good: dict[str, np.ndarray] = {}
        self._bad_for: dict[str, np.ndarray] = {}
        self._fail_safe = np.zeros(self.batch, dtype=bool)
        self._healthy_for = np.zeros(self.batch)
        self._last_decision = np.zeros(self.batch)

    def fail_safe(self, T_dew: np.ndarray) -> np.ndarray:
        """Setpoints that cool at any price: full flow, supply as cold as the dew point allows, ``(b, n_set)``."""
        lim, table = self.plant.site.limits, self.table
        values = {s.name: np.broadcast_to(table.high[table.slices[s.name]], (self.batch, s.size)) for s in table.signals}
        cold = np.maximum(lim.T_supply_min, T_dew + lim.dew_point_margin)
        values["T_supply_set"] = np.broadcast_to(cold, values["T_supply_set"].shape)
        low = {name: table.low[table.slices[name]] for name in values}
        values["T_tower_set"] = np.broadcast_to(low["T_tower_set"] + 5.0, values["T_tower_set"].shape)
        if self.plant.site.chilled is not None:
            values["T_chw_set"] = np.broadcast_to(low["T_chw_set"], values["T_chw_set"].shape)
            values["T_air_set"] = np.broadcast_to(low["T_air_set"] + 2.0, values["T_air_set"].shape)
            values["split"] = np.zeros_like(values["split"])
        return np.asarray(table.pack(values))

    def repair(self, t: float, readings: Mapping[str, np.ndarray], units: Mapping[str, str]) -> dict[str, np.ndarray]:
        """Readings with missing and implausible values replaced by the last good ones."""
        result = {}
        failed = np.zeros(self.batch, dtype=bool)
        faulty = np.zeros(self.batch, dtype=bool)
        for name, value in readings.items():
            good = self._good.get(name)
            bad = ~np.isfinite(value)
            limit = JUMP.get(units.get(name, ""), np.inf)
            if good is not None:
                with np.errstate(invalid="ignore"):
                    # A sensor may come back far from its last good value: the longer it was gone, the farther.
                    gone = self._bad_for.get(name, np.zeros(value.shape)) + self.step
                    bad = bad | (np.abs(value - good) > limit * gone)
            if bad.any():
                held = np.where(bad, value if good is None else good, value)
                for row, column in np.argwhere(bad):
                    self.audit.note(t, int(row), name, Kind.REPAIR, "reading held", float(value[row, column]), float(held[row, column]))
                duration = np.where(bad, self._bad_for.get(name, np.zeros(value.shape)) + self.step, 0.0)
                self._bad_for[name] = duration
                failed |= (duration > self.hold).any(axis=-1) | ~np.isfinite(held).all(axis=-1)
                faulty |= bad.any(axis=-1)
                value = held
            elif name in self._bad_for:
                del self._bad_for[name]
            self._good[name] = value
            result[name] = value
        self._healthy_for = np.where(faulty, 0.0, self._healthy_for + self.step)
        self._fail_safe = failed | (self._fail_safe & (self._healthy_for < self.recover))
        return result

    def decided(self, t: float, row: int) -> None:
        """The controller of one plant is alive."""
        self._last_decision[row] = t

    def allow(self, t: float, requested: np.ndarray, T_dew: np.ndarray) -> np.ndarray:
        """Setpoints for the next plant step from those requested, ``(b, n_set)``; ``T_dew`` is ``(b, 1)`` [K]."""
        lim, table = self.plant.site.limits, self.table
        silent = t - self._last_decision > self.heartbeat
        emergency = (self._fail_safe | silent)[:, None]
        wanted = np.where(np.isfinite(requested), requested, self.setpoints)
        if emergency.any():
            wanted = np.where(emergency, self.fail_safe(T_dew), wanted)
        allowed = np.clip(wanted, table.low, table.high)
        part = table.slices["T_supply_set"]
        floor = T_dew + lim.dew_point_margin
        dry = allowed.copy()
        dry[:, part] = np.maximum(allowed[:, part], floor)
        reach = table.rate * self.step
        moved = np.clip(dry, self.setpoints - reach, self.setpoints + reach)
        # Condensation does not wait for a ramp.
        moved[:, part] = np.maximum(moved[:, part], floor)
        self._log_emergency(t, emergency[:, 0], silent)
        obeyed = ~emergency
        self._log(t, obeyed & ~np.isfinite(requested), "not a number: last setpoint kept", requested, wanted)
        self._log(t, obeyed & _differ(wanted, allowed), "outside limits", wanted, allowed)
        self._log(t, obeyed & _differ(allowed, dry), "dew point plus margin", allowed, dry)
        self._log(t, _differ(dry, moved), "rate limit", dry, moved, Kind.RATE)
        self.setpoints = moved
        return moved

    def interlock(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray]) -> np.ndarray:
        """Actuators with forbidden combinations taken out."""
        c = self.plant.site.chilled
        if c is None:
            return u
        a = self.plant.actuators
        dry = u[:, a.slices["y_chw"]] * (1.0 + 0.0 * readings["y_chw"]) < FLOW_PROVEN
        n = u[:, a.slices["n_chillers"]]
        for row in np.flatnonzero((dry & (n > 0.0)).any(axis=-1)):
            self.audit.note(t, int(row), "n_chillers", Kind.INTERLOCK, "no chiller without water flow", float(n[row, 0]), 0.0)
        u = u.copy()
        u[:, a.slices["n_chillers"]] = np.where(dry, 0.0, n)
        return u

    def _log_emergency(self, t: float, emergency: np.ndarray, silent: np.ndarray) -> None:
        for row in np.flatnonzero(emergency):
            reason = "controller silent: fail-safe" if silent[row] else "readings lost: fail-safe"
            self.audit.note(t, int(row), "all setpoints", Kind.FAIL_SAFE, reason)

    def _log(self, t: float, where: np.ndarray, reason: str, before: np.ndarray, after: np.ndarray, kind: Kind = Kind.CLAMP) -> None:
        """One record for each component ``where`` a reason has changed it."""
        if where.any():
            for row, k in np.argwhere(where):
                self.audit.note(t, int(row), self._names[k], kind, reason, float(before[row, k]), float(after[row, k]))


def _differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two sets of setpoints differ by more than rounding."""
    result: np.ndarray = np.abs(a - b) > 1e-9 * np.maximum(np.abs(b), 1.0)
    return result
