"""The plant inside an FMU of the ``python`` form: what its script calls, in the Python of the machine that runs it.

Same variables, modes and steps as the compiled form (``fmu_core.c``); the step is the plant's own integrator.
"""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.hil.fmu_layout import Variable, layout, outputs_of
from lowlift.models import load
from lowlift.models.plant import Stepper


class PlantInside:
    """Values of all variables by reference, and the steps.

    Args:
        slave: the object of PythonFMU3 that registers variables.
        site: a packaged site or a site file.
    """

    def __init__(self, slave: Any, site: str | Path) -> None:
        self.plant = load(site, check=False)
        self.variables: tuple[Variable, ...] = layout(self.plant)
        self.values = np.array([0.0 if v.start is None else v.start for v in self.variables])
        sizes = [1, 1, self.plant.actuators.size, self.plant.disturbances.size, self.plant.states.size]
        edges = np.cumsum([*sizes, len(self.variables) - sum(sizes)])
        self._time, self._step_max = slice(0, 1), slice(1, 2)
        self._u, self._d, self._x, self._y = (slice(int(a), int(b)) for a, b in itertools.pairwise(edges[1:]))
        self._running = False
        self._fresh = False
        self._stepped = False
        self._steppers: dict[float, Stepper] = {}
        self._register(slave)

    def _register(self, slave: Any) -> None:
        from pythonfmu3 import Float64, Fmi3Causality, Fmi3Variability

        for v in self.variables:
            variability = Fmi3Variability.fixed if v.causality == "parameter" else Fmi3Variability.continuous
            slave.register_variable(
                Float64(v.name, causality=getattr(Fmi3Causality, v.causality), variability=variability,
                        getter=lambda k=v.reference: self.get(k), setter=lambda value, k=v.reference: self.set(k, value)),
                nested=False,
            )  # fmt: skip

    def get(self, reference: int) -> float:
        """Value of one variable; before the first step outputs belong to the instant."""
        if not self._running and not self._fresh and reference >= self._y.start:
            self._refresh()
        return float(self.values[reference])

    def set(self, reference: int, value: float) -> None:
        """Set one variable.

        Raises:
            ValueError: it is an output or time, is set too late, or the value is not finite.
        """
        v = self.variables[reference]
        if v.causality in ("independent", "output") or (v.causality != "input" and self._running):
            raise ValueError(f"{v.name} cannot be set {'after initialisation' if v.causality in ('parameter', 'local') else ''}")
        if not math.isfinite(value) or (v.causality == "parameter" and not value > 0.0):
            raise ValueError(f"{v.name} = {value} {v.unit}: must be finite{', above 0' if v.causality == 'parameter' else ''}")
        self.values[reference] = value
        self._fresh = False

    def ready(self) -> None:
        """Initialisation ends."""
        self._refresh()
        self._running = True

    def step(self, t: float, h: float) -> None:
        """Equal steps of at most ``step_max``, inputs held, fluxes averaged.

        Raises:
            ValueError: ``t`` is not where the last step ended, or ``h`` is not above 0.
            ArithmeticError: the states leave the range of the equations; they stay as they were.
        """
        if not self._stepped:  # PythonFMU3 keeps the start time to itself
            self.values[self._time] = t
        self._stepped, now = True, float(self.values[0])
        if abs(t - now) > 1e-9 * (1.0 + abs(now) + abs(h)) or not h > 0.0:
            raise ValueError(f"step from {t} s by {h} s: the last one ended at {now} s, and steps must be above 0")
        n = max(math.ceil(h / float(self.values[1]) - 1e-9), 1)
        stepper = self._steppers.setdefault(h / n, self.plant.integrator(h / n))
        x, u, d = (self.values[None, part] for part in (self._x, self._u, self._d))
        total: Any = 0.0
        for _ in range(n):
            x, fluxes = stepper.step(x, u, d)
            total = total + fluxes / n
        if not np.isfinite(x).all():
            raise ArithmeticError(f"the step from {t} s by {h} s leaves the range of the equations")
        self.values[self._x] = x[0]
        self._put_out(np.asarray(total)[0])
        self.values[self._time] = t + h

    def _refresh(self) -> None:
        x, u, d = (self.values[part] for part in (self._x, self._u, self._d))
        self._put_out(np.asarray(outputs_of(self.plant).fluxes(x, u, d)).ravel())
        self._fresh = True

    def _put_out(self, fluxes: np.ndarray) -> None:
        x, u, d = (self.values[part] for part in (self._x, self._u, self._d))
        self.values[self._y] = np.asarray(outputs_of(self.plant).function(x, u, d, fluxes)).ravel()
