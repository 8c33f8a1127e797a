"""One point of a plant as integrators see it: name, kind, role, unit, range, and which values it takes."""

import dataclasses
import enum
import math
from typing import Any


class Kind(enum.StrEnum):
    """What values a point has."""

    ANALOG = "analog"
    BINARY = "binary"
    """0 or 1."""
    MULTISTATE = "multistate"
    """Whole numbers from one; :attr:`Point.states` names them."""


class Role(enum.StrEnum):
    """What a point is for."""

    SENSOR = "sensor"
    """What the plant measures or reports."""
    FEEDBACK = "feedback"
    """What is really in force: position of an actuator, setpoint after ramps and protection."""
    COMMAND = "command"
    """What somebody asks for."""
    MODE = "mode"
    """Hand, off, auto of an actuator."""


class Refusal(enum.StrEnum):
    """Why a value is not taken; protocols have codes of their own for these."""

    UNKNOWN_POINT = "unknown point"
    READ_ONLY = "read-only"
    NOT_A_NUMBER = "not a number"
    WRONG_TYPE = "wrong type"
    OUT_OF_RANGE = "out of range"
    PRIORITY = "no such priority"
    OUT_OF_SERVICE = "out of service"
    """The plant has failed: nothing moves any more."""
    DENIED = "denied"
    """By the other side, for a reason of its own."""


class RefusedError(ValueError):
    """A write is refused: nothing has changed."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        self.refusal = refusal
        super().__init__(message)


ROUNDING = 1e-6
"""Relative difference that is no difference: values travel as float32, bounds are shown with six digits."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Point:
    """One point. All numbers are in :attr:`unit`, the site's; ``SI = (value + offset) / factor``."""

    name: str
    """Unique and stable: name of the signal's component, and what it is of it where it is no reading, like ``.cmd`` or ``.mode``."""
    description: str
    kind: Kind
    role: Role
    unit: str
    si_unit: str
    factor: float = 1.0
    offset: float = 0.0
    low: float | None = None
    """Least value; none where nothing is known. Commands always have both bounds."""
    high: float | None = None
    alarm_low: float | None = None
    """Limit of the site below which a reading is in alarm; none where there is none, or where it follows another reading."""
    alarm_high: float | None = None
    """The same above."""
    rate_per_min: float | None = None
    """Fastest change of what is in force; none where it may change at once."""
    default: float | None = None
    """Of a command: the value while nobody commands."""
    fallback: float | None = None
    """Of a setpoint: the value when the supervisor falls silent, before the dew point lifts it."""
    writable: bool = False
    whole: bool = False
    """Whether only whole numbers are taken, as for counts of machines."""
    states: tuple[str, ...] = ()
    """Names of the states: of 0 and 1 where binary, from 1 where multistate."""
    signal: str = ""
    """Signal of the plant's tables, or key of the served plant, that it shows or moves."""
    feedback: str = ""
    """Of a command or mode: the point that shows what has become of it."""

    def to_si(self, value: float) -> float:
        """Site unit to SI."""
        return (value + self.offset) / self.factor

    def from_si(self, value: float) -> float:
        """SI to site unit."""
        return value * self.factor - self.offset

    def accept(self, value: Any) -> float:
        """The value as it is kept, or why it is not.

        Differences to a bound by the rounding of float32 are taken for the bound itself; anything farther is refused, never clipped.

        Raises:
            RefusedError: the point is read-only, or the value is no number, of the wrong type or out of range.
        """
        if not self.writable:
            raise RefusedError(Refusal.READ_ONLY, f"{self.name} is a {self.role.value} and cannot be written")
        if isinstance(value, str | bytes) or not hasattr(value, "__float__"):
            raise RefusedError(Refusal.WRONG_TYPE, f"{self.name} = {value!r}: must be a number, not {type(value).__name__}")
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        try:
            number = float(value)
        except OverflowError as error:
            words = f"{self.name}: a number that no computer holds; must lie between {low:.7g} and {high:.7g}"
            raise RefusedError(Refusal.OUT_OF_RANGE, words) from error
        shown = f"{self.name} = {number:.7g} {self.unit}".removesuffix(" 1")
        if not math.isfinite(number):
            raise RefusedError(Refusal.NOT_A_NUMBER, f"{shown}: must be a finite number")
        if (self.whole or self.kind is not Kind.ANALOG) and number != round(number):
            raise RefusedError(Refusal.WRONG_TYPE, f"{shown}: must be a whole number")
        if low <= number <= high:
            return number
        near = ROUNDING * max(abs(v) for v in (low, high, 1e-3) if math.isfinite(v))
        if low - near <= number <= high + near:
            return min(max(number, low), high)
        raise RefusedError(Refusal.OUT_OF_RANGE, f"{shown}: must lie between {low:.7g} and {high:.7g}")
