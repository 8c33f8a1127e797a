"""Points of a plant, generated from its signal tables; nobody types a point list.

In this order, which addresses follow:

1. readings, under the names of the measurement table (``T_supply[1]``): a *feedback* where an actuator has the same name, else a *sensor*;
   electricity meters and water meters, under the columns of the plant's ledger (``P_cdu_pumps``);
2. setpoints in force (``T_supply_set[1].fbk``) and actuators that no reading shows (``y_crah.out``);
3. state of the served plant: supervision, heartbeat seen, time, alarms;
4. commands: setpoints (``T_supply_set[1].cmd``), then each actuator's mode (``y_fan.mode``) and hand value (``y_fan.hand``), then what
   concerns the supervisor.

``SI = (value + offset) / factor`` with the unit of :func:`lowlift.sim.schedule_rows.unit_on_site`, as in setpoint schedules.
"""

import dataclasses
import math
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from lowlift.controllers.envelope import fail_safe
from lowlift.controllers.interface import Measurement
from lowlift.controllers.operation import operation_of
from lowlift.controllers.plausible import RANGE
from lowlift.models.plant import Loads, Plant
from lowlift.models.signals import Role as SignalRole
from lowlift.models.signals import SignalInfo, SignalVector
from lowlift.sim.schedule_rows import unit_on_site
from lowlift.wire.point import Kind, Point, Role
from lowlift.wire.point_list import PointList, addressed

MODES = ("hand", "off", "auto")
"""Of an actuator, from one."""
HAND, OFF, AUTO = 1, 2, 3
SUPERVISION = ("alone", "supervised", "fail-safe")
"""Who decides the setpoints, from one: the commands as they stand; a supervisor whose heart beats; nobody, since it fell silent."""
ALONE, SUPERVISED, FAIL_SAFE = 1, 2, 3
HEARTBEAT_MAX = 65535.0
DIGITS = 6
"""Significant digits of bounds and defaults in site units."""
SPAN = 2.0
"""Range of a meter over the largest setpoint, or rated load, of what it measures [1]."""


def points_of(plant: Plant) -> PointList:
    """All points of a plant with their default addresses: equal site files give equal lists.

    Args:
        plant: the plant.
    """
    points = (*_readings(plant), *_meters(plant), *_in_force(plant), *_state(plant), *_setpoints(plant), *_actuators(plant), *_supervisor())
    return addressed(plant.site.name, plant.site.title, points)


def set_default(plant: Plant) -> np.ndarray:
    """Setpoints while nobody commands, SI, shape ``(n_set,)``: those of the plant's FixedSetpoint on its design day."""
    operation, table = operation_of(plant.site), plant.site.sheet.measurements
    rated = dict(operation.readings(plant.site).rated) | {"T_wb": plant.site.T_wb_design, "T_db": plant.site.T_db_design}
    values = table.unpack(np.asarray(table.pack({name: np.array([[value]]) for name, value in rated.items()})))
    controller = operation.controllers(plant.site)["FixedSetpoint"].make(plant, _no_loads)
    controller.reset(1)
    decision = controller.decide(Measurement(t=0.0, time=pd.Timestamp(0, tz="UTC"), values=values), None)
    setpoints = plant.site.sheet.setpoints
    result: np.ndarray = np.clip(decision.setpoints[0], setpoints.low, setpoints.high)
    return result


def _no_loads() -> Loads:
    raise NotImplementedError("fixed setpoints do not depend on the load of a run")


def _readings(plant: Plant) -> Iterator[Point]:
    for s in plant.site.sheet.measurements.signals:
        role = Role.FEEDBACK if s.name in plant.actuators else Role.SENSOR
        low, high = _range(plant, s)
        for name in s.components():
            if _is_binary(plant, s.name):
                yield Point(name=name, description=s.doc, kind=Kind.BINARY, role=role, unit="1", si_unit="1", low=0.0, high=1.0,
                            states=("off", "on"), signal=s.name)  # fmt: skip
            else:
                yield _analog(name, s.doc, role, s, low, high, signal=s.name, alarms=_alarm_limits(plant, s))


def _meters(plant: Plant) -> Iterator[Point]:
    sheet = plant.site.sheet
    for use in sheet.end_uses:
        s = SignalInfo(name=use.column, role=SignalRole.OUTPUT, unit="W", doc=f"electric power: {use.words}")
        yield _analog(use.column, s.doc, Role.SENSOR, s, 0.0, SPAN * plant.site.P_it_nominal, signal=use.column)
    for water in sheet.waters:
        s = SignalInfo(name=water, role=SignalRole.OUTPUT, unit="kg/s", doc=f"make-up water: {water}")
        yield _analog(water, s.doc, Role.SENSOR, s, 0.0, None, signal=water)


def _in_force(plant: Plant) -> Iterator[Point]:
    for s in plant.site.sheet.setpoints.signals:
        for name in s.components():
            yield _analog(f"{name}.fbk", f"{s.doc}, in force", Role.FEEDBACK, s, s.low, s.high, rate=s.rate, signal=s.name)
    readings = plant.site.sheet.measurements
    for s in plant.actuators.signals:
        if s.name not in readings:
            low, high = _range(plant, s)
            for name in s.components():
                yield _analog(f"{name}.out", f"{s.doc}, as it is", Role.FEEDBACK, s, low, high, rate=s.rate, signal=s.name)


def _state(plant: Plant) -> Iterator[Point]:
    yield Point(name="supervision.fbk", description="who decides the setpoints", kind=Kind.MULTISTATE, role=Role.FEEDBACK, unit="1",
                si_unit="1", low=1.0, high=float(len(SUPERVISION)), states=SUPERVISION, signal="supervision")  # fmt: skip
    yield Point(name="heartbeat.fbk", description="last heartbeat that the plant has seen", kind=Kind.ANALOG, role=Role.FEEDBACK, unit="1",
                si_unit="1", low=0.0, high=HEARTBEAT_MAX, whole=True, signal="heartbeat")  # fmt: skip
    yield Point(name="elapsed", description="plant time since the start of the run", kind=Kind.ANALOG, role=Role.SENSOR, unit="s",
                si_unit="s", low=0.0, signal="elapsed")  # fmt: skip
    alarms = {
        "fail_safe": "setpoints are at their fail-safe values", "readings": "a reading is not believed",
        "not_auto": "an actuator is in hand or off",
    } | {f"limit_{slug(limit.name)}": f"beyond the limit: {limit.name}" for limit in plant.site.sheet.limits}  # fmt: skip
    for key, doc in alarms.items():
        yield Point(name=f"alarm.{key}", description=doc, kind=Kind.BINARY, role=Role.SENSOR, unit="1", si_unit="1", low=0.0, high=1.0,
                    states=("normal", "alarm"), signal=f"alarm.{key}")  # fmt: skip


def _setpoints(plant: Plant) -> Iterator[Point]:
    table, rules = plant.site.sheet.setpoints, operation_of(plant.site).safety(plant.site)
    defaults, safe = set_default(plant), fail_safe(table, rules, np.full((1, 1), rules.T_dew))[0]
    k = 0
    for s in table.signals:
        for name in s.components():
            yield _analog(f"{name}.cmd", f"{s.doc}, asked for", Role.COMMAND, s, s.low, s.high, rate=s.rate, signal=s.name,
                          default=float(defaults[k]), fallback=float(safe[k]), feedback=f"{name}.fbk")  # fmt: skip
            k += 1


def _actuators(plant: Plant) -> Iterator[Point]:
    readings, begin = plant.site.sheet.measurements, plant.initial_actuators()
    k = 0
    for s in plant.actuators.signals:
        for name in s.components():
            shown = name if s.name in readings else f"{name}.out"
            yield Point(name=f"{name}.mode", description=f"{s.doc}: hand, off or auto", kind=Kind.MULTISTATE, role=Role.MODE, unit="1",
                        si_unit="1", low=1.0, high=float(len(MODES)), default=float(AUTO), writable=True, whole=True, states=MODES,
                        signal=s.name, feedback=shown)  # fmt: skip
            doc = f"{s.doc}, in hand"
            if _is_binary(plant, s.name):
                yield Point(name=f"{name}.hand", description=doc, kind=Kind.BINARY, role=Role.COMMAND, unit="1", si_unit="1", low=0.0,
                            high=1.0, default=float(begin[k]), writable=True, whole=True, states=("off", "on"), signal=s.name,
                            feedback=shown)  # fmt: skip
            else:
                yield _analog(f"{name}.hand", doc, Role.COMMAND, s, s.low, s.high, rate=s.rate, signal=s.name, default=float(begin[k]),
                              feedback=shown, whole=_is_count(s.name))  # fmt: skip
            k += 1


def _supervisor() -> Iterator[Point]:
    yield Point(name="heartbeat.cmd", description="counter that a supervisor keeps moving; 0 hands the plant back to its defaults",
                kind=Kind.ANALOG, role=Role.COMMAND, unit="1", si_unit="1", low=0.0, high=HEARTBEAT_MAX, default=0.0, writable=True,
                whole=True, signal="heartbeat", feedback="heartbeat.fbk")  # fmt: skip
    yield Point(name="remote_enable.cmd", description="whether setpoint commands are obeyed; else the defaults hold", kind=Kind.BINARY,
                role=Role.COMMAND, unit="1", si_unit="1", low=0.0, high=1.0, default=1.0, writable=True, whole=True,
                states=("local", "remote"), signal="remote_enable", feedback="supervision.fbk")  # fmt: skip


def _analog(
    name: str, doc: str, role: Role, s: SignalInfo, low: float | None, high: float | None, *, signal: str, rate: float = math.inf,
    default: float | None = None, fallback: float | None = None, feedback: str = "", whole: bool = False,
    alarms: tuple[float | None, float | None] = (None, None),
) -> Point:  # fmt: skip
    """An analog point from SI values of its signal."""
    unit, factor, offset = unit_on_site(s.unit, math.inf if high is None else high)
    bare = Point(name=name, description=doc, kind=Kind.ANALOG, role=role, unit=unit, si_unit=s.unit, factor=factor, offset=offset)

    def site(value: float | None) -> float | None:
        return None if value is None else rounded(bare.from_si(value))

    return dataclasses.replace(
        bare, low=site(low), high=site(high), alarm_low=site(alarms[0]), alarm_high=site(alarms[1]),
        rate_per_min=rounded(rate * factor * 60.0) if math.isfinite(rate) else None, default=site(default), fallback=site(fallback),
        writable=role is Role.COMMAND, whole=whole, signal=signal, feedback=feedback,
    )  # fmt: skip


def _range(plant: Plant, s: SignalInfo) -> tuple[float | None, float | None]:
    """What a reading or position can show, SI; none where nobody knows. Machines that are off read below the least of their range."""
    tables: tuple[SignalVector, ...] = (plant.actuators, plant.disturbances)
    for table in tables:
        for known in table.signals:
            if known.name == s.name and s.unit != "W":
                return (0.0 if known.unit == "1" else known.low), known.high
    for known in plant.site.sheet.setpoints.signals:
        if known.unit == s.unit != "K" and (known.name == f"{s.name}_set" or (s.unit == "Pa" and s.name.startswith("dp_"))):
            return (-SPAN * known.high if s.unit == "Pa" else 0.0), SPAN * known.high
    if s.unit == "K":
        return RANGE
    if s.unit == "W":
        return 0.0, SPAN * plant.site.P_it_nominal
    return (0.0, 1.0) if s.unit == "1" else (None, None)


def _alarm_limits(plant: Plant, s: SignalInfo) -> tuple[float | None, float | None]:
    """Limits of the site that are numbers, SI, lowest and highest; what follows another reading has its alarm point only."""
    bounds: dict[bool, list[float]] = {False: [], True: []}
    for limit in plant.site.sheet.limits:
        if limit.signal == s.name and isinstance(limit.bound, float):
            bounds[limit.upper].append(limit.bound)
    return max(bounds[False], default=None), min(bounds[True], default=None)


def _is_count(name: str) -> bool:
    return name.startswith("n_")


def _is_binary(plant: Plant, name: str) -> bool:
    """Whether a signal is one machine that runs or not."""
    return _is_count(name) and name in plant.actuators and all(
        (s.low, s.high) == (0.0, 1.0) for s in plant.actuators.signals if s.name == name
    )  # fmt: skip


def rounded(value: float) -> float:
    """A number with :data:`DIGITS` significant digits.

    >>> rounded(81.56038308), rounded(39.999999999999)
    (81.5604, 40.0)
    """
    return float(f"{value:.{DIGITS}g}")


def slug(words: str) -> str:
    """Words as part of a name.

    >>> slug("secondary supply, highest")
    'secondary_supply_highest'
    """
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
