"""Hand, off, auto: what each actuator's station lets through.

In auto an actuator follows the regulatory layer. In hand it goes to its hand value, at its stroke or ramp rate. Off stops it: machines and
valves run down to :data:`STOPPED`, counts go to zero, a setpoint that a packaged control keeps goes to its warmest. Loops in velocity form
start from the actuators as they are, so that the way back to auto is bumpless. Interlocks come after the station.
"""

import numpy as np

from lowlift.models.signals import SignalVector
from lowlift.wire.points import AUTO, HAND, OFF

STOPPED = 1e-3
"""Speed or opening of what is off: leaks and draught. No relation has to divide by zero flow for it [1]."""


def stopped(table: SignalVector) -> np.ndarray:
    """Actuators that are off, shape ``(nu,)``."""
    parts = []
    for s in table.signals:
        value = 0.0 if s.name.startswith("n_") else s.high if s.unit == "K" else STOPPED
        parts.append(np.full(s.size, value))
    return np.concatenate(parts)


class Stations:
    """The stations of all actuators of one plant.

    Args:
        table: actuators of the plant.
        step: plant step [s].
    """

    def __init__(self, table: SignalVector, step: float) -> None:
        self.reach = table.rate * step
        self.stopped = stopped(table)

    def apply(self, u: np.ndarray, asked: np.ndarray, mode: np.ndarray, hand: np.ndarray) -> np.ndarray:
        """Actuators of the next step.

        Args:
            u: as they are, ``(1, nu)``.
            asked: by the regulatory layer, ``(1, nu)``.
            mode: one of :data:`MODES`, ``(nu,)``.
            hand: values in hand, SI, ``(nu,)``.
        """
        if (mode == AUTO).all():
            return asked
        forced = np.where(mode == HAND, hand, self.stopped)
        moved = np.clip(forced, u - self.reach, u + self.reach)
        return np.where(mode == AUTO, asked, moved)


__all__ = ["AUTO", "HAND", "OFF", "STOPPED", "Stations", "stopped"]
