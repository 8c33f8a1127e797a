"""Faults of sensors: what is read of what is true. The plant never feels them; it is told by controllers that believe them.

The same object serves the closed loop, as its hook on the readings::

    simulate(plant, scenario, runs, disturb=SensorFaults(plant, [Fault(what=What.BIAS, where="T_supply[3]", begin=900.0, size=-2.0)]))

and the served plant, whose :class:`lowlift.hil.faults.Faults` switches them. Faults act in the order in which they are given: noise on a
stuck reading moves it, a stuck noisy reading stands. Random ones are drawn from seed, place and time alone, so that a run that goes on from
a snapshot, or is replayed, draws the same.
"""

import math
import zlib
from collections.abc import Sequence

import numpy as np

from lowlift.hil.fault import SENSOR, Fault, What, check, columns, is_actuator, unique
from lowlift.models.plant import Plant
from lowlift.wire.point_list import PointList
from lowlift.wire.points import points_of

HOUR = 3600.0
CLOSE = 1e-6
"""Times that differ by less are one [s]: steps are added up in floating point."""


class SensorFaults:
    """Applies faults to readings, of one plant or a batch.

    Args:
        plant: the plant.
        schedule: faults with their times; those that are no faults of sensors are refused.
        points: where site units come from; the plant's own list if not given.

    Raises:
        FaultError: a fault does not fit the plant.
    """

    def __init__(self, plant: Plant, schedule: Sequence[Fault] = (), points: PointList | None = None) -> None:
        self.table = plant.site.sheet.measurements
        self.points = points_of(plant) if points is None else points
        self.schedule = unique([check(fault, plant) for fault in schedule])
        for fault in self.schedule:
            if fault.what not in SENSOR or is_actuator(fault, plant):
                raise ValueError(f"fault {fault.title!r} is none of a sensor: the readings alone cannot show it")
        self._held: dict[str, np.ndarray] = {}
        self._before = -math.inf

    def __call__(self, t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Readings by name, each ``(b, n)``, as sensors show them at ``t`` [s]: the hook of the closed loop."""
        shown = self.read(t, np.asarray(self.table.pack(readings)), [f for f in self.schedule if in_force(f, t)])
        return self.table.unpack(shown)

    def read(self, t: float, true: np.ndarray, faults: Sequence[Fault]) -> np.ndarray:
        """Packed readings ``(b, n)`` as sensors show them under the faults that are in force at ``t`` [s]; the very same array without."""
        shown = true.copy() if faults else true
        for fault in faults:
            at = columns(self.table, fault.where)
            shown[:, at] = self._shown(t, fault, shown, at)
        self._held = {title: value for title, value in self._held.items() if title in {f.title for f in faults}}
        self._before = t
        return shown

    def _shown(self, t: float, fault: Fault, values: np.ndarray, at: list[int]) -> np.ndarray:
        own = values[:, at]
        point = self.points[self.table.names[at[0]]]
        size = 0.0 if fault.size is None else fault.size / point.factor
        match fault.what:
            case What.NOISE:
                return own + size * _random(fault, t).standard_normal(own.shape)
            case What.BIAS:
                return own + size
            case What.DRIFT:
                return own + size * (t - fault.begin) / HOUR
            case What.SPIKE:
                return own + (size if self._spikes(t, fault) else 0.0)
            case What.DROPOUT:
                lost = _random(fault, t).random(own.shape) < (1.0 if fault.size is None else fault.size)
                return np.where(lost, np.nan, own)
            case What.STUCK if fault.size is not None:
                return np.full_like(own, point.to_si(fault.size))
            case What.STUCK:
                return self._held.setdefault(fault.title, own.copy())
            case _:
                # Swapped: the first takes the second's here, the second takes the first's.
                other = columns(self.table, fault.other)
                theirs = values[:, other].copy()
                values[:, other] = own
                return theirs

    def _spikes(self, t: float, fault: Fault) -> bool:
        """Whether a spike falls between the sample before and this one."""
        if fault.every is None or not math.isfinite(self._before):
            return self._before < fault.begin - CLOSE
        now, before = (math.floor((at - fault.begin + CLOSE) / fault.every) for at in (t, self._before))
        return now > before


def in_force(fault: Fault, t: float) -> bool:
    """Whether a fault is in force at plant time ``t`` [s]: from its begin on, at its end no more."""
    return not fault.by_hand and fault.begin - CLOSE <= t < fault.end - CLOSE


def _random(fault: Fault, t: float) -> np.random.Generator:
    return np.random.default_rng([fault.seed, zlib.crc32(fault.where.encode()), zlib.crc32(fault.what.encode()), round(1e3 * t)])
