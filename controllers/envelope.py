"""The safety envelope: the last word between any controller and any plant.

It needs no solver and no network and knows nothing of how a setpoint was found. Before every plant step it

1. repairs readings (:mod:`lowlift.controllers.readings`): missing, implausible and stuck ones are replaced by the last good ones for at
   most ``hold`` seconds, after which the envelope goes to fail-safe setpoints;
2. checks the controller's heartbeat: no decision for ``heartbeat`` seconds also means fail-safe; fail-safe ends when its causes have been
   gone for ``dwell`` seconds, and setpoints return at their own rates;
3. lets a human override any setpoint, refuses what is not a number, clamps setpoints to the limits of the signal table, lifts water
   temperatures above the hall's dew point plus margin, and lets setpoints move no faster than their rate limits;
4. interlocks actuators (:mod:`lowlift.controllers.interlocks`).

Which setpoints fail safe at which value, and which must keep surfaces above the dew point, belongs to the kind of plant
(:class:`lowlift.controllers.operation.SafetyRules`). In a liquid hall the margin holds for the secondary supply, for tower water (the
facility supply is never colder than it, so the hall's pipes stay dry) and for chilled water where the site's own range is dry, that is
where its lowest chilled-water setpoint lies above the hall's declared dew point plus margin. A site whose range begins below has insulated
pipes and coils with drains: it means to run cold.

Every intervention opens one record with its reason and kind (:mod:`lowlift.controllers.audit`).
"""

import dataclasses
import difflib
import math
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.audit import AuditLog, Intervention, Kind
from lowlift.controllers.operation import SafetyRules, operation_of
from lowlift.controllers.readings import ReadingCheck
from lowlift.models.liquid_tables import chilled_water_is_dry
from lowlift.models.plant import Plant
from lowlift.models.signals import SignalVector

__all__ = ["Intervention", "Kind", "OverrideError", "SafetyEnvelope", "chilled_water_is_dry", "fail_safe"]

HEARTBEAT = 900.0
"""Longest silence of a controller that decides every five minutes: two decisions may be missed [s]."""


class OverrideError(ValueError):
    """A human override names no setpoint or is no number."""


@dataclasses.dataclass(frozen=True)
class _Override:
    columns: np.ndarray
    value: float
    until: float


class SafetyEnvelope:
    """Clamps, holds, fail-safes and interlocks for a batch of plants.

    Args:
        plant: the plant.
        step: plant step [s].
        hold: time for which the last good value of a lost reading stands in [s].
        dwell: least time in fail-safe after its causes have gone [s].
        heartbeat: longest silence of a controller [s], one for all plants or one for each.
    """

    def __init__(
        self, plant: Plant, step: float, *, hold: float = 45.0, dwell: float = 600.0, heartbeat: float | np.ndarray = HEARTBEAT,
    ) -> None:  # fmt: skip
        self.plant, self.step = plant, step
        self.dwell, self.heartbeat = dwell, heartbeat
        operation = operation_of(plant.site)
        self.table: SignalVector = plant.site.sheet.setpoints
        self.rules = operation.safety(plant.site)
        self.audit = AuditLog(step)
        self.check = ReadingCheck(plant.site, step, hold)
        self.interlocks = operation.interlocks(plant)
        self._names = self.table.names
        self._dry = _columns(self.table, self.rules.dry)
        self.reset(1)

    @property
    def records(self) -> list[Intervention]:
        """Every intervention since the start of the run."""
        return self.audit.records

    @property
    def in_fail_safe(self) -> np.ndarray:
        """Plants whose setpoints are at their fail-safe values, or on their way there, ``(b,)``."""
        return self._emergency

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` plants: from fail-safe setpoints, because nobody has decided anything yet."""
        self.audit = AuditLog(self.step)
        self.check.reset(batch)
        self.interlocks.reset()
        self.setpoints = np.repeat(self.fail_safe(np.full((1, 1), self.rules.T_dew)), batch, axis=0)
        self._overrides: list[_Override] = []
        self._emergency = np.zeros(batch, dtype=bool)
        self._sound_for = np.zeros(batch)
        self._last_decision = np.zeros(batch)

    def fail_safe(self, T_dew: np.ndarray) -> np.ndarray:
        """Setpoints that cool at any price, water as cold as the dew point allows, ``(b, n_set)``; ``T_dew`` (b, 1) [K]."""
        return fail_safe(self.table, self.rules, T_dew)

    def dew_point(self, readings: Mapping[str, np.ndarray]) -> np.ndarray:
        """What :meth:`allow` takes, from readings by name; without meaning where no setpoint must stay dry."""
        if not self.rules.dry:
            return np.full((len(self.setpoints), 1), self.rules.T_dew)
        return readings["T_dew_hall"]

    def repair(self, t: float, readings: np.ndarray) -> np.ndarray:
        """Packed readings ``(b, n)`` with missing, implausible and stuck ones replaced; the very same array where all are good."""
        return self.check.repair(t, readings, self.audit)

    def decided(self, t: float, row: int) -> None:
        """The controller of one plant is alive and has said something usable."""
        self._last_decision[row] = t

    def override(self, name: str, value: float, until: float) -> None:
        """A human decides: ``name`` is held at ``value`` until ``until``, for every plant of the batch.

        It wins over the controller and over fail-safe, never over limits, dew point, rates and interlocks. A later override of the same
        setpoint wins over an earlier one.

        Args:
            name: a setpoint, all components of it, or one of them, as in ``V_sec_set[2]``.
            value: SI.
            until: seconds since the start of the run.

        Raises:
            OverrideError: no such setpoint, or no number.
        """
        if not (math.isfinite(value) and math.isfinite(until)):
            raise OverrideError(f"override of {name} = {value} until {until} s: must be numbers")
        columns = np.array([k for k, component in enumerate(self._names) if name in (component, component.split("[")[0])], dtype=int)
        if not len(columns):
            near = difflib.get_close_matches(name, [*self.table.slices, *self._names], n=3, cutoff=0.4)
            raise OverrideError(f"no setpoint {name!r}" + (f"; did you mean {', '.join(near)}?" if near else ""))
        self._overrides.append(_Override(columns, value, until))

    def allow(self, t: float, requested: np.ndarray, T_dew: np.ndarray) -> np.ndarray:
        """Setpoints for the next plant step from those requested, ``(b, n_set)``; ``T_dew`` is ``(b, 1)`` [K]."""
        table = self.table
        usable = np.isfinite(requested)
        asked = np.where(usable, requested, self.setpoints)
        emergency = self._check_health(t)[:, None]
        obeyed = np.where(emergency, self.fail_safe(T_dew), asked) if emergency.any() else asked
        wanted = self._overridden(t, obeyed)
        allowed = np.clip(wanted, table.low, table.high)
        floor = T_dew + self.rules.dew_point_margin
        dry = allowed.copy()
        dry[:, self._dry] = np.maximum(allowed[:, self._dry], floor)
        reach = table.rate * self.step
        moved = np.clip(dry, self.setpoints - reach, self.setpoints + reach)
        # Condensation does not wait for a ramp.
        moved[:, self._dry] = np.maximum(moved[:, self._dry], floor)
        self._log(t, ~emergency & ~usable, "not a number: last setpoint kept", requested, asked)
        self._log(t, _differ(obeyed, wanted), "human override", obeyed, wanted, Kind.OVERRIDE)
        self._log(t, _differ(wanted, allowed), "outside limits", wanted, allowed)
        self._log(t, _differ(allowed, dry), "dew point plus margin", allowed, dry)
        self._log(t, _differ(dry, moved), "rate limit", dry, moved, Kind.RATE)
        self.setpoints = moved
        return moved

    def interlock(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray]) -> np.ndarray:
        """Actuators with forbidden combinations taken out, from readings by name."""
        return self.interlocks.apply(t, u, readings, self.audit)

    def _check_health(self, t: float) -> np.ndarray:
        """Plants that must be in fail-safe now, ``(b,)``."""
        silent = t - self._last_decision > self.heartbeat
        lost = self.check.failed
        cause = silent | lost
        self._sound_for = np.where(cause | self.check.faulty, 0.0, self._sound_for + self.step)
        self._emergency = cause | (self._emergency & (self._sound_for < self.dwell))
        for row in np.flatnonzero(self._emergency):
            reason = "controller silent" if silent[row] else "readings lost" if lost[row] else f"kept for {self.dwell / 60.0:.0f} min"
            self.audit.note(t, int(row), "all setpoints", Kind.FAIL_SAFE, f"{reason}: fail-safe")
        return self._emergency

    def _overridden(self, t: float, setpoints: np.ndarray) -> np.ndarray:
        if not self._overrides:
            return setpoints
        self._overrides = [o for o in self._overrides if t < o.until]
        result = setpoints.copy()
        for o in self._overrides:
            result[:, o.columns] = o.value
        return result

    def _log(self, t: float, where: np.ndarray, reason: str, before: np.ndarray, after: np.ndarray, kind: Kind = Kind.CLAMP) -> None:
        """One record for each component ``where`` a reason has changed it."""
        if where.any():
            for row, k in np.argwhere(where):
                self.audit.note(t, int(row), self._names[k], kind, reason, float(before[row, k]), float(after[row, k]))


def fail_safe(table: SignalVector, rules: SafetyRules, T_dew: np.ndarray) -> np.ndarray:
    """Fail-safe setpoints ``(b, n_set)`` of a site for the dew points ``T_dew`` (b, 1) [K]."""
    values = {s.name: np.full((len(T_dew), s.size), rules.fail_safe.get(s.name, s.high)) for s in table.signals}
    result, dry = np.asarray(table.pack(values)), _columns(table, rules.dry)
    result[:, dry] = np.maximum(result[:, dry], T_dew + rules.dew_point_margin)
    return result


def _columns(table: SignalVector, names: tuple[str, ...]) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype=int), *(np.arange(table.size)[table.slices[name]] for name in names)])


def _differ(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two sets of setpoints differ by more than rounding."""
    result: np.ndarray = np.abs(a - b) > 1e-9 * np.maximum(np.abs(b), 1.0)
    return result
