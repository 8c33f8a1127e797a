"""What stands behind an actuator: a machine that stops without power, a valve that stays where it is, a number of machines, a setpoint."""

import enum

from lowlift.models.signals import SignalInfo


class Part(enum.Enum):
    """Kinds of actuators."""

    MACHINE = "machine"
    """Speed of a pump, fan or compressor: stops at once without power."""
    VALVE = "valve"
    """Opening of a valve or damper, wetted share of a pad: its drive stays where it is without power."""
    COUNT = "count"
    """Machines that run."""
    PACKAGED = "packaged"
    """Setpoint that a packaged control keeps."""


def part_of(s: SignalInfo) -> Part:
    """What an actuator moves, from the naming of the signal tables.

    >>> from lowlift.models.signals import Role
    >>> part_of(SignalInfo(name="y_fan", role=Role.ACTUATOR, unit="1", doc="")).value
    'machine'
    """
    if s.name.startswith("n_"):
        return Part.COUNT
    if s.unit == "K":
        return Part.PACKAGED
    return Part.MACHINE if s.name.startswith("y_") and s.name != "y_damper" else Part.VALVE
