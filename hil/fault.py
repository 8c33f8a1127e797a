"""One fault: what goes wrong, where, when and how much, checked against the plant that it is for.

====================  ========================================  =========================================================================
what                  where                                     size
====================  ========================================  =========================================================================
``noise``             reading                                   standard deviation, independent from step to step, unit of the reading
``bias``              reading                                   added, unit of the reading
``drift``             reading                                   added per hour since the begin, unit of the reading per hour
``stuck``             reading, actuator                         value at which it stands; without it, where it was at the begin
``spike``             reading                                   added to one sample, at the begin and then every ``every`` seconds
``dropout``           reading                                   share of samples that are missing (1)
``swapped``           reading, ``other``                        none: two sensors on each other's cables
``fail``              speed, fan, compressor; valve; count      none: stopped; position of a valve (closed); machines lost (all)
``slow``              speed, valve                              share of the stroke or ramp rate that is left
``delay``             actuator                                  dead time [s]
``fouling``           equipment                                 share of the conductance that is lost
``comms``             ``gateway``                               none: commands do not arrive, what is shown stands still
``power``             ``site``                                  share of the IT load that goes down with the cooling (0)
====================  ========================================  =========================================================================

Sizes are in site units (K, kPa, L/s, kW, shares). ``where`` names a signal, all of it, or one component of it, as in ``T_supply[3]``.
"""

import dataclasses
import enum
import math
from collections.abc import Sequence
from typing import Any

from lowlift.data.hints import hint
from lowlift.hil.fouling import can_foul, equipment
from lowlift.hil.machinery import Part, part_of
from lowlift.models.plant import Plant
from lowlift.models.signals import SignalInfo, SignalVector
from lowlift.sim.schedule_rows import unit_on_site


class What(enum.StrEnum):
    """Kinds of faults."""

    NOISE = "noise"
    BIAS = "bias"
    DRIFT = "drift"
    STUCK = "stuck"
    SPIKE = "spike"
    DROPOUT = "dropout"
    SWAPPED = "swapped"
    FAIL = "fail"
    SLOW = "slow"
    DELAY = "delay"
    FOULING = "fouling"
    COMMS = "comms"
    POWER = "power"


SENSOR = (What.NOISE, What.BIAS, What.DRIFT, What.STUCK, What.SPIKE, What.DROPOUT, What.SWAPPED)
"""What sensors suffer from; ``stuck`` concerns an actuator where there is no reading of that name."""
ACTUATOR = (What.STUCK, What.FAIL, What.SLOW, What.DELAY)
SIZED = {What.NOISE, What.BIAS, What.DRIFT, What.SPIKE, What.SLOW, What.DELAY, What.FOULING}
"""These have no size of their own."""
UNSIZED = {What.SWAPPED, What.COMMS}
GATEWAY, SITE = "gateway", "site"
UNPOWERED = {"chiller_plant": "its tower fan and condenser pump are no actuators of this plant and would run on"}
"""Kinds of plants that cannot show a power cut, and why."""
DELAY_MAX = 3600.0
"""Longest dead time [s]."""


class FaultError(ValueError):
    """A fault that does not fit the plant, or a schedule of faults that cannot be read; names the entry and the field."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault as people describe it; see the module's table."""

    what: What
    where: str
    begin: float = 0.0
    """Plant time from which it is in force [s]; ``from`` in files."""
    end: float = math.inf
    """Plant time at which it is over [s]; ``to`` in files."""
    size: float | None = None
    other: str = ""
    """The second sensor of ``swapped``."""
    every: float | None = None
    """Distance of further spikes [s]."""
    seed: int = 0
    by_hand: bool = False
    """Whether it waits to be switched, whatever its times."""
    name: str = ""
    """What it is called; kind and place where nothing is said."""

    @property
    def title(self) -> str:
        """Its name."""
        return self.name or f"{self.what.value} {self.where}"

    @property
    def words(self) -> str:
        """In one line."""
        size = "" if self.size is None else f" {self.size:g}"
        return f"{self.what.value} of {self.where}{' and ' + self.other if self.other else ''}{size}"

    @property
    def record(self) -> dict[str, Any]:
        """As files have it; :func:`fault_of` reads it."""
        said = {
            "name": self.title, "what": self.what.value, "where": self.where, "from": self.begin, "to": self.end, "size": self.size,
            "other": self.other, "every": self.every, "seed": self.seed,
            "by_hand": self.by_hand or None,
        }  # fmt: skip
        return {k: v for k, v in said.items() if v not in (None, "", math.inf)}


FIELDS: dict[str, type] = {
    "name": str, "what": str, "where": str, "from": float, "to": float, "size": float, "other": str, "every": float, "seed": int,
    "by_hand": bool,
}  # fmt: skip
"""Keys of an entry."""


def fault_of(record: Any, at: str) -> Fault:
    """The fault of an entry of a file; whether it fits a plant is for :func:`check`.

    Args:
        record: keys of :data:`FIELDS`.
        at: what the entry is called in errors.

    Raises:
        FaultError: a key is unknown, missing or of the wrong type.
    """
    if not isinstance(record, dict):
        raise FaultError(f'{at}: must be a table like {{ what = "bias", where = "T_supply[1]", size = 1.0 }}')
    for key in record:
        if key not in FIELDS:
            raise FaultError(f"{at}: unknown key {key!r}; {hint(key, FIELDS)}")
    for key in ("what", "where"):
        if key not in record:
            raise FaultError(f"{at}: {key} is missing")
    values = {key: _typed(value, FIELDS[key], f"{at}.{key}") for key, value in record.items()}
    kind = values.pop("what")
    if kind not in list(What):
        raise FaultError(f"{at}.what = {kind!r}: no such fault; {hint(kind, [w.value for w in What])}")
    renamed = {{"from": "begin", "to": "end"}.get(key, key): value for key, value in values.items()}
    return Fault(what=What(kind), **renamed)


def _typed(value: Any, wanted: type, at: str) -> Any:
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not wanted:
        raise FaultError(f"{at} = {value!r}: must be of type {wanted.__name__}")
    if isinstance(value, float) and not math.isfinite(value):
        raise FaultError(f"{at} = {value}: must be a finite number")
    return value


def check(fault: Fault, plant: Plant, at: str | None = None) -> Fault:
    """The fault itself, if the plant can have it.

    Raises:
        FaultError: names the field, its value and what it must be.
    """
    at = f"fault {fault.title!r}" if at is None else at
    if not fault.begin >= 0.0:
        raise FaultError(f"{at}.from = {fault.begin:g} s: must be at least 0")
    if not fault.end > fault.begin:
        raise FaultError(f"{at}.to = {fault.end:g} s: must be after from = {fault.begin:g} s")
    if fault.seed < 0:
        raise FaultError(f"{at}.seed = {fault.seed}: must be at least 0")
    if fault.size is None and fault.what in SIZED:
        raise FaultError(f"{at}.size is missing: {fault.what.value} needs one")
    if fault.size is not None and fault.what in UNSIZED:
        raise FaultError(f"{at}.size = {fault.size:g}: {fault.what.value} has no size")
    if bool(fault.other) != (fault.what is What.SWAPPED):
        raise FaultError(f"{at}.other = {fault.other!r}: swapped names a second sensor there, no other fault does")
    if fault.every is not None and (fault.what is not What.SPIKE or not fault.every > 0.0):
        raise FaultError(f"{at}.every = {fault.every:g} s: only spikes come again, after more than 0 s")
    _place(fault, plant, at)
    low, high, unit = _bounds(fault, plant)
    if fault.size is not None and not low <= fault.size <= high:
        shown = f"{fault.size:g} {unit}".strip()
        raise FaultError(f"{at}.size = {shown}: must lie between {low:g} and {high:g} for {fault.what.value} of {fault.where}")
    return fault


def _place(fault: Fault, plant: Plant, at: str) -> None:
    readings, actuators = plant.site.sheet.measurements, plant.actuators
    places: dict[What, list[str]] = {What.FOULING: list(can_foul(plant)), What.COMMS: [GATEWAY], What.POWER: [SITE]}
    if fault.what in places:
        known = places[fault.what]
        if fault.what is What.FOULING and not known and equipment(plant.site):
            raise FaultError(f"{at}.what = {fault.what.value!r}: the physics of {plant.site.name} are not open to it here")
    elif fault.what is What.STUCK:
        known = _names(readings, actuators)
    else:
        known = _names(readings if fault.what in SENSOR else actuators)
    for key, place in (("where", fault.where), *((("other", fault.other),) if fault.other else ())):
        if place not in known:
            raise FaultError(f"{at}.{key} = {place!r}: this plant has no {fault.what.value} there; "
                             f"{hint(place, known, where=f'lowlift describe {plant.site.name}')}")  # fmt: skip
    if fault.what is What.SWAPPED and len(columns(readings, fault.where)) != len(columns(readings, fault.other)):
        raise FaultError(f"{at}.other = {fault.other!r}: must have as many components as {fault.where}")
    if fault.what is What.SLOW and not math.isfinite(signal(actuators, fault.where).rate):
        raise FaultError(f"{at}.where = {fault.where!r}: has no stroke or ramp that could be slow")
    if fault.what is What.FAIL:
        part = part_of(signal(actuators, fault.where))
        if part is Part.PACKAGED:
            raise FaultError(f"{at}.where = {fault.where!r}: the setpoint of a packaged control cannot fail; it can be stuck")
        if part is Part.MACHINE and fault.size is not None:
            raise FaultError(f"{at}.size = {fault.size:g}: a machine that fails stands; it has no size")
    if fault.what is What.POWER and plant.site.kind in UNPOWERED:
        raise FaultError(f"{at}.where = {fault.where!r}: {UNPOWERED[plant.site.kind]}")


def _bounds(fault: Fault, plant: Plant) -> tuple[float, float, str]:
    """Least and largest size, and its unit."""
    if fault.what is What.DELAY:
        return 1e-3, DELAY_MAX, "s"
    if fault.what is What.FOULING:
        return 0.0, 0.99, ""
    if fault.what is What.SLOW:
        return 1e-3, 1.0, ""
    if fault.what in (What.DROPOUT, What.POWER, What.COMMS):
        return 0.0, 1.0, ""
    if fault.what is What.FAIL:
        return 0.0, signal(plant.actuators, fault.where).high, ""
    if is_actuator(fault, plant):
        s = signal(plant.actuators, fault.where)
        unit, factor, offset = unit_on_site(s.unit, s.high)
        least = s.low if part_of(s) is Part.PACKAGED else 0.0
        return least * factor - offset, s.high * factor - offset, unit.removeprefix("1")
    unit = unit_on_site(signal(plant.site.sheet.measurements, fault.where).unit, math.inf)[0].removeprefix("1")
    difference = unit if fault.what is What.STUCK else unit.replace("degC", "K")
    return 0.0 if fault.what is What.NOISE else -math.inf, math.inf, difference


def is_actuator(fault: Fault, plant: Plant) -> bool:
    """Whether it acts on positions, not on what is read; a reading and an actuator of one name: ``stuck`` is the machine's."""
    return fault.what in ACTUATOR and (fault.what is not What.STUCK or fault.where in _names(plant.actuators))


def signal(table: SignalVector, where: str) -> SignalInfo:
    """The signal of a name of it or of one of its components."""
    return next(s for s in table.signals if where == s.name or where in s.components())


def columns(table: SignalVector, where: str) -> list[int]:
    """Positions of a signal or of one of its components in its table."""
    part = table.slices.get(where)
    return list(range(part.start, part.stop)) if part is not None else [table.names.index(where)]


def _names(*tables: SignalVector) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in (*table.slices, *table.names)))


def unique(faults: Sequence[Fault]) -> tuple[Fault, ...]:
    """The same faults, if no two have one name.

    Raises:
        FaultError: two have.
    """
    seen: set[str] = set()
    for fault in faults:
        if fault.title in seen:
            raise FaultError(f"fault {fault.title!r}: the name is given twice; faults are switched by it")
        seen.add(fault.title)
    return tuple(faults)
