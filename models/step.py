"""The integrator of the liquid hall: single steps of :class:`~lowlift.models.scheme.Scheme`.

:meth:`Integrator.step` takes one step with new inputs, for closed loops. For many steps with held inputs, or thousands of plants, see
:mod:`lowlift.models.course`.
"""

import functools
from typing import Any

import numpy as np

from lowlift.models.buffered import Buffered
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.scheme import Scheme
from lowlift.thermal.ops import Signal

SMALL_BATCH = 48
"""Batches up to this size run through the compiled form."""


class Integrator:
    """Steps one plant model by ``h`` seconds.

    Two equal forms: NumPy batches, and the same algorithm as one CasADi function, which is faster for a handful of plants because it has
    no per-operation overhead.
    """

    def __init__(self, plant: LiquidHall, h: float) -> None:
        if not h > 0.0:
            raise ValueError(f"h = {h} s: must be above 0")
        self.plant = plant
        self.h = h
        self.scheme = Scheme(plant)

    def advance(self, x: Signal, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """One step of NumPy batches or CasADi columns; returns the new state and the mean :data:`lowlift.models.facility.FLUXES`."""
        scheme = self.scheme
        setting = scheme.setting(u)
        load = scheme.load(setting, u, d)
        after, fluxes = scheme.advance(scheme.enter(x, setting, load), setting, scheme.operator(setting, self.h), load)
        return scheme.leave(after, setting, load), fluxes

    def step(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Step a batch: ``x`` (b, nx), ``u`` (b, nu), ``d`` (b, nd); returns ``x1`` (b, nx) and mean fluxes (b, 8)."""
        x, u, d = np.atleast_2d(x), np.atleast_2d(u), np.atleast_2d(d)
        return self._step_compiled(x, u, d) if len(x) <= SMALL_BATCH else self.advance(x, u, d)

    @functools.cached_property
    def compiled(self) -> Any:
        """The step as one CasADi function ``(x, u, d) -> (x1, fluxes)``."""
        import casadi as ca

        p = self.plant
        x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", p.states), ("u", p.actuators), ("d", p.disturbances)))
        return ca.Function("step", [x, u, d], list(self.advance(x, u, d)), {"cse": True})

    @functools.cached_property
    def _buffered(self) -> Buffered:
        return Buffered(self.compiled)

    def _step_compiled(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x1, flux = self._buffered(x, u, d)
        return x1, flux
