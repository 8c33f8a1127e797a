"""Which readings to believe: missing, implausible and stuck ones are replaced by the last good value for a stated time.

A reading is not believed when it

1. is missing (not a number) or beyond the range of its transmitter;
2. has changed faster than physics allows (:mod:`lowlift.controllers.plausible`); the longer it was not believed, the farther it may have
   gone meanwhile;
3. has not changed at all for :data:`STUCK` seconds after what drives it has moved far enough to be seen.

Readings lost for longer than ``hold`` seconds are reported as failed. All checks run on the packed readings of a whole batch at once.
"""

import numpy as np

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.operation import operation_of
from lowlift.controllers.plausible import drivers, plausible
from lowlift.models.plant import SiteRecord

ZERO_C = 273.15

STUCK = 900.0
"""A reading that stands still for this long after its driver has moved is stuck [s]: many times the slowest loop of a hall."""
FELT = 300.0
"""Time constant of the driver's running mean [s]. Both must have moved, the driver and its mean: swings of seconds even out in pipes and
basins and need move nothing, and a reading that followed its driver at once need not follow the mean as well."""


class ReadingCheck:
    """Repairs the readings of a batch of plants.

    Args:
        site: the site.
        step: sampling step [s].
        hold: time for which the last good value stands in [s].
    """

    def __init__(self, site: SiteRecord, step: float, hold: float) -> None:
        self.step, self.hold = step, hold
        self.table = site.sheet.measurements
        self._bounds, self._drivers = plausible(site), drivers(site)
        self._heat = [self.table.slices[name] for name in ("q_cdu", "q_air") if name in self.table]
        rated = operation_of(site).readings(site).rated
        self._rated = np.asarray(self.table.pack({name: np.array([value]) for name, value in rated.items()}))
        self._names = self.table.names
        self._units = [s.unit for s in self.table.signals for _ in s.components()]

    def reset(self, batch: int) -> None:
        """Start a run: no sensor has spoken yet, and nothing is known of how far it may be from the stand-in."""
        shape, watched = (batch, self.table.size), (batch, len(self._drivers.watched))
        self._good = np.broadcast_to(self._rated, shape)
        self._lost_for = np.full(shape, np.inf)
        self._last = np.full(watched, np.nan)
        self._mean = np.full(watched, np.nan)
        self._low = self._high = np.zeros((2, *watched))
        self._still = np.zeros(watched)
        self.failed = np.zeros(batch, dtype=bool)
        """Plants with a reading that has been lost for too long."""
        self.faulty = np.zeros(batch, dtype=bool)
        """Plants with a reading that is not believed now."""

    @property
    def good(self) -> np.ndarray:
        """What :meth:`repair` returned last, or the stand-ins of sensors that have not spoken yet, ``(b, n)``."""
        return self._good

    def repair(self, t: float, readings: np.ndarray, audit: AuditLog) -> np.ndarray:
        """Packed readings ``(b, n)`` to be believed: the very same array where all are."""
        b = self._bounds
        with np.errstate(invalid="ignore"):
            missing = ~((readings >= b.low) & (readings <= b.high))
            jumped = np.abs(readings - self._good) > b.jump + b.rate * (self._lost_for + self.step)
        stuck = self._stuck(readings)
        bad = missing | jumped
        bad[:, self._drivers.watched] |= stuck
        self._lost_for = np.where(bad, self._lost_for + self.step, 0.0)
        if not bad.any():
            self.failed[:], self.faulty[:] = False, False
            self._good = readings
            return readings
        held = np.where(bad, self._good, readings)
        self.faulty[:] = bad.any(axis=-1)
        self.failed[:] = (self._lost_for > self.hold).any(axis=-1)
        for row, k in np.argwhere(bad):
            self._note(audit, t, row, k, readings, held, missing, jumped)
        self._good = held
        return held

    def _stuck(self, readings: np.ndarray) -> np.ndarray:
        """Watched readings that have stood still for too long after their driver moved, ``(b, w)``."""
        values, driver = readings[:, self._drivers.watched], self._driver(readings)
        driver = np.where(np.isfinite(driver), driver, self._mean)
        mean = np.where(np.isfinite(self._mean), self._mean, driver)
        self._mean = mean + self.step / (self.step + FELT) * (driver - mean)
        same = values == self._last
        self._last = values
        both = np.stack([driver, self._mean])
        self._low = np.where(same, np.fmin(self._low, both), both)
        self._high = np.where(same, np.fmax(self._high, both), both)
        moved = (self._high - self._low > 1.0).all(axis=0)
        self._still = np.where(same & moved, self._still + self.step, 0.0)
        result: np.ndarray = self._still > STUCK
        return result

    def _driver(self, readings: np.ndarray) -> np.ndarray:
        """What drives the watched readings, one meaning moved enough, ``(b, w)``."""
        total = sum((readings[:, part].sum(axis=-1, keepdims=True) for part in self._heat), np.zeros((len(readings), 1)))
        driver: np.ndarray = np.hstack([readings, total])[:, self._drivers.driver] * self._drivers.scale
        return driver

    def _note(
        self, audit: AuditLog, t: float, row: int, k: int, readings: np.ndarray, held: np.ndarray, missing: np.ndarray, jumped: np.ndarray,
    ) -> None:  # fmt: skip
        read, used = float(readings[row, k]), float(held[row, k])
        unit = self._units[k]
        if not np.isfinite(read):
            cause, reason = "missing", f"reading missing, {_text(used, unit)} used"
        elif missing[row, k] or jumped[row, k]:
            cause, reason = "implausible", f"reading of {_text(read, unit)} not believed, {_text(used, unit)} used"
        else:
            cause, reason = "stuck", f"reading of {_text(read, unit)} has not moved for {STUCK / 60.0:.0f} min though its driver has: lost"
        audit.note(t, int(row), self._names[k], Kind.REPAIR, reason, read, used, cause=cause)


def _text(value: float, unit: str) -> str:
    return f"{value - ZERO_C:.2f} °C" if unit == "K" else f"{value:.4g} {unit}".removesuffix(" 1")
